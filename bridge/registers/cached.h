// SPDX-License-Identifier: MIT
// What a raw read would say, as far as an image knows: for others who ask for registers that
// were read within their period anyway. Pure.
#ifndef REGISTERS_CACHED_H
#define REGISTERS_CACHED_H

#include <stdbool.h>
#include <stdint.h>

#include "model/point.h"
#include "registers/image.h"

struct cached_request {
    int device_unit_id;
    int unit_id;
    enum table table;
    uint16_t address;
    uint16_t count;
    int64_t after_ms; // only what was read after that: something was written then
    int64_t now_ms;
};

// True when every address asked for belongs to an entry with a period and was read within it;
// `ret_words` then has registers, or bits packed 16 a word, lowest first. Entries of words that
// lie apart do not count.
bool cached_read(const struct image *image, const struct cached_request *request,
                 uint16_t ret_words[MAX_READ_REGISTERS]);

#endif
