// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "cli/probe.h"
#include "cloud/json.h"
#include "registers/guess.h"

static json_t *guess_json(const struct guess_way *way, const struct guess *guess)
{
    json_t *row = json_new_object();
    json_put_text(row, "as", way->name);
    json_t *value = json_from_value(&guess->value);
    json_put(row, "value", value ? value : json_from_published(&guess->value, PUBLISH_STRING));
    if (guess->credit == CREDIT_DOUBTFUL)
        json_put(row, "doubtful", json_true());
    return row;
}

static json_t *guesses_at(const struct probe *probe, uint32_t place)
{
    size_t count = 0;
    const struct guess_way *ways = guess_ways(&count);
    json_t *list = json_new_list();
    for (size_t i = 0; i < count; i++) {
        if (!sounding_has_read(&probe->sounding, place, ways[i].words))
            continue;
        struct guess guess = guess_make(&ways[i], probe->words + place);
        if (guess.credit != CREDIT_ABSURD)
            json_add(list, guess_json(&ways[i], &guess));
    }
    return list;
}

static json_t *sentinels_at(const struct probe *probe, uint32_t place)
{
    json_t *list = NULL;
    for (uint32_t count = 1; count <= 4; count *= 2) {
        const char *name = sounding_has_read(&probe->sounding, place, count)
                               ? guess_sentinel(probe->words + place, count)
                               : NULL;
        if (!name)
            continue;
        list = list ? list : json_new_list();
        json_add(list, json_string(name));
    }
    return list;
}

static json_t *register_json(const struct probe *probe, uint32_t place)
{
    json_t *row = json_new_object();
    json_put(row, "address", json_integer(probe->range.first + (json_int_t)place));
    json_put(row, table_is_bits(probe->range.table) ? "bit" : "word",
             json_integer(probe->words[place]));
    if (!table_is_bits(probe->range.table)) {
        json_put(row, "decodings", guesses_at(probe, place));
        json_put(row, "sentinels", sentinels_at(probe, place));
    }
    return row;
}

static json_t *registers_json(const struct probe *probe)
{
    json_t *list = json_new_list();
    for (uint32_t place = 0; place < probe->range.count; place++) {
        if (sounding_has_read(&probe->sounding, place, 1))
            json_add(list, register_json(probe, place));
    }
    return list;
}

static json_t *refused_json(const struct probe *probe)
{
    const struct sounding *sounding = &probe->sounding;
    json_t *list = json_new_list();
    for (uint32_t place = 0; place < probe->range.count;) {
        uint8_t state = sounding->states[place];
        uint8_t exception = sounding->exceptions[place];
        uint32_t end = sounding_end_of_same(sounding, place);
        if (state != SOUNDING_READ) {
            json_t *row = json_new_object();
            json_put(row, "address", json_integer(probe->range.first + (json_int_t)place));
            json_put(row, "count", json_integer((json_int_t)(end - place)));
            if (state == SOUNDING_REFUSED)
                json_put(row, "exception", json_integer(exception));
            json_add(list, row);
        }
        place = end;
    }
    return list;
}

void probe_print_json(const struct probe *probe)
{
    json_t *whole = json_new_object();
    json_put_text(whole, "device", probe->target->device->name);
    json_put(whole, "unit", json_integer(probe->target->device->unit_id));
    json_put_text(whole, "table", table_names[probe->range.table]);
    json_put(whole, "address", json_integer(probe->range.first));
    json_put(whole, "count", json_integer((json_int_t)probe->range.count));
    json_put(whole, "granted_at_once", json_integer((json_int_t)probe->sounding.granted));
    if (probe->sounding.limited.count)
        json_put(whole, "refused_at_once", json_integer((json_int_t)probe->sounding.refused));
    json_put(whole, "registers", registers_json(probe));
    json_put(whole, "refused", refused_json(probe));
    char *text = json_print(whole);
    (void)printf("%s\n", text);
    free(text);
}
