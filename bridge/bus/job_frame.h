// SPDX-License-Identifier: MIT
// One write frame: the words that some entries of a map become, in ascending order of
// addresses. Pure.
#ifndef BUS_JOB_FRAME_H
#define BUS_JOB_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/map.h"
#include "model/message.h"
#include "wire/pdu.h"

// `count` words from `address` on; a coil is one word, 0 or 1.
struct write_frame {
    enum table table;
    int unit_id; // of the entries, or NO_INDEX: the device's
    enum write_function function;
    uint8_t model; // of the entries: what `address` counts from
    uint16_t address;
    uint16_t count;
    uint16_t words[MAX_WRITE_REGISTERS];
};

// Finds the addresses the entries of one write cover; the words are 0. ERROR_FAILED when one
// frame cannot hold them: not adjacent, in different tables or units, too many, not writable.
int write_frame_lay_out(const struct map *map, const struct assignment *writes, size_t count,
                        struct write_frame *ret_frame, struct error *err);

// Copies the words of an entry out of the frame or into it.
void write_frame_get(const struct write_frame *frame, const struct point *words_of,
                     uint16_t *ret_words);
void write_frame_put(struct write_frame *frame, const struct point *words_of,
                     const uint16_t *words);

// The request that carries it. `unit_id` is the device's. FC 5 or 6 for one word, 15 or 16 for
// more or where the map wants it (Modbus Application Protocol V1.1b3, sections 6.5, 6.6, 6.11,
// 6.12).
struct request write_frame_request(const struct write_frame *frame,
                                   const struct modbus_settings *modbus, int unit_id);

#endif
