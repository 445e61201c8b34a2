// SPDX-License-Identifier: MIT
// The registers of one simulated device: only the addresses that its map lists exist, as in
// equipment that refuses every other one. One owner, one thread.
//
// Units: an entry without unit_id, or with the device's own, is at BANK_OWN_UNIT; an entry with
// another unit_id is at that id.
#ifndef SIM_BANK_H
#define SIM_BANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/map.h"
#include "model/values.h"
#include "registers/sunspec.h"

struct bank;

enum { BANK_OWN_UNIT = -1 };

// Exception codes of refused requests (Modbus Application Protocol V1.1b3, section 7).
enum bank_refusal {
    BANK_FINE = 0,
    BANK_ILLEGAL_ADDRESS = 2,
};

// A bank with every address of every entry, all words 0. The blocks the firmware wants, and the
// gaps that `modbus` lets a request span, exist too and cannot be written; unreadable addresses
// do not exist. `unit_id` is the device's own. `map` must outlive the bank; the caller owns it.
struct bank *bank_new(const struct map *map, const struct modbus_settings *modbus, int unit_id);
void bank_free(struct bank *bank);

// The map it was made for; borrowed.
const struct map *bank_map(const struct bank *bank);

// Counts every change of a word, so that what was made from the words can be made again.
uint64_t bank_revision(const struct bank *bank);

// Gives it another chain of SunSpec models than the one made from its map; all its words are 0
// after that. Nothing for a map without sunspec.
void bank_lay_chain(struct bank *bank, const struct given_chain *given);

// Looks where its models are by walking the chain its own words are, as after a dump was put
// in.
void bank_find_models(struct bank *bank);

// Where the chain and its models are; borrowed.
const struct sunspec_chain *bank_chain(const struct bank *bank);
const struct sunspec_places *bank_models(const struct bank *bank);

// The address of a word (0..) of an entry with words. False when it is in a SunSpec model that
// is not there, or is too short.
bool bank_address(const struct bank *bank, const struct point *words, uint16_t index,
                  uint16_t *ret_address);

// Whether any entry is at this unit id (not BANK_OWN_UNIT).
bool bank_has_unit(const struct bank *bank, int unit);

// Where an entry is.
int bank_unit_of(const struct bank *bank, const struct point *point);

// What a client may do: BANK_ILLEGAL_ADDRESS, and nothing done, when one of the addresses does
// not exist or may not be read (written). Bits are words 0 and 1.
enum bank_refusal bank_read(const struct bank *bank, int unit, struct span span,
                            uint16_t *ret_words);
enum bank_refusal bank_write(struct bank *bank, int unit, struct span span,
                             const uint16_t *words);

// What the equipment itself does, whatever a client may do. A word that does not exist reads as
// 0; setting it makes it exist, for reading.
uint16_t bank_word(const struct bank *bank, int unit, enum table table, uint16_t address);
void bank_set_word(struct bank *bank, int unit, enum table table, uint16_t address,
                   uint16_t word);

// Addresses of a unit.
struct bank_place {
    int unit;
    struct span span;
};

// The unit under which the bank has this unit id: BANK_OWN_UNIT for the device's own, or for
// NO_INDEX.
int bank_unit(const struct bank *bank, int unit_id);

// Makes every address vanish that none of the places covers.
void bank_retain(struct bank *bank, const struct bank_place *places, size_t count);

// The words of an entry, or of the one a view is made from; `words` has room for
// MAX_POINT_WORDS. Nothing for a computed entry.
void bank_get_point(const struct bank *bank, const struct point *point, uint16_t *ret_words);
void bank_set_point(struct bank *bank, const struct point *point, const uint16_t *words);

// Whether the entry has a word among these addresses.
bool bank_touches(const struct bank *bank, const struct point *point, int unit,
                  struct span span);

#endif
