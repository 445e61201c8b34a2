// SPDX-License-Identifier: MIT
#include "sim/bank.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sorted.h"
#include "model/message.h"
#include "sim/chain.h"

struct cell {
    int16_t unit;
    uint8_t table;
    bool can_read;
    bool can_write;
    uint16_t address;
    uint16_t word;
};

struct bank {
    const struct map *map;
    const struct modbus_settings *modbus;
    int unit_id;
    uint64_t revision;
    struct sunspec_chain chain;
    struct sunspec_places models; // of the map, in the chain
    struct cell *cells;           // ascending by unit, table and address
    size_t count;
    size_t room;
};

static int compare_cells(const void *left, const void *right)
{
    const struct cell *a = left;
    const struct cell *b = right;
    if (a->unit != b->unit)
        return a->unit < b->unit ? -1 : 1;
    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    return (int)a->address - (int)b->address;
}

static void add_cell(struct bank *bank, const struct cell *cell)
{
    if (bank->count == bank->room) {
        bank->room = bank->room ? bank->room * 2 : 64;
        bank->cells = mem_resize(bank->cells, bank->room, sizeof *bank->cells);
    }
    bank->cells[bank->count++] = *cell;
}

// Sorts, and joins cells of one address: what one of its entries may, a client may.
static void settle_cells(struct bank *bank)
{
    if (!bank->count)
        return;
    qsort(bank->cells, bank->count, sizeof *bank->cells, compare_cells);
    size_t last = 0;
    for (size_t i = 1; i < bank->count; i++) {
        struct cell *kept = &bank->cells[last];
        const struct cell *next = &bank->cells[i];
        if (compare_cells(kept, next) == 0) {
            kept->word |= next->word; // all but one of them are 0
            kept->can_read |= next->can_read;
            kept->can_write |= next->can_write;
        } else {
            bank->cells[++last] = *next;
        }
    }
    bank->count = last + 1;
}

// Where an address that counts from a model is; false when the model ends before.
static bool place_address(const struct bank *bank, uint8_t model, uint16_t address,
                          uint16_t *ret_address)
{
    *ret_address = address;
    if (model == SUNSPEC_NONE)
        return true;
    const struct sunspec_place *place = &bank->models.items[model - 1];
    if (place->length == 0 || address >= place->length + SUNSPEC_HEADER_WORDS)
        return false;
    *ret_address = (uint16_t)(place->address + address);
    return true;
}

bool bank_address(const struct bank *bank, const struct point *words, uint16_t index,
                  uint16_t *ret_address)
{
    uint16_t address =
        words->part_count ? words->parts[index] : (uint16_t)(words->address + index);
    return place_address(bank, words->model, address, ret_address);
}

static uint16_t point_words(const struct point *words)
{
    return words->part_count ? words->part_count : words->word_count;
}

static void add_point(struct bank *bank, const struct point *point)
{
    const struct point *words = map_words_of(bank->map, point);
    if (!words)
        return;
    bool fixed = words->table == TABLE_INPUT || words->table == TABLE_DISCRETE;
    for (uint16_t i = 0; i < point_words(words); i++) {
        struct cell cell = {
            .unit = (int16_t)bank_unit_of(bank, words),
            .table = (uint8_t)words->table,
            .can_read = (point->access & ACCESS_READ) != 0,
            .can_write = (point->access & ACCESS_WRITE) != 0 && !fixed,
        };
        if (bank_address(bank, words, i, &cell.address))
            add_cell(bank, &cell);
    }
}

static bool is_unreadable(const struct bank *bank, enum table table, uint16_t address)
{
    for (size_t i = 0; i < bank->modbus->unreadable_count; i++) {
        const struct span *span = &bank->modbus->unreadable[i];
        uint16_t first = 0;
        if (span->table == table && place_address(bank, span->model, span->address, &first) &&
            address >= first && address - first < span->count)
            return true;
    }
    return false;
}

static void add_blocks(struct bank *bank)
{
    const struct modbus_settings *modbus = bank->modbus;
    for (size_t i = 0; i < modbus->block_count; i++) {
        const struct span *block = &modbus->blocks[i];
        for (uint16_t k = 0; k < block->count; k++) {
            struct cell cell = {
                .unit = BANK_OWN_UNIT, .table = (uint8_t)block->table, .can_read = true};
            uint16_t address = (uint16_t)(block->address + k);
            if (place_address(bank, block->model, address, &cell.address))
                add_cell(bank, &cell);
        }
    }
}

static void add_holding(struct bank *bank, uint32_t address, uint16_t word)
{
    struct cell cell = {.unit = BANK_OWN_UNIT,
                        .table = TABLE_HOLDING,
                        .address = (uint16_t)address,
                        .can_read = true,
                        .word = word};
    if (address <= UINT16_MAX)
        add_cell(bank, &cell);
}

// The marker, the models with all their registers, and the end.
static void add_chain(struct bank *bank)
{
    const struct sunspec_chain *chain = &bank->chain;
    uint32_t end = (uint32_t)chain->base + SUNSPEC_HEADER_WORDS;
    if (bank->modbus->sunspec_count == 0)
        return;
    add_holding(bank, chain->base, SUNSPEC_MARKER_HIGH);
    add_holding(bank, chain->base + 1u, SUNSPEC_MARKER_LOW);
    for (size_t i = 0; i < chain->count; i++) {
        const struct sunspec_link *link = &chain->links[i];
        uint32_t first = link->place.address;
        end = first + SUNSPEC_HEADER_WORDS + link->place.length;
        add_holding(bank, first, link->id);
        add_holding(bank, first + 1, link->place.length);
        for (uint32_t address = first + SUNSPEC_HEADER_WORDS; address < end; address++)
            add_holding(bank, address, 0);
    }
    add_holding(bank, end, SUNSPEC_END_ID);
    add_holding(bank, end + 1, 0);
}

// A map whose requests span unlisted registers says that its device answers there.
static void add_gaps(struct bank *bank)
{
    size_t listed = bank->count;
    for (size_t i = 1; i < listed; i++) {
        struct cell before = bank->cells[i - 1];
        struct cell after = bank->cells[i];
        int largest = bank->modbus->merge_gap;
        if (largest == GAP_AUTO)
            largest = table_is_bits(before.table) ? MAX_READ_BITS : MAX_READ_REGISTERS;
        int gap = after.address - before.address - 1;
        if (before.unit != after.unit || before.table != after.table || gap > largest)
            continue;
        for (int k = 1; k <= gap; k++) {
            struct cell cell = before;
            cell.address = (uint16_t)(before.address + k);
            cell.can_read = true;
            cell.can_write = false;
            if (!is_unreadable(bank, cell.table, cell.address))
                add_cell(bank, &cell);
        }
    }
    settle_cells(bank);
}

static void build(struct bank *bank)
{
    const struct map *map = bank->map;
    sunspec_find(&bank->chain, map->models, map->model_count, &bank->models);
    for (size_t i = 0; i < map->point_count; i++)
        add_point(bank, &map->points[i]);
    add_blocks(bank);
    add_chain(bank);
    settle_cells(bank);
    add_gaps(bank);
}

struct bank *bank_new(const struct map *map, const struct modbus_settings *modbus, int unit_id)
{
    struct bank *bank = mem_new(1, sizeof *bank);
    bank->map = map;
    bank->modbus = modbus;
    bank->unit_id = unit_id;
    chain_make(map, modbus, NULL, &bank->chain);
    build(bank);
    return bank;
}

void bank_lay_chain(struct bank *bank, const struct given_chain *given)
{
    if (bank->modbus->sunspec_count == 0)
        return;
    chain_make(bank->map, bank->modbus, given, &bank->chain);
    bank->count = 0;
    bank->revision++;
    build(bank);
}

void bank_find_models(struct bank *bank)
{
    const struct modbus_settings *modbus = bank->modbus;
    struct sunspec_walk walk;
    if (modbus->sunspec_count == 0)
        return;
    sunspec_begin(&walk, modbus->sunspec, modbus->sunspec_count);
    while (walk.state == SUNSPEC_READ) {
        uint16_t words[SUNSPEC_READ_COUNT];
        struct span span = {TABLE_HOLDING, walk.address, SUNSPEC_READ_COUNT, SUNSPEC_NONE};
        enum bank_refusal refusal = bank_read(bank, BANK_OWN_UNIT, span, words);
        if (refusal == BANK_FINE)
            sunspec_take(&walk, words);
        else
            sunspec_refuse(&walk, (uint8_t)refusal);
    }
    if (walk.state != SUNSPEC_DONE)
        walk.chain.count = 0;
    bank->chain = walk.chain;
    sunspec_find(&bank->chain, bank->map->models, bank->map->model_count, &bank->models);
    for (size_t i = 0; i < bank->map->point_count; i++) {
        if (bank->map->points[i].model != SUNSPEC_NONE)
            add_point(bank, &bank->map->points[i]);
    }
    settle_cells(bank);
    bank->revision++;
}

const struct sunspec_chain *bank_chain(const struct bank *bank)
{
    return &bank->chain;
}

const struct sunspec_places *bank_models(const struct bank *bank)
{
    return &bank->models;
}

static bool is_covered(const struct cell *cell, const struct bank_place *places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct span *span = &places[i].span;
        if (cell->unit == places[i].unit && cell->table == span->table &&
            cell->address >= span->address && cell->address - span->address < span->count)
            return true;
    }
    return false;
}

void bank_retain(struct bank *bank, const struct bank_place *places, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < bank->count; i++) {
        if (is_covered(&bank->cells[i], places, count))
            bank->cells[kept++] = bank->cells[i];
    }
    bank->count = kept;
    bank->revision++;
}

void bank_free(struct bank *bank)
{
    if (!bank)
        return;
    free(bank->cells);
    free(bank);
}

const struct map *bank_map(const struct bank *bank)
{
    return bank->map;
}

uint64_t bank_revision(const struct bank *bank)
{
    return bank->revision;
}

int bank_unit(const struct bank *bank, int unit_id)
{
    return unit_id == NO_INDEX || unit_id == bank->unit_id ? BANK_OWN_UNIT : unit_id;
}

int bank_unit_of(const struct bank *bank, const struct point *point)
{
    const struct point *words = map_words_of(bank->map, point);
    return words ? bank_unit(bank, words->unit_id) : BANK_OWN_UNIT;
}

// The cell of an address, or the place where it would be inserted.
static size_t place_of_cell(const struct bank *bank, const struct cell *wanted)
{
    return sorted_place(wanted, bank->cells, bank->count, sizeof *bank->cells, compare_cells);
}

bool bank_has_unit(const struct bank *bank, int unit)
{
    struct cell first = {.unit = (int16_t)unit};
    size_t at = place_of_cell(bank, &first);
    return unit != BANK_OWN_UNIT && at < bank->count && bank->cells[at].unit == unit;
}

static struct cell *find_cell(const struct bank *bank, int unit, enum table table,
                              uint16_t address)
{
    struct cell wanted = {.unit = (int16_t)unit, .table = (uint8_t)table, .address = address};
    size_t at = place_of_cell(bank, &wanted);
    if (at == bank->count || compare_cells(&bank->cells[at], &wanted) != 0)
        return NULL;
    return &bank->cells[at];
}

// The first cell of a range all of whose addresses exist, else NULL. Cells are sorted, so they
// follow each other when they do.
static struct cell *find_range(const struct bank *bank, int unit, struct span span)
{
    struct cell *first = find_cell(bank, unit, span.table, span.address);
    if (!first || !span.count || span.address + span.count > 65536)
        return NULL;
    size_t left = bank->count - (size_t)(first - bank->cells);
    if (left < span.count)
        return NULL;
    const struct cell *last = first + span.count - 1;
    bool together = last->unit == first->unit && last->table == first->table &&
                    last->address == first->address + span.count - 1;
    return together ? first : NULL;
}

enum bank_refusal bank_read(const struct bank *bank, int unit, struct span span,
                            uint16_t *ret_words)
{
    const struct cell *cells = find_range(bank, unit, span);
    if (!cells)
        return BANK_ILLEGAL_ADDRESS;
    for (uint16_t i = 0; i < span.count; i++) {
        if (!cells[i].can_read)
            return BANK_ILLEGAL_ADDRESS;
    }
    for (uint16_t i = 0; i < span.count; i++)
        ret_words[i] = cells[i].word;
    return BANK_FINE;
}

enum bank_refusal bank_write(struct bank *bank, int unit, struct span span,
                             const uint16_t *words)
{
    struct cell *cells = find_range(bank, unit, span);
    if (!cells)
        return BANK_ILLEGAL_ADDRESS;
    for (uint16_t i = 0; i < span.count; i++) {
        if (!cells[i].can_write)
            return BANK_ILLEGAL_ADDRESS;
    }
    for (uint16_t i = 0; i < span.count; i++)
        cells[i].word = words[i];
    bank->revision++;
    return BANK_FINE;
}

uint16_t bank_word(const struct bank *bank, int unit, enum table table, uint16_t address)
{
    const struct cell *cell = find_cell(bank, unit, table, address);
    return cell ? cell->word : 0;
}

void bank_set_word(struct bank *bank, int unit, enum table table, uint16_t address,
                   uint16_t word)
{
    struct cell *cell = find_cell(bank, unit, table, address);
    bank->revision++;
    if (cell) {
        cell->word = word;
        return;
    }
    struct cell added = {.unit = (int16_t)unit,
                         .table = (uint8_t)table,
                         .address = address,
                         .can_read = true,
                         .word = word};
    size_t at = place_of_cell(bank, &added);
    add_cell(bank, &added);
    memmove(&bank->cells[at + 1], &bank->cells[at],
            (bank->count - 1 - at) * sizeof *bank->cells);
    bank->cells[at] = added;
}

void bank_get_point(const struct bank *bank, const struct point *point, uint16_t *ret_words)
{
    const struct point *words = map_words_of(bank->map, point);
    if (!words)
        return;
    int unit = bank_unit_of(bank, words);
    for (uint16_t i = 0; i < point_words(words); i++) {
        uint16_t address = 0;
        ret_words[i] = bank_address(bank, words, i, &address)
                           ? bank_word(bank, unit, words->table, address)
                           : 0;
    }
}

void bank_set_point(struct bank *bank, const struct point *point, const uint16_t *words)
{
    const struct point *place = map_words_of(bank->map, point);
    if (!place)
        return;
    int unit = bank_unit_of(bank, place);
    for (uint16_t i = 0; i < point_words(place); i++) {
        uint16_t address = 0;
        if (bank_address(bank, place, i, &address))
            bank_set_word(bank, unit, place->table, address, words[i]);
    }
}

bool bank_touches(const struct bank *bank, const struct point *point, int unit,
                  struct span span)
{
    const struct point *words = map_words_of(bank->map, point);
    if (!words || words->table != span.table || bank_unit_of(bank, words) != unit)
        return false;
    for (uint16_t i = 0; i < point_words(words); i++) {
        uint16_t address = 0;
        if (bank_address(bank, words, i, &address) && address >= span.address &&
            address - span.address < span.count)
            return true;
    }
    return false;
}
