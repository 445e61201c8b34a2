// SPDX-License-Identifier: MIT
#include "registers/cached.h"

#include <string.h>

enum { BITS_PER_WORD = 16 };

// What is known so far.
struct finding {
    const struct cached_request *request;
    uint16_t *words;
    uint8_t is_known[(MAX_READ_BITS + 7) / 8];
    uint16_t known;
};

static bool is_fresh(const struct image *image, const struct point *point, int index,
                     const struct cached_request *request)
{
    int64_t read_ms = image_time(image, index);
    return point->every_ms > 0 && read_ms > request->after_ms &&
           request->now_ms - read_ms <= point->every_ms;
}

// The address of an entry's first word on this device; false when that is not known.
static bool find_place(const struct image *image, const struct point *point,
                       uint16_t *ret_address)
{
    const struct block block = {
        .table = point->table,
        .model = point->model,
        .address = point->address,
        .count = point->word_count,
    };
    uint16_t count = 0;
    return image_place(image, &block, ret_address, &count) && count == point->word_count;
}

static void put(struct finding *finding, uint16_t index, uint16_t word)
{
    uint8_t bit = (uint8_t)(1U << (index % 8));
    if (finding->is_known[index / 8] & bit)
        return;
    finding->is_known[index / 8] |= bit;
    finding->known++;
    if (!table_is_bits(finding->request->table))
        finding->words[index] = word;
    else if (word)
        finding->words[index / BITS_PER_WORD] |= (uint16_t)(1U << (index % BITS_PER_WORD));
}

static bool is_of(const struct point *point, const struct cached_request *request)
{
    int unit_id = point->unit_id == NO_INDEX ? request->device_unit_id : point->unit_id;
    return point->source == SOURCE_WORDS && point->table == request->table &&
           unit_id == request->unit_id && point->part_count == 0;
}

static void take_point(const struct image *image, int index, struct finding *finding)
{
    const struct cached_request *request = finding->request;
    const struct point *point = &image_map(image)->points[index];
    uint16_t address = 0;
    if (!is_of(point, request) || !find_place(image, point, &address) ||
        !is_fresh(image, point, index, request))
        return;
    const uint16_t *words = image_words(image, index);
    for (int i = 0; words && i < point->word_count; i++) {
        int at = address + i - request->address;
        if (at >= 0 && at < request->count)
            put(finding, (uint16_t)at, words[i]);
    }
}

bool cached_read(const struct image *image, const struct cached_request *request,
                 uint16_t ret_words[MAX_READ_REGISTERS])
{
    struct finding finding = {.request = request, .words = ret_words};
    memset(ret_words, 0, MAX_READ_REGISTERS * sizeof(uint16_t));
    for (int i = 0; i < (int)image_map(image)->point_count; i++)
        take_point(image, i, &finding);
    return finding.known == request->count;
}
