// SPDX-License-Identifier: MIT
#include "bus/job_frame.h"

#include <stdlib.h>
#include <string.h>

static uint16_t address_of(const struct point *words_of, int i)
{
    return words_of->part_count ? words_of->parts[i] : (uint16_t)(words_of->address + i);
}

static int compare_addresses(const void *left, const void *right)
{
    uint16_t a = *(const uint16_t *)left;
    uint16_t b = *(const uint16_t *)right;
    return a < b ? -1 : a > b;
}

static int check_alike(const struct map *map, const struct assignment *writes, size_t index,
                       struct error *err)
{
    const struct point *point = &map->points[writes[index].point];
    const struct point *first = map_words_of(map, &map->points[writes[0].point]);
    const struct point *words_of = map_words_of(map, point);
    if (!words_of || !(words_of->access & ACCESS_WRITE))
        return error_set(err, ERROR_FAILED, "%s cannot be written", point->key);
    if (words_of->table != first->table || words_of->unit_id != first->unit_id ||
        words_of->model != first->model)
        return error_set(err, ERROR_FAILED, "%s and %s cannot be written in one step",
                         first->key, point->key);
    return 0;
}

// Sorts the addresses, drops repeated ones and returns how many are left.
static size_t sort_addresses(uint16_t *addresses, size_t count)
{
    qsort(addresses, count, sizeof *addresses, compare_addresses);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || addresses[kept - 1] != addresses[i])
            addresses[kept++] = addresses[i];
    }
    return kept;
}

int write_frame_lay_out(const struct map *map, const struct assignment *writes, size_t count,
                        struct write_frame *ret_frame, struct error *err)
{
    uint16_t addresses[2 * MAX_WRITE_REGISTERS];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (check_alike(map, writes, i, err) != 0)
            return -1;
        const struct point *words_of = map_words_of(map, &map->points[writes[i].point]);
        if (used + words_of->word_count > sizeof addresses / sizeof *addresses)
            return error_set(err, ERROR_FAILED,
                             "%s and the entries written with it are too many for one frame",
                             words_of->key);
        for (int k = 0; k < words_of->word_count; k++)
            addresses[used++] = address_of(words_of, k);
    }
    if (used == 0)
        return error_set(err, ERROR_FAILED, "a write without entries");
    used = sort_addresses(addresses, used);
    const struct point *first = map_words_of(map, &map->points[writes[0].point]);
    if (used > MAX_WRITE_REGISTERS)
        return error_set(err, ERROR_FAILED,
                         "%s and the entries written with it make more than "
                         "%d registers",
                         first->key, MAX_WRITE_REGISTERS);
    if (addresses[used - 1] - addresses[0] != (int)used - 1)
        return error_set(err, ERROR_FAILED,
                         "%s and the entries written with it are not adjacent: write them in "
                         "two steps",
                         first->key);
    *ret_frame = (struct write_frame){
        .table = first->table,
        .unit_id = first->unit_id,
        .model = first->model,
        .function = first->write_function,
        .address = addresses[0],
        .count = (uint16_t)used,
    };
    return 0;
}

void write_frame_get(const struct write_frame *frame, const struct point *words_of,
                     uint16_t *ret_words)
{
    for (int i = 0; i < words_of->word_count; i++)
        ret_words[i] = frame->words[address_of(words_of, i) - frame->address];
}

void write_frame_put(struct write_frame *frame, const struct point *words_of,
                     const uint16_t *words)
{
    for (int i = 0; i < words_of->word_count; i++)
        frame->words[address_of(words_of, i) - frame->address] = words[i];
}

struct request write_frame_request(const struct write_frame *frame,
                                   const struct modbus_settings *modbus, int unit_id)
{
    enum write_function wanted = frame->function;
    if (wanted == WRITE_AUTO)
        wanted = modbus->write_function;
    // Several words only fit into a multiple write, whatever the map prefers for one.
    if (frame->count > 1)
        wanted = WRITE_MULTIPLE;
    struct request request = {
        .unit_id = (uint8_t)(frame->unit_id == NO_INDEX ? unit_id : frame->unit_id),
        .function = pdu_write_function(frame->table, frame->count, wanted),
        .address = frame->address,
        .count = frame->count,
    };
    for (int i = 0; i < frame->count; i++) {
        if (table_is_bits(frame->table))
            request.words[i / 16] |= (uint16_t)((frame->words[i] & 1u) << (i % 16));
        else
            request.words[i] = frame->words[i];
    }
    return request;
}
