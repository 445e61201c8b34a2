// SPDX-License-Identifier: MIT
// What one device last said: the words of every entry, when they came, or why they did not.
// Every value is a pure function of the image and the time; nothing is cached, nothing
// invented. One thread owns an image (a bus has one for its decisions, the main thread one for
// publishing).
#ifndef REGISTERS_IMAGE_H
#define REGISTERS_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/map.h"
#include "model/message.h"
#include "registers/block.h"
#include "registers/codec.h"
#include "registers/formula.h"

struct image;

// Storage for the texts of values taken from an image; they live until it is reset.
struct image_space {
    struct codec_space codec;
    struct formula_space formula;
};

// An image of nothing yet. `map` and `modbus` must outlive it. The caller owns it.
struct image *image_new(const struct map *map, const struct modbus_settings *modbus);
void image_free(struct image *image);

// Where the SunSpec models of the map are on this device, once the chain was walked; NULL: not
// known any more. Until then entries in models are unknown; in models that are not there, or
// end before the entry, they are absent.
void image_set_models(struct image *image, const struct sunspec_places *places);

// Where a block is on this device, and how many of its registers: as many as its model has.
// False when its model is not there, too short for it, or not known yet.
bool image_place(const struct image *image, const struct block *block, uint16_t *ret_address,
                 uint16_t *ret_count);

// What was set last, or NULL.
const struct sunspec_places *image_models(const struct image *image);

// Whether it is known that registers of an entry are not on this device.
bool image_lacks(const struct image *image, const struct point *point);

// The map it was made for; borrowed.
const struct map *image_map(const struct image *image);

// "holding 40083", "holding 40083 = model(103) + 14": a register as people look for it; the
// PDU address is left out while it is not known.
void image_name_place(const struct image *image, enum table table, uint8_t model,
                      uint16_t address, char *ret_text, size_t size);

// Takes the words a block brought. `words` as in struct reading.
void image_store(struct image *image, const struct block *block, const uint16_t *words,
                 int64_t now_ms);

// Notes that a block was refused (optional blocks: "not fitted", a "no" of the equipment) or
// not answered. Values read before stay until they are stale, except on refusal.
void image_fail(struct image *image, const struct block *block, enum fault fault,
                uint8_t exception, int64_t now_ms);

// Forgets everything, where models are too, as after a new connection to a device that may be
// another one.
void image_forget(struct image *image);

// The value as published, or VALUE_UNKNOWN (never read, failed, stale) or VALUE_ABSENT (its
// "no value", `when` false, not fitted).
struct value image_value(const struct image *image, int point, int64_t now_ms,
                         struct image_space *space);

// The value that an entry with these words would have (word_count of the entry with the words);
// other entries that it depends on are taken from the image.
struct value image_value_of_words(const struct image *image, int point, const uint16_t *words,
                                  int64_t now_ms, struct image_space *space);

// The code or number before scaling: raw(name).
struct value image_raw(const struct image *image, int point, int64_t now_ms,
                       struct image_space *space);

// The words last read, or NULL. word_count of the entry with the words.
const uint16_t *image_words(const struct image *image, int point);

// When the entry's words were read (for a computed entry the newest it depends on, 0 if none),
// on the clock given to image_store; -1 when never.
int64_t image_time(const struct image *image, int point);

// Why the entry's last read brought nothing; FAULT_NONE when it did or when it was never tried.
enum fault image_fault(const struct image *image, int point, uint8_t *ret_exception);

// Whether the block is on this device and its condition allows and asks for reading it: true
// without condition, false when the condition is false, absent or unknown.
bool image_wants(const struct image *image, const struct block *block, int64_t now_ms);

// Sets what now.* means to formulas evaluated from here on (wall clock, milliseconds since
// 1970).
void image_set_wall(struct image *image, int64_t wall_ms);

// Evaluates a formula over the image. `arguments` may be NULL.
struct value image_evaluate(const struct image *image, const struct formula *formula,
                            const struct value *arguments, int64_t now_ms,
                            struct image_space *space);

// Whether an alert is active: VALUE_BOOLEAN, or unknown/absent.
struct value image_alert(const struct image *image, const struct alert *alert, int64_t now_ms);

#endif
