// SPDX-License-Identifier: MIT
#include "sim/faults.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time_units.h"

enum {
    FAR_TRANSACTION = 0x8000, // an id that no request near this one has
};

struct faults {
    const struct fault_script *script; // NULL: none
    int64_t since_us;
    uint64_t random;
    uint32_t *met; // requests that a rule concerned, one a rule
};

struct faults *faults_new(uint64_t seed)
{
    struct faults *faults = mem_new(1, sizeof *faults);
    faults->random = seed ? seed : 1;
    return faults;
}

void faults_free(struct faults *faults)
{
    if (!faults)
        return;
    free(faults->met);
    free(faults);
}

void faults_take(struct faults *faults, const struct fault_script *script, int64_t now_us)
{
    free(faults->met);
    faults->met = script && script->count ? mem_new(script->count, sizeof *faults->met) : NULL;
    faults->script = script;
    faults->since_us = now_us;
    if (script && script->has_seed)
        faults->random = script->seed ? script->seed : 1;
}

// xorshift64*.
static uint64_t draw(struct faults *faults)
{
    faults->random ^= faults->random >> 12;
    faults->random ^= faults->random << 25;
    faults->random ^= faults->random >> 27;
    return faults->random * 0x2545F4914F6CDD1DULL;
}

// 0 .. limit - 1.
static size_t draw_below(struct faults *faults, size_t limit)
{
    return limit ? (size_t)((draw(faults) >> 32) % limit) : 0;
}

static bool happens(struct faults *faults, double chance)
{
    return chance >= 1 || (double)(draw(faults) >> 11) / (double)(1ULL << 53) < chance;
}

static bool is_there(const struct faults *faults, const struct fault_rule *rule, int64_t now_us)
{
    int64_t passed_us = now_us - faults->since_us - rule->from_ms * US_PER_MS;
    if (passed_us < 0)
        return false;
    if (rule->every_ms)
        passed_us %= rule->every_ms * US_PER_MS;
    return !rule->lasting_ms || passed_us < rule->lasting_ms * US_PER_MS;
}

static bool is_any_or(int wanted, int found)
{
    return wanted == NO_INDEX || wanted == found;
}

static bool touches(const struct fault_rule *rule, const struct request *request)
{
    if (rule->any_address)
        return true;
    if (pdu_find_function(request->function)->is_list)
        return false;
    return request->address <= rule->last_address &&
           request->address + request->count > rule->first_address;
}

static bool concerns(const struct fault_rule *rule, const struct fault_scene *scene)
{
    if (!is_any_or(rule->bus, scene->bus) || !is_any_or(rule->device, scene->device) ||
        !is_any_or(rule->unit_id, scene->unit_id))
        return false;
    bool is_picky = rule->table != NO_INDEX || !rule->any_address || rule->requests;
    if (!is_picky)
        return true;
    const struct pdu_function *function =
        scene->request ? pdu_find_function(scene->request->function) : NULL;
    if (!function || !is_any_or(rule->table, (int)function->table))
        return false;
    if (rule->requests && (rule->requests == FAULT_WRITES) != function->is_write)
        return false;
    return touches(rule, scene->request);
}

static int first_of(int one, int other)
{
    return one ? one : other;
}

static void join(struct fault_effect *effect, const struct fault_effect *more)
{
    effect->silent |= more->silent;
    effect->unanswered |= more->unanswered;
    effect->unexecuted |= more->unexecuted;
    effect->exception = (uint8_t)first_of(effect->exception, more->exception);
    effect->executed |= more->executed;
    effect->latency_ms += more->latency_ms;
    effect->jitter_ms += more->jitter_ms;
    effect->lie = (enum fault_lie)first_of((int)effect->lie, (int)more->lie);
    effect->stale |= more->stale;
    effect->foreign |= more->foreign;
    effect->echo |= more->echo;
    effect->repeat = first_of(effect->repeat, more->repeat);
    effect->truncate = first_of(effect->truncate, more->truncate);
    effect->drop = first_of(effect->drop, more->drop);
    effect->flip = first_of(effect->flip, more->flip);
    effect->noise = first_of(effect->noise, more->noise);
    if (effect->lead == NO_INDEX)
        effect->lead = more->lead;
    effect->dribble_ms += more->dribble_ms;
    effect->close |= more->close;
    effect->reset |= more->reset;
    effect->refuse |= more->refuse;
    effect->unplug |= more->unplug;
    effect->strict_gap |= more->strict_gap;
}

void faults_of_request(struct faults *faults, const struct fault_scene *scene, int64_t now_us,
                       struct fault_effect *ret_effect)
{
    *ret_effect = (struct fault_effect){.lead = NO_INDEX};
    if (!faults || !faults->script)
        return;
    for (size_t i = 0; i < faults->script->count; i++) {
        const struct fault_rule *rule = &faults->script->rules[i];
        if (!is_there(faults, rule, now_us) || !concerns(rule, scene))
            continue;
        bool is_turn = !rule->nth || ++faults->met[i] % (uint32_t)rule->nth == 0;
        if (is_turn && happens(faults, rule->chance))
            join(ret_effect, &rule->effect);
    }
}

static bool is_about_lines(const struct fault_rule *rule)
{
    return rule->effect.refuse || rule->effect.unplug || rule->effect.strict_gap;
}

void faults_of_line(const struct faults *faults, int bus, int64_t now_us,
                    struct fault_effect *ret_effect)
{
    *ret_effect = (struct fault_effect){.lead = NO_INDEX};
    if (!faults || !faults->script)
        return;
    for (size_t i = 0; i < faults->script->count; i++) {
        const struct fault_rule *rule = &faults->script->rules[i];
        if (is_about_lines(rule) && is_any_or(rule->bus, bus) && is_there(faults, rule, now_us))
            join(ret_effect, &rule->effect);
    }
}

static void sooner(int64_t *next_us, int64_t other_us, int64_t now_us)
{
    if (other_us > now_us && (*next_us == FAULTS_IDLE || other_us < *next_us))
        *next_us = other_us;
}

static void next_of_rule(const struct faults *faults, const struct fault_rule *rule,
                         int64_t now_us, int64_t *next_us)
{
    int64_t begin_us = faults->since_us + rule->from_ms * US_PER_MS;
    int64_t every_us = rule->every_ms * US_PER_MS;
    if (every_us && now_us > begin_us)
        begin_us += (now_us - begin_us) / every_us * every_us;
    sooner(next_us, begin_us, now_us);
    if (rule->lasting_ms)
        sooner(next_us, begin_us + rule->lasting_ms * US_PER_MS, now_us);
    if (every_us)
        sooner(next_us, begin_us + every_us, now_us);
}

int64_t faults_next_us(const struct faults *faults, int64_t now_us)
{
    int64_t next_us = FAULTS_IDLE;
    if (!faults || !faults->script)
        return next_us;
    for (size_t i = 0; i < faults->script->count; i++) {
        if (is_about_lines(&faults->script->rules[i]))
            next_of_rule(faults, &faults->script->rules[i], now_us, &next_us);
    }
    return next_us;
}

int64_t faults_latency_us(struct faults *faults, const struct fault_effect *effect)
{
    int64_t latency_us = effect->latency_ms * US_PER_MS;
    if (effect->jitter_ms)
        latency_us += (int64_t)draw_below(faults, (size_t)(effect->jitter_ms * US_PER_MS));
    return latency_us;
}

// The bytes on their way out.
struct bytes {
    uint8_t *items;
    size_t length;
};

static void append(struct bytes *bytes, const uint8_t *more, size_t length)
{
    if (bytes->length + length > FAULTS_ROOM)
        length = FAULTS_ROOM - bytes->length;
    memcpy(bytes->items + bytes->length, more, length);
    bytes->length += length;
}

static size_t build(const struct fault_answer *answer, uint8_t unit_id, uint16_t transaction,
                    const uint8_t *pdu, size_t length, uint8_t ret_frame[MAX_FRAME])
{
    if (answer->framing == FRAMING_TCP)
        return tcp_build_frame(transaction, unit_id, pdu, length, ret_frame);
    return rtu_build_frame(unit_id, pdu, length, ret_frame);
}

enum { ECHO_SIZE = 5 }; // function, address, value or quantity

static void lie_in_pdu(enum fault_lie lie, uint8_t *pdu, size_t *length)
{
    const struct pdu_function *function = pdu_find_function(pdu[0]);
    bool is_echo = function && function->is_write && *length == ECHO_SIZE;
    if (lie == LIE_FUNCTION)
        pdu[0] ^= 1;
    else if (lie == LIE_BYTE_COUNT && *length > 1)
        pdu[1] = (uint8_t)(pdu[1] + 2);
    else if (lie == LIE_ADDRESS && is_echo)
        pdu[2] ^= 1;
    else if (lie == LIE_VALUE && is_echo)
        pdu[4] ^= 1;
    else if (lie == LIE_LENGTH && *length < MAX_PDU)
        pdu[(*length)++] = 0;
}

static void lie_in_header(enum fault_lie lie, uint8_t *frame)
{
    if (lie == LIE_PROTOCOL)
        frame[3] = 1;
    else if (lie == LIE_LENGTH)
        frame[5] = (uint8_t)(frame[5] + 3);
}

// The frame of the answer, true or not.
static size_t build_answer(const struct fault_effect *effect, const struct fault_answer *answer,
                           uint8_t ret_frame[MAX_FRAME])
{
    uint8_t pdu[MAX_PDU];
    size_t length = answer->pdu_length;
    bool is_tcp = answer->framing == FRAMING_TCP;
    memcpy(pdu, answer->pdu, length);
    if (!is_tcp || effect->lie != LIE_LENGTH)
        lie_in_pdu(effect->lie, pdu, &length);
    uint8_t unit_id = (uint8_t)(answer->unit_id ^ (effect->lie == LIE_UNIT ? 0x2A : 0));
    uint16_t transaction =
        answer->transaction ^ (effect->lie == LIE_TRANSACTION ? FAR_TRANSACTION : 0);
    length = build(answer, unit_id, transaction, pdu, length, ret_frame);
    if (is_tcp)
        lie_in_header(effect->lie, ret_frame);
    else if (effect->lie == LIE_CRC)
        ret_frame[length - 1] ^= 0x55;
    return length;
}

// Another unit's answer of the same form, with words of its own.
static void append_foreign(const struct fault_answer *answer, struct bytes *bytes)
{
    uint8_t pdu[MAX_PDU];
    uint8_t frame[MAX_FRAME];
    memcpy(pdu, answer->pdu, answer->pdu_length);
    pdu[answer->pdu_length - 1] ^= 0xFF;
    uint8_t unit_id = (uint8_t)(answer->unit_id == 247 ? 1 : answer->unit_id + 1);
    append(bytes, frame,
           build(answer, unit_id, answer->transaction ^ FAR_TRANSACTION, pdu,
                 answer->pdu_length, frame));
}

static void drop_bytes(struct faults *faults, int count, struct bytes *bytes)
{
    for (int i = 0; i < count && bytes->length > 0; i++) {
        size_t at = draw_below(faults, bytes->length);
        bytes->length--;
        memmove(bytes->items + at, bytes->items + at + 1, bytes->length - at);
    }
}

static void flip_bits(struct faults *faults, int count, const struct bytes *bytes)
{
    for (int i = 0; i < count && bytes->length > 0; i++) {
        size_t bit = draw_below(faults, bytes->length * 8);
        bytes->items[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
}

static void insert(struct bytes *bytes, size_t at, uint8_t byte)
{
    if (bytes->length == FAULTS_ROOM)
        return;
    memmove(bytes->items + at + 1, bytes->items + at, bytes->length - at);
    bytes->items[at] = byte;
    bytes->length++;
}

static void insert_noise(struct faults *faults, int count, struct bytes *bytes)
{
    size_t at = draw_below(faults, bytes->length + 1);
    for (int i = 0; i < count; i++)
        insert(bytes, at, (uint8_t)(draw(faults) >> 32));
}

// What the line does to bytes, whatever they mean.
static void disturb(struct faults *faults, const struct fault_effect *effect,
                    struct bytes *bytes)
{
    size_t missing = (size_t)effect->truncate;
    bytes->length -= missing < bytes->length ? missing : bytes->length;
    drop_bytes(faults, effect->drop, bytes);
    flip_bits(faults, effect->flip, bytes);
    if (effect->noise)
        insert_noise(faults, effect->noise, bytes);
    if (effect->lead != NO_INDEX)
        insert(bytes, 0, (uint8_t)effect->lead);
}

size_t faults_spoil(struct faults *faults, const struct fault_effect *effect,
                    const struct fault_answer *answer, uint8_t ret_bytes[FAULTS_ROOM])
{
    uint8_t frame[MAX_FRAME];
    struct bytes bytes = {0};
    size_t length = build_answer(effect, answer, frame);
    bool is_stale = effect->stale && answer->stale;
    bytes.items = ret_bytes;
    if (effect->echo)
        append(&bytes, answer->request, answer->request_length);
    if (effect->foreign)
        append_foreign(answer, &bytes);
    for (int i = 0; i <= effect->repeat; i++)
        append(&bytes, is_stale ? answer->stale : frame,
               is_stale ? answer->stale_length : length);
    disturb(faults, effect, &bytes);
    return bytes.length;
}
