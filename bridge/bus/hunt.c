// SPDX-License-Identifier: MIT
#include "bus/hunt.h"

#include "base/mem.h"

enum {
    LAST_SERIAL_UNIT = 247, // Modbus over Serial Line V1.02, section 2.2
    LAST_LIKELY_UNIT = 10,
    ANY_TRIALS = 4, // ids that answer, before who answers is taken for one device
    MAX_LONGER = 2,
    SERIAL_TIMEOUT_MS = 100,
    NETWORK_TIMEOUT_MS = 500,
};

// Most devices leave the factory with 9600 or 19200 baud; the standard wants even parity, most
// have none. Two stop bits are heard with one setting or the other, odd parity is rare.
static const struct line_settings usual[] = {
    {9600, PARITY_NONE, 1},   {19200, PARITY_EVEN, 1},  {9600, PARITY_EVEN, 1},
    {19200, PARITY_NONE, 1},  {115200, PARITY_NONE, 1}, {38400, PARITY_NONE, 1},
    {57600, PARITY_NONE, 1},  {4800, PARITY_NONE, 1},   {2400, PARITY_NONE, 1},
    {115200, PARITY_EVEN, 1}, {38400, PARITY_EVEN, 1},  {57600, PARITY_EVEN, 1},
    {4800, PARITY_EVEN, 1},   {2400, PARITY_EVEN, 1},   {9600, PARITY_NONE, 2},
    {19200, PARITY_NONE, 2},  {9600, PARITY_ODD, 1},    {19200, PARITY_ODD, 1},
    {38400, PARITY_NONE, 2},  {115200, PARITY_NONE, 2}, {57600, PARITY_NONE, 2},
    {4800, PARITY_NONE, 2},   {2400, PARITY_NONE, 2},   {38400, PARITY_ODD, 1},
    {115200, PARITY_ODD, 1},  {57600, PARITY_ODD, 1},   {4800, PARITY_ODD, 1},
    {2400, PARITY_ODD, 1},
};

const struct line_settings *hunt_usual_settings(size_t *ret_count)
{
    _Static_assert(ARRAY_LENGTH(usual) <= MAX_HUNT_SETTINGS, "room for all usual settings");
    *ret_count = ARRAY_LENGTH(usual);
    return usual;
}

int64_t hunt_timeout_ms(enum transport transport)
{
    return transport == TRANSPORT_RTU ? SERIAL_TIMEOUT_MS : NETWORK_TIMEOUT_MS;
}

static void add_unit(struct hunt *hunt, uint8_t unit_id)
{
    for (size_t i = 0; i < hunt->unit_count; i++) {
        if (hunt->units[i] == unit_id)
            return;
    }
    hunt->units[hunt->unit_count++] = unit_id;
}

void hunt_begin(struct hunt *hunt, enum transport transport, size_t setting_count, int first,
                int last, int64_t timeout_ms)
{
    static const uint8_t of_network[] = {1, 255, 247, 246, 0};
    bool is_default = first == NO_INDEX;
    *hunt = (struct hunt){
        .transport = transport,
        .setting_count = setting_count,
        .judges_any = is_default && transport == TRANSPORT_TCP,
        .timeout_ms = timeout_ms,
    };
    for (size_t i = 0; hunt->judges_any && i < ARRAY_LENGTH(of_network); i++)
        add_unit(hunt, of_network[i]);
    int low = is_default ? 1 : first;
    int high = is_default ? LAST_SERIAL_UNIT : last;
    for (int unit_id = low; unit_id <= high; unit_id++)
        add_unit(hunt, (uint8_t)unit_id);
}

size_t hunt_count(const struct hunt *hunt, size_t setting, enum hunt_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < hunt->unit_count; i++)
        count += hunt->states[setting][i] == (uint8_t)state;
    return count;
}

static bool has_life(const struct hunt *hunt, size_t setting)
{
    return hunt->alive[setting] > 0;
}

// Whether a setting is worth asking with at all.
static bool is_open(const struct hunt *hunt, size_t setting)
{
    return hunt->all || has_life(hunt, setting) || !hunt->found;
}

// Whether who was silent with a setting is asked a second time.
static bool asks_again(const struct hunt *hunt, size_t setting)
{
    return hunt->setting_count == 1 || has_life(hunt, setting) ||
           hunt_count(hunt, setting, HUNT_GARBLED) > 0 ||
           hunt_count(hunt, setting, HUNT_GARBLED_TWICE) > 0;
}

enum stage { STAGE_LIKELY, STAGE_OTHERS, STAGE_AGAIN, STAGE_COUNT };

static bool is_due(const struct hunt *hunt, enum stage stage, size_t setting, size_t unit)
{
    enum hunt_state state = (enum hunt_state)hunt->states[setting][unit];
    uint8_t unit_id = hunt->units[unit];
    bool is_likely = unit_id <= LAST_LIKELY_UNIT || unit_id == LAST_SERIAL_UNIT;
    if (stage == STAGE_AGAIN)
        return state == HUNT_SILENT || state == HUNT_GARBLED;
    return state == HUNT_UNASKED && (stage == STAGE_OTHERS || is_likely);
}

static bool next_of_stage(const struct hunt *hunt, enum stage stage,
                          struct hunt_question *ret_question)
{
    for (size_t setting = 0; setting < hunt->setting_count; setting++) {
        if (!is_open(hunt, setting) || (stage == STAGE_AGAIN && !asks_again(hunt, setting)))
            continue;
        for (size_t unit = 0; unit < hunt->unit_count; unit++) {
            if (!is_due(hunt, stage, setting, unit))
                continue;
            *ret_question = (struct hunt_question){
                .setting = setting,
                .unit = unit,
                .unit_id = hunt->units[unit],
                .table = stage == STAGE_AGAIN ? TABLE_INPUT : TABLE_HOLDING,
            };
            return true;
        }
    }
    return false;
}

bool hunt_next(const struct hunt *hunt, struct hunt_question *ret_question)
{
    if (hunt_is_any(hunt))
        return false;
    // With a single setting everybody in turn: nothing is gained by the likely ones first.
    enum stage first = hunt->setting_count == 1 ? STAGE_OTHERS : STAGE_LIKELY;
    for (enum stage stage = first; stage < STAGE_COUNT; stage++) {
        if (next_of_stage(hunt, stage, ret_question))
            return true;
    }
    return false;
}

static enum hunt_state judge(enum hunt_state before, const struct hunt_outcome *outcome)
{
    bool is_gateway = outcome->fault == FAULT_EXCEPTION &&
                      exception_kind(outcome->exception) == EXCEPTION_SILENCE;
    bool is_second = before != HUNT_UNASKED;
    if (outcome->fault == FAULT_NONE || (outcome->fault == FAULT_EXCEPTION && !is_gateway))
        return HUNT_ALIVE;
    // A gateway has waited itself, and long.
    if (is_gateway)
        return HUNT_SILENT_TWICE;
    if (outcome->fault == FAULT_GARBLED)
        return is_second ? HUNT_GARBLED_TWICE : HUNT_GARBLED;
    if (before == HUNT_GARBLED)
        return HUNT_GARBLED_TWICE;
    return is_second ? HUNT_SILENT_TWICE : HUNT_SILENT;
}

// Answers come after they were given up: everybody who was silent is asked again, and waited
// for longer.
static void wait_longer(struct hunt *hunt, size_t setting)
{
    hunt->timeout_ms *= 2;
    if (hunt->timeout_ms > MAX_HUNT_TIMEOUT_MS)
        hunt->timeout_ms = MAX_HUNT_TIMEOUT_MS;
    hunt->longer++;
    for (size_t i = 0; i < hunt->unit_count; i++) {
        uint8_t *state = &hunt->states[setting][i];
        if (*state == HUNT_SILENT || *state == HUNT_SILENT_TWICE)
            *state = HUNT_UNASKED;
    }
}

enum hunt_state hunt_note(struct hunt *hunt, const struct hunt_question *question,
                          const struct hunt_outcome *outcome)
{
    uint8_t *state = &hunt->states[question->setting][question->unit];
    enum hunt_state judged = judge((enum hunt_state) * state, outcome);
    hunt->asked++;
    *state = (uint8_t)judged;
    hunt->saw_others |= outcome->saw_others;
    if (judged == HUNT_ALIVE) {
        hunt->alive[question->setting]++;
        hunt->found++;
    }
    bool is_late = outcome->saw_others && outcome->fault == FAULT_TIMEOUT;
    if (is_late && hunt->longer < MAX_LONGER)
        wait_longer(hunt, question->setting);
    return judged;
}

bool hunt_is_any(const struct hunt *hunt)
{
    if (!hunt->judges_any)
        return false;
    for (size_t i = 0; i < ANY_TRIALS; i++) {
        if (hunt->states[0][i] != HUNT_ALIVE)
            return false;
    }
    return true;
}

bool hunt_is_settled(const struct hunt *hunt)
{
    if (!hunt->judges_any)
        return true;
    for (size_t i = 0; i < ANY_TRIALS; i++) {
        if (hunt->states[0][i] == HUNT_UNASKED)
            return false;
        if (hunt->states[0][i] != HUNT_ALIVE)
            return true;
    }
    return true;
}

size_t hunt_total(const struct hunt *hunt)
{
    size_t left = 0;
    for (size_t setting = 0; setting < hunt->setting_count; setting++) {
        if (!is_open(hunt, setting))
            continue;
        bool again = asks_again(hunt, setting);
        size_t unasked = hunt_count(hunt, setting, HUNT_UNASKED);
        size_t once =
            hunt_count(hunt, setting, HUNT_SILENT) + hunt_count(hunt, setting, HUNT_GARBLED);
        left += again ? 2 * unasked + once : unasked;
    }
    return hunt_is_any(hunt) ? hunt->asked : hunt->asked + left;
}
