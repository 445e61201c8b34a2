// SPDX-License-Identifier: MIT
#include "sim/start.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

// A usual number for a unit (UCUM), so that a simulated device looks like one.
static const struct {
    const char *unit;
    double number;
} usual_numbers[] = {
    {"V", 230},  {"A", 5},      {"W", 1000},    {"kW", 1},     {"VA", 1100}, {"kVA", 1.1},
    {"var", 50}, {"Hz", 50},    {"Wh", 123400}, {"kWh", 123},  {"Cel", 25},  {"K", 298},
    {"%", 50},   {"bar", 5},    {"Pa", 100000}, {"rpm", 900},  {"s", 3600},  {"min", 60},
    {"h", 100},  {"L/min", 10}, {"[ppm]", 10},  {"NL/h", 500}, {"mA", 5000}, {"mV", 3300},
};

static const double usual_real = 42.5;
enum { USUAL_INTEGER = 100 };

// What else an entry is there for.
struct role {
    bool raises_alert; // alerts name its bits or codes: it starts without any
    bool is_power;     // a power of ten (sf): it starts at 0
    bool is_factor;    // a scale formula names it: it starts at 1
};

struct start {
    struct entries *entries;
    const struct map *map;
    struct role *roles; // one per entry
};

static int words_index(const struct map *map, int index)
{
    const struct point *words = map_words_of(map, &map->points[index]);
    return words ? map_index(map, words) : index;
}

static void note_factor(void *context, int point)
{
    const struct start *start = context;
    start->roles[point].is_factor = true;
}

static void find_roles(struct start *start)
{
    const struct map *map = start->map;
    start->roles = mem_new(map->point_count, sizeof *start->roles);
    for (size_t i = 0; i < map->point_count; i++) {
        const struct point *point = &map->points[i];
        if (point->sf != NO_INDEX)
            start->roles[point->sf].is_power = true;
        if (point->scale_formula)
            formula_each_point(point->scale_formula, note_factor, start);
    }
    for (size_t i = 0; i < map->alert_count; i++) {
        if (map->alerts[i].from != NO_INDEX)
            start->roles[words_index(map, map->alerts[i].from)].raises_alert = true;
    }
}

static const double *usual_number(const char *unit)
{
    for (size_t i = 0; unit && i < ARRAY_LENGTH(usual_numbers); i++) {
        if (strcmp(usual_numbers[i].unit, unit) == 0)
            return &usual_numbers[i].number;
    }
    return NULL;
}

// The value as published that the entry would usually have, or unknown.
static struct value usual_value(const struct point *point)
{
    if (!codec_type(point->type)->is_number)
        return value_unknown();
    if (point->labels && point->labels->count)
        return value_unknown();
    if (point->has_range)
        return value_real((point->range_low + point->range_high) / 2, DECIMALS_SHORTEST);
    const double *number = usual_number(point->unit);
    return number ? value_real(*number, DECIMALS_SHORTEST) : value_unknown();
}

static struct value usual_text(const struct map *map, const struct point *point)
{
    switch (point->type) {
    case TYPE_UUID:
        return value_text("01234567-89AB-4CDE-8F01-23456789ABCD");
    case TYPE_IPV4:
        return value_text("192.0.2.10"); // RFC 5737: for examples
    default:
        return value_text(map->model ? map->model : point->key);
    }
}

// The number before scaling when there is nothing better to say.
static struct value usual_raw(const struct start *start, const struct point *point)
{
    const struct type_row *type = codec_type(point->type);
    const struct role *role =
        &start->roles[words_index(start->map, map_index(start->map, point))];
    if (point->type == TYPE_BOOL)
        return value_boolean(false);
    if (point->type == TYPE_EVENT_LIST)
        return (struct value){.kind = VALUE_EVENTS};
    if (!type->is_number)
        return usual_text(start->map, point);
    if (role->raises_alert || role->is_power)
        return value_integer(0);
    if (role->is_factor)
        return value_integer(1);
    if (point->labels && point->labels->count)
        return value_integer(point->labels->rows[0].low);
    if (type->is_integer)
        return value_integer(USUAL_INTEGER);
    return value_real(usual_real, DECIMALS_SHORTEST_FLOAT);
}

// What does not fit is left at zero, except a text, which is cut.
static void set_usual_raw(const struct start *start, int index)
{
    const struct point *point = &start->map->points[index];
    struct value raw = usual_raw(start, point);
    size_t bytes = (size_t)point->word_count * 2;
    struct error ignored;
    if (point->type == TYPE_STRING && raw.text.length > bytes)
        raw.text.length = bytes;
    (void)entries_set_raw(start->entries, index, &raw, &ignored);
}

static void set_usual(const struct start *start, int index)
{
    const struct role *role = &start->roles[index];
    struct value value = usual_value(&start->map->points[index]);
    struct error ignored;
    bool has_role = role->raises_alert || role->is_power || role->is_factor;
    if (has_role || !value_is_known(&value) ||
        entries_set(start->entries, index, &value, &ignored))
        set_usual_raw(start, index);
}

// A view with labels knows more about the words than an entry without.
static bool view_knows_more(const struct start *start, const struct point *view)
{
    if (view->source != SOURCE_VIEW || !view->labels || !view->labels->count)
        return false;
    return !start->map->points[view->from].labels && !start->roles[view->from].raises_alert;
}

// The id and the length of a SunSpec model say which models there are: the chain holds them.
static bool is_head_of_model(const struct point *point)
{
    return point->model != SUNSPEC_NONE && point->address < SUNSPEC_HEADER_WORDS;
}

// Powers of ten and factors first: the values of others are divided by them.
static void set_entries(const struct start *start)
{
    const struct map *map = start->map;
    for (int turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < map->point_count; i++) {
            const struct role *role = &start->roles[i];
            bool is_first = role->is_power || role->is_factor;
            if (map->points[i].source == SOURCE_WORDS && is_first == (turn == 0) &&
                !is_head_of_model(&map->points[i]))
                set_usual(start, (int)i);
        }
    }
    for (size_t i = map->point_count; i-- > 0;) {
        if (view_knows_more(start, &map->points[i]))
            set_usual_raw(start, (int)i);
    }
}

// A text that identify may have as a pattern, without its stars.
static void set_identity(struct entries *entries, const struct identify *identify)
{
    char text[256];
    size_t length = 0;
    struct error ignored;
    struct value value = identify->values[0];
    if (value.kind == VALUE_TEXT) {
        for (size_t i = 0; i < value.text.length && length < sizeof text; i++) {
            if (value.text.bytes[i] != '*')
                text[length++] = value.text.bytes[i];
        }
        value = value_text_bytes(text, length);
    }
    if (entries_set(entries, identify->point, &value, &ignored))
        (void)entries_set_raw(entries, identify->point, &value, &ignored);
}

void start_plausible(struct entries *entries)
{
    struct start start = {.entries = entries, .map = bank_map(entries_bank(entries))};
    find_roles(&start);
    set_entries(&start);
    for (size_t i = 0; i < start.map->identify_count; i++) {
        if (start.map->identify[i].value_count)
            set_identity(entries, &start.map->identify[i]);
    }
    free(start.roles);
}

// The marker, the head of each model and the end.
static size_t chain_places(const struct sunspec_chain *chain, struct bank_place *ret_places)
{
    struct bank_place head = {BANK_OWN_UNIT,
                              {TABLE_HOLDING, chain->base, SUNSPEC_HEADER_WORDS, SUNSPEC_NONE}};
    ret_places[0] = head;
    for (size_t i = 0; i < chain->count; i++) {
        const struct sunspec_place *place = &chain->links[i].place;
        head.span.address = place->address;
        ret_places[i + 1] = head;
        head.span.address = (uint16_t)(place->address + SUNSPEC_HEADER_WORDS + place->length);
    }
    ret_places[chain->count + 1] = head;
    return chain->count + 2;
}

static int unit_of(const struct bank *bank, const struct given_word *word)
{
    return word->unit_id ? bank_unit(bank, word->unit_id) : BANK_OWN_UNIT;
}

// Leaves only the addresses that a word or a value is given for.
static void retain_given(struct bank *bank, const struct device_values *given)
{
    const struct sunspec_chain *chain = bank_chain(bank);
    size_t room = given->word_count + given->value_count * MAX_POINT_WORDS + chain->count + 2;
    struct bank_place *places = mem_new(room, sizeof *places);
    size_t count = 0;
    for (size_t i = 0; i < given->word_count; i++) {
        const struct given_word *word = &given->words[i];
        places[count++] = (struct bank_place){unit_of(bank, word),
                                              {word->table, word->address, 1, SUNSPEC_NONE}};
    }
    for (size_t i = 0; i < given->value_count; i++) {
        const struct map *map = bank_map(bank);
        const struct point *words = map_words_of(map, &map->points[given->values[i].point]);
        if (!words)
            continue;
        for (uint16_t k = 0; k < words->word_count; k++) {
            struct bank_place *place = &places[count];
            *place = (struct bank_place){bank_unit_of(bank, words),
                                         {.table = words->table, .count = 1}};
            count += bank_address(bank, words, k, &place->span.address);
        }
    }
    // Words that are given bring their own chain.
    if (chain->count && !given->word_count)
        count += chain_places(chain, &places[count]);
    bank_retain(bank, places, count);
    free(places);
}

// Whether the entry lies in a SunSpec model that the device does not have: nothing can be held
// there.
static bool is_nowhere(const struct bank *bank, int point)
{
    const struct map *map = bank_map(bank);
    const struct point *words = map_words_of(map, &map->points[point]);
    uint16_t address = 0;
    return words && words->model != SUNSPEC_NONE && !bank_address(bank, words, 0, &address);
}

int start_given(struct entries *entries, const struct device_values *given, struct error *err)
{
    struct bank *bank = entries_bank(entries);
    if (given->only)
        retain_given(bank, given);
    for (size_t i = 0; i < given->word_count; i++) {
        const struct given_word *word = &given->words[i];
        bank_set_word(bank, unit_of(bank, word), word->table, word->address, word->word);
    }
    if (given->word_count)
        bank_find_models(bank);
    for (size_t i = 0; i < given->value_count; i++) {
        const struct given_value *value = &given->values[i];
        const struct position *at = &value->at;
        if (!is_nowhere(entries_bank(entries), value->point) &&
            entries_set(entries, value->point, &value->value, err))
            return error_prefix(err, "%s:%d:%d", at->file ? at->file : "values", at->line,
                                at->column);
    }
    return 0;
}
