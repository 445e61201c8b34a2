// SPDX-License-Identifier: MIT
// Any device: the walk along its chain of models ends, asks only for registers that exist, and
// models lie behind each other. Input: how many candidates, then pairs of words for the reads
// in their order; an odd first byte of a pair's flag is a refusal.
#include <stdint.h>
#include <stdlib.h>

#include "registers/sunspec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PAIR = 5, ADDRESS_END = 65536 };

static void require(bool condition)
{
    if (!condition)
        abort();
}

static uint16_t word_at(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void check_chain(const struct sunspec_chain *chain)
{
    uint32_t next = (uint32_t)chain->base + SUNSPEC_HEADER_WORDS;
    require(chain->count <= MAX_SUNSPEC_CHAIN);
    for (size_t i = 0; i < chain->count; i++) {
        const struct sunspec_link *link = &chain->links[i];
        require(link->place.address == next && link->place.length > 0);
        require(link->id != SUNSPEC_END_ID);
        next += SUNSPEC_HEADER_WORDS + link->place.length;
        require(next <= ADDRESS_END);
    }
}

static void check_places(const struct sunspec_chain *chain)
{
    static const struct sunspec_model models[] = {{1, 1, 1}, {101, 103, 1}, {1, 0xFFFE, 3}};
    struct sunspec_places places;
    char text[40];
    sunspec_find(chain, models, 3, &places);
    require(places.count == 3);
    for (size_t i = 0; i < 3; i++)
        require((uint32_t)places.items[i].address + places.items[i].length < ADDRESS_END);
    sunspec_list(chain, text, sizeof text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t bases[] = {40000, 50000, 0, 65534};
    struct sunspec_walk walk;
    if (size < 1)
        return 0;
    sunspec_begin(&walk, bases, data[0] % 5);
    for (size_t at = 1; walk.state == SUNSPEC_READ && at + PAIR <= size; at += PAIR) {
        uint16_t words[SUNSPEC_READ_COUNT] = {word_at(data + at + 1), word_at(data + at + 3)};
        require((uint32_t)walk.address + SUNSPEC_READ_COUNT <= ADDRESS_END);
        if (data[at] & 1)
            sunspec_refuse(&walk, data[at]);
        else
            sunspec_take(&walk, words);
        check_chain(&walk.chain);
    }
    require(walk.state != SUNSPEC_FAILED || walk.text[0] != '\0');
    check_places(&walk.chain);
    return 0;
}
