// SPDX-License-Identifier: MIT
#include "cli/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "daemon/wording.h"
#include "registers/sunspec.h"

enum { WORDS_IN_LINE = 8 };

void recording_begin(struct recording *record, struct target *target)
{
    *record = (struct recording){.target = target};
}

void recording_done(struct recording *record)
{
    free(record->words);
    free(record->refusals);
}

// Taking in
// ------------------------------------------------------------------------------------

static void add_word(struct recording *record, int unit_id, enum table table, uint16_t address,
                     uint16_t word)
{
    // Powers of two: room is made when a power is reached.
    if ((record->count & (record->count - 1)) == 0)
        record->words = mem_resize(record->words, record->count ? 2 * record->count : 1,
                                   sizeof *record->words);
    record->words[record->count++] =
        (struct recording_word){unit_id, table, address, word, NULL};
}

static void add_refusal(struct recording *record, const struct recording_refusal *refusal)
{
    record->refusals =
        mem_resize(record->refusals, record->refusal_count + 1, sizeof *record->refusals);
    record->refusals[record->refusal_count++] = *refusal;
}

void recording_hear(void *context, const struct reading *reading, uint16_t address,
                    uint16_t count)
{
    struct recording *record = context;
    const struct block *block = reading->block;
    if (reading->fault == FAULT_EXCEPTION) {
        struct recording_refusal refusal = {block->unit_id, block->table, address, count,
                                            reading->exception};
        add_refusal(record, &refusal);
    }
    for (uint16_t i = 0; reading->fault == FAULT_NONE && i < count; i++) {
        unsigned bits = reading->words[i / 16];
        unsigned word =
            table_is_bits(block->table) ? (bits >> (i % 16)) & 1 : reading->words[i];
        add_word(record, block->unit_id, block->table, (uint16_t)(address + i), (uint16_t)word);
    }
}

void recording_chain(struct recording *record)
{
    struct target *target = record->target;
    const struct modbus_settings *modbus = &target->device->modbus;
    struct sunspec_walk walk;
    if (modbus->sunspec_count == 0)
        return;
    sunspec_begin(&walk, modbus->sunspec, modbus->sunspec_count);
    while (walk.state == SUNSPEC_READ) {
        struct answer answer;
        struct request request = {
            .unit_id = (uint8_t)target->device->unit_id,
            .function = pdu_read_function(TABLE_HOLDING),
            .address = walk.address,
            .count = SUNSPEC_READ_COUNT,
        };
        enum fault fault = line_transact(&target->line, target->unit, &request, &answer);
        if (fault == FAULT_NONE) {
            for (int i = 0; i < SUNSPEC_READ_COUNT; i++)
                add_word(record, NO_INDEX, TABLE_HOLDING, (uint16_t)(request.address + i),
                         answer.words[i]);
            sunspec_take(&walk, answer.words);
        } else if (fault == FAULT_EXCEPTION) {
            sunspec_refuse(&walk, answer.exception);
        } else {
            return;
        }
    }
}

// In order
// -------------------------------------------------------------------------------------

static int compare_words(const void *a, const void *b)
{
    const struct recording_word *one = a;
    const struct recording_word *other = b;
    if (one->unit_id != other->unit_id)
        return one->unit_id < other->unit_id ? -1 : 1;
    if (one->table != other->table)
        return one->table < other->table ? -1 : 1;
    return (int)one->address - (int)other->address;
}

static bool is_same_place(const struct recording_word *a, const struct recording_word *b)
{
    return compare_words(a, b) == 0;
}

// In the order of addresses, each once.
static void sort(struct recording *record)
{
    size_t count = 0;
    if (record->count > 1)
        qsort(record->words, record->count, sizeof *record->words, compare_words);
    for (size_t i = 0; i < record->count; i++) {
        if (count > 0 && is_same_place(&record->words[count - 1], &record->words[i]))
            record->words[count - 1].word = record->words[i].word;
        else
            record->words[count++] = record->words[i];
    }
    record->count = count;
}

static struct recording_word *find(struct recording *record, const struct recording_word *place)
{
    return record->count ? bsearch(place, record->words, record->count, sizeof *record->words,
                                   compare_words)
                         : NULL;
}

// Where an entry begins on this device; false when it is not there, or has no place of its own.
static bool place_of(const struct recording *record, const struct point *point,
                     struct recording_word *ret_place)
{
    const struct block block = {.table = point->table,
                                .unit_id = point->unit_id,
                                .model = point->model,
                                .address = point->address,
                                .count = point->word_count};
    uint16_t count = 0;
    *ret_place = (struct recording_word){.unit_id = point->unit_id, .table = point->table};
    return point->source == SOURCE_WORDS &&
           image_place(record->target->unit->image, &block, &ret_place->address, &count);
}

static void name_words(struct recording *record)
{
    const struct map *map = record->target->device->map;
    for (size_t i = 0; i < map->point_count; i++) {
        struct recording_word place;
        struct recording_word *word = NULL;
        if (place_of(record, &map->points[i], &place))
            word = find(record, &place);
        if (word && !word->key)
            word->key = map->points[i].key;
    }
}

// What can only be written exists although it was not read.
static void add_write_only(struct recording *record)
{
    const struct map *map = record->target->device->map;
    size_t read = record->count;
    for (size_t i = 0; i < map->point_count; i++) {
        const struct point *point = &map->points[i];
        struct recording_word place;
        if ((point->access & ACCESS_READ) || !place_of(record, point, &place))
            continue;
        for (uint16_t k = 0; k < point->word_count; k++)
            add_word(record, place.unit_id, place.table, (uint16_t)(place.address + k), 0);
    }
    if (record->count > read)
        sort(record);
}

// A refused request of which something was read after all says nothing.
static bool is_lasting(struct recording *record, const struct recording_refusal *refusal)
{
    for (uint16_t i = 0; i < refusal->count; i++) {
        struct recording_word place = {.unit_id = refusal->unit_id,
                                       .table = refusal->table,
                                       .address = (uint16_t)(refusal->address + i)};
        if (find(record, &place))
            return false;
    }
    return true;
}

// Writing
// --------------------------------------------------------------------------------------

static void add_head(const struct recording *record, int64_t wall_ms, struct strbuf *out)
{
    const struct target *target = record->target;
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    char when[40];
    char place[160];
    (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    wording_place(&target->site->buses[target->device->bus], place, sizeof place);
    strbuf_printf(out, "# What %s, a device of the map %s, said at %s: %s, unit %d.\n",
                  target->device->name, target->device->map->name, when, place,
                  target->device->unit_id);
    strbuf_printf(
        out, "# Read by modbridge %s. To replay it: modbridge simulate %s --values FILE\n\n",
        MODBRIDGE_VERSION, target->device->map->name);
}

// Returns whether a register does not exist, which `only: true` says.
static bool add_refusals(struct recording *record, struct strbuf *out)
{
    bool is_missing = false;
    for (size_t i = 0; i < record->refusal_count; i++) {
        const struct recording_refusal *refusal = &record->refusals[i];
        if (!is_lasting(record, refusal))
            continue;
        strbuf_printf(out, "# refused: %s %u", table_names[refusal->table], refusal->address);
        if (refusal->count > 1)
            strbuf_printf(out, "..%d", refusal->address + refusal->count - 1);
        if (refusal->unit_id != NO_INDEX)
            strbuf_printf(out, " of unit %d", refusal->unit_id);
        strbuf_printf(out, ": %s (exception %u)\n", exception_name(refusal->exception),
                      refusal->exception);
        is_missing |= refusal->exception == EXCEPTION_ILLEGAL_ADDRESS;
    }
    return is_missing;
}

// Words that follow each other, up to where the next entry begins. Returns how many.
static size_t add_line(const struct recording *record, size_t first, const char *indent,
                       struct strbuf *out)
{
    const struct recording_word *word = &record->words[first];
    size_t count = 1;
    while (first + count < record->count && count < WORDS_IN_LINE && !word[count].key &&
           word[count].unit_id == word->unit_id && word[count].table == word->table &&
           word[count].address == word->address + count)
        count++;
    strbuf_printf(out, "%s%u: %s", indent, word->address, count > 1 ? "[" : "");
    for (size_t i = 0; i < count; i++)
        strbuf_printf(out, table_is_bits(word->table) ? "%s%u" : "%s0x%04X", i ? ", " : "",
                      word[i].word);
    strbuf_printf(out, "%s%s%s\n", count > 1 ? "]" : "", word->key ? "  # " : "",
                  word->key ? word->key : "");
    return count;
}

static void add_words(const struct recording *record, struct strbuf *out)
{
    int unit_id = NO_INDEX;
    enum table table = TABLE_COUNT;
    for (size_t i = 0; i < record->count;) {
        const struct recording_word *word = &record->words[i];
        if (word->unit_id != unit_id) {
            if (unit_id == NO_INDEX)
                strbuf_add(out, "units:\n");
            strbuf_printf(out, "  %d:\n", word->unit_id);
            table = TABLE_COUNT;
        }
        const char *indent = word->unit_id == NO_INDEX ? "" : "    ";
        if (word->table != table)
            strbuf_printf(out, "%s%s:\n", indent, table_names[word->table]);
        unit_id = word->unit_id;
        table = word->table;
        i += add_line(record, i, unit_id == NO_INDEX ? "  " : "      ", out);
    }
}

static bool put_all(int descriptor, const struct strbuf *text)
{
    for (size_t at = 0; at < text->length;) {
        ssize_t length = write(descriptor, text->text + at, text->length - at);
        if (length <= 0)
            return false;
        at += (size_t)length;
    }
    return fsync(descriptor) == 0;
}

// Beside the file first: what was there stays until all of it is on disk.
static int replace_file(const char *path, const struct strbuf *text, struct error *err)
{
    struct strbuf beside = {0};
    strbuf_printf(&beside, "%s.XXXXXX", path);
    int descriptor = mkstemp(beside.text);
    bool is_written = descriptor >= 0 && fchmod(descriptor, 0644) == 0 &&
                      put_all(descriptor, text) && rename(beside.text, path) == 0;
    int failed = is_written ? 0 : error_set_errno(err, "%s cannot be written", path);
    if (descriptor >= 0)
        (void)close(descriptor);
    if (!is_written && descriptor >= 0)
        (void)unlink(beside.text);
    strbuf_done(&beside);
    return failed;
}

int recording_write(struct recording *record, const char *path, bool is_all, int64_t wall_ms,
                    struct error *err)
{
    struct strbuf text = {0};
    sort(record);
    add_head(record, wall_ms, &text);
    bool is_missing = add_refusals(record, &text);
    if (is_missing && is_all) {
        add_write_only(record);
        strbuf_add(&text, "only: true\n");
    }
    name_words(record);
    add_words(record, &text);
    int failed = replace_file(path, &text, err);
    strbuf_done(&text);
    return failed;
}
