// SPDX-License-Identifier: MIT
#include "sim/device.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sim/behaviour.h"
#include "sim/nameplate.h"
#include "sim/start.h"

struct sim_device {
    int index;
    int unit_id;
    struct bank *bank;
    struct entries *entries;
    struct behaviour *behaviour;
    struct simulation simulation; // the map's, without noise when values were given
};

static int set_start(struct sim_device *device, const struct sim_device_settings *settings,
                     struct error *err)
{
    start_plausible(device->entries);
    if (settings->map->simulation) {
        struct device_values own = {.values = settings->map->simulation->values,
                                    .value_count = settings->map->simulation->value_count};
        if (start_given(device->entries, &own, err))
            return -1;
    }
    return settings->given ? start_given(device->entries, settings->given, err) : 0;
}

// What a values file says wins over the map.
static const struct given_chain *find_chain(const struct sim_device_settings *settings)
{
    if (settings->given && settings->given->chain)
        return settings->given->chain;
    return settings->map->simulation ? settings->map->simulation->chain : NULL;
}

int sim_device_new(const struct sim_device_settings *settings, int64_t now_ms,
                   struct sim_device **ret_device, struct error *err)
{
    struct sim_device *device = mem_new(1, sizeof *device);
    device->index = settings->index;
    device->unit_id = settings->unit_id;
    device->bank = bank_new(settings->map, settings->modbus, settings->unit_id);
    const struct given_chain *chain = find_chain(settings);
    if (chain)
        bank_lay_chain(device->bank, chain);
    device->entries = entries_new(device->bank, settings->modbus);
    if (set_start(device, settings, err)) {
        err->code = ERROR_CONFIG;
        sim_device_free(device);
        return -1;
    }
    if (settings->map->simulation)
        device->simulation = *settings->map->simulation;
    if (settings->given)
        device->simulation.noise_count = 0;
    device->behaviour =
        behaviour_new(&device->simulation, device->entries, settings->seed, now_ms);
    *ret_device = device;
    return 0;
}

void sim_device_free(struct sim_device *device)
{
    if (!device)
        return;
    behaviour_free(device->behaviour);
    entries_free(device->entries);
    bank_free(device->bank);
    free(device);
}

int sim_device_index(const struct sim_device *device)
{
    return device->index;
}

struct entries *sim_device_entries(struct sim_device *device)
{
    return device->entries;
}

bool sim_device_has_unit(const struct sim_device *device, uint8_t unit_id)
{
    return device->unit_id == unit_id || bank_has_unit(device->bank, unit_id);
}

bool sim_device_has_any_unit(const struct sim_device *device)
{
    return device->unit_id == NO_INDEX;
}

// Requests pack 16 bits a word; the bank has one word a bit.
static void unpack_bits(const uint16_t *packed, uint16_t count, uint16_t *ret_words)
{
    for (uint16_t i = 0; i < count; i++)
        ret_words[i] = (packed[i / 16] >> (i % 16)) & 1;
}

static void pack_bits(const uint16_t *words, uint16_t count, uint16_t *ret_packed)
{
    for (uint16_t i = 0; i < count; i++) {
        if (i % 16 == 0)
            ret_packed[i / 16] = 0;
        ret_packed[i / 16] |= (uint16_t)((words[i] & 1) << (i % 16));
    }
}

static void read_span(const struct sim_device *device, int unit, struct span span,
                      struct answer *answer)
{
    uint16_t bits[MAX_READ_BITS];
    if (!table_is_bits(span.table)) {
        answer->exception = (uint8_t)bank_read(device->bank, unit, span, answer->words);
        return;
    }
    answer->exception = (uint8_t)bank_read(device->bank, unit, span, bits);
    if (!answer->exception)
        pack_bits(bits, span.count, answer->words);
}

// A refused write leaves everything as it was.
static void write_span(struct sim_device *device, int unit, struct span span,
                       const struct request *request, struct answer *answer, int64_t now_ms)
{
    uint16_t old[MAX_READ_BITS];
    uint16_t words[MAX_READ_BITS];
    for (uint16_t i = 0; i < span.count; i++)
        old[i] = bank_word(device->bank, unit, span.table, (uint16_t)(span.address + i));
    if (table_is_bits(span.table)) {
        unpack_bits(request->words, span.count, words);
        answer->exception = (uint8_t)bank_write(device->bank, unit, span, words);
    } else {
        answer->exception = (uint8_t)bank_write(device->bank, unit, span, request->words);
    }
    if (answer->exception)
        return;
    answer->exception = behaviour_refusal(device->behaviour, unit, span);
    if (answer->exception)
        (void)bank_write(device->bank, unit, span, old);
    else
        behaviour_written(device->behaviour, unit, span, now_ms);
}

static void serve_request(struct sim_device *device, const struct request *request,
                          struct answer *answer, int64_t now_ms)
{
    const struct pdu_function *function = pdu_find_function(request->function);
    if (function->is_list) {
        nameplate_answer(bank_map(device->bank), request, answer);
        return;
    }
    struct span span = {function->table, request->address, request->count, SUNSPEC_NONE};
    bool is_other =
        request->unit_id != device->unit_id && bank_has_unit(device->bank, request->unit_id);
    int unit = is_other ? request->unit_id : BANK_OWN_UNIT;
    answer->count = request->count;
    if (function->is_write)
        write_span(device, unit, span, request, answer, now_ms);
    else
        read_span(device, unit, span, answer);
}

size_t sim_device_answer(struct sim_device *device, uint8_t unit_id, const uint8_t *pdu,
                         size_t length, int64_t now_ms, uint8_t ret_pdu[MAX_PDU])
{
    struct request request;
    struct answer answer = {0};
    sim_device_step(device, now_ms);
    if (sim_device_is_away(device, now_ms))
        return 0;
    answer.exception = pdu_parse_request(unit_id, pdu, length, &request);
    if (!answer.exception)
        serve_request(device, &request, &answer, now_ms);
    return pdu_build_response(&request, &answer, ret_pdu);
}

void sim_device_step(struct sim_device *device, int64_t now_ms)
{
    behaviour_step(device->behaviour, now_ms);
}

int64_t sim_device_next(const struct sim_device *device)
{
    return behaviour_next(device->behaviour);
}

bool sim_device_is_away(const struct sim_device *device, int64_t now_ms)
{
    return behaviour_is_silent(device->behaviour, now_ms);
}

bool sim_device_take_close(struct sim_device *device)
{
    return behaviour_take_close(device->behaviour);
}
