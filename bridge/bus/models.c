// SPDX-License-Identifier: MIT
#include "bus/models.h"

#include <stdio.h>

enum { LAST_ABOUT_REGISTERS = 4 }; // exceptions 1..4; the others are about the moment

static enum fault read_words(struct line *line, struct unit *unit, uint16_t address,
                             struct answer *ret_answer)
{
    const struct request request = {
        .unit_id = line_unit_id(unit, NO_INDEX),
        .function = pdu_read_function(TABLE_HOLDING),
        .address = address,
        .count = SUNSPEC_READ_COUNT,
    };
    enum fault fault = line_transact(line, unit, &request, ret_answer);
    bool may_be_chance = fault == FAULT_TIMEOUT || fault == FAULT_GARBLED;
    if (may_be_chance && unit->health.state == HEALTH_ONLINE)
        fault = line_transact(line, unit, &request, ret_answer);
    return fault;
}

static enum fault take_refusal(struct sunspec_walk *walk, uint8_t exception)
{
    // A gateway's word for a unit that does not answer is no sign of its life.
    if (exception_kind(exception) == EXCEPTION_SILENCE)
        return FAULT_TIMEOUT;
    if (exception > LAST_ABOUT_REGISTERS)
        return FAULT_EXCEPTION;
    sunspec_refuse(walk, exception);
    return FAULT_NONE;
}

static enum fault read_chain(struct line *line, struct unit *unit, struct sunspec_walk *walk)
{
    uint64_t serial = 0; // of the connection the walk began on
    while (walk->state == SUNSPEC_READ) {
        struct answer answer;
        enum fault fault = read_words(line, unit, walk->address, &answer);
        if (fault == FAULT_EXCEPTION)
            fault = take_refusal(walk, answer.exception);
        else if (fault == FAULT_NONE)
            sunspec_take(walk, answer.words);
        if (fault != FAULT_NONE)
            return fault;
        // Half a chain of one connection and half of the next would be no chain.
        if (serial && serial != line->link_serial)
            return FAULT_LINK;
        serial = line->link_serial;
    }
    return walk->state == SUNSPEC_DONE ? FAULT_NONE : FAULT_IDENTITY;
}

enum fault models_read_chain(struct line *line, struct unit *unit, const uint16_t *bases,
                             size_t base_count, struct sunspec_walk *ret_walk)
{
    sunspec_begin(ret_walk, bases, base_count);
    return read_chain(line, unit, ret_walk);
}

enum fault models_walk(struct line *line, struct unit *unit, char *ret_text, size_t size)
{
    const struct map *map = unit->device->map;
    const struct modbus_settings *modbus = &unit->device->modbus;
    struct sunspec_walk walk;
    struct sunspec_places places;
    ret_text[0] = '\0';
    enum fault fault =
        models_read_chain(line, unit, modbus->sunspec, modbus->sunspec_count, &walk);
    if (fault == FAULT_IDENTITY)
        (void)snprintf(ret_text, size, "%s", walk.text);
    if (fault != FAULT_NONE)
        return fault;
    sunspec_find(&walk.chain, map->models, map->model_count, &places);
    image_set_models(unit->image, &places);
    return FAULT_NONE;
}

bool models_resolve(const struct unit *unit, uint8_t model, struct request *request)
{
    const struct block block = {
        .table = TABLE_HOLDING,
        .model = model,
        .address = request->address,
        .count = request->count,
    };
    uint16_t address = 0;
    uint16_t count = 0;
    if (model == SUNSPEC_NONE)
        return true;
    if (!image_place(unit->image, &block, &address, &count) || count != request->count)
        return false;
    request->address = address;
    return true;
}
