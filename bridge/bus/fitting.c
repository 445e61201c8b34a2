// SPDX-License-Identifier: MIT
#include "bus/fitting.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bus/identity.h"
#include "registers/needs.h"

enum {
    MAX_SILENCES = 3,
    COMMON_MODEL = 1, // every SunSpec device has it
};

struct read_row {
    struct request request;
    enum fault fault;
    struct answer answer;
};

struct unit_reads {
    struct line *line;
    struct unit *unit;
    uint8_t unit_id;
    struct read_row *rows;
    size_t count;
    size_t size;
    unsigned silences; // in a row
};

struct unit_reads *unit_reads_new(struct line *line, struct unit *unit, uint8_t unit_id)
{
    struct unit_reads *reads = mem_new(1, sizeof *reads);
    *reads = (struct unit_reads){.line = line, .unit = unit, .unit_id = unit_id};
    return reads;
}

void unit_reads_free(struct unit_reads *reads)
{
    if (!reads)
        return;
    free(reads->rows);
    free(reads);
}

static const struct read_row *find_row(const struct unit_reads *reads,
                                       const struct request *request)
{
    for (size_t i = 0; i < reads->count; i++) {
        const struct request *made = &reads->rows[i].request;
        if (made->unit_id == request->unit_id && made->function == request->function &&
            made->address == request->address && made->count == request->count)
            return &reads->rows[i];
    }
    return NULL;
}

static struct read_row *add_row(struct unit_reads *reads)
{
    if (reads->count == reads->size) {
        reads->size = reads->size ? 2 * reads->size : 16;
        reads->rows = mem_resize(reads->rows, reads->size, sizeof *reads->rows);
    }
    return &reads->rows[reads->count++];
}

enum fault unit_reads_get(struct unit_reads *reads, const struct request *request,
                          struct answer *ret_answer)
{
    const struct read_row *known = find_row(reads, request);
    if (known) {
        *ret_answer = known->answer;
        return known->fault;
    }
    if (reads->silences >= MAX_SILENCES)
        return FAULT_TIMEOUT;
    struct answer answer = {0};
    enum fault fault = line_transact(reads->line, reads->unit, request, &answer);
    if (fault == FAULT_STOPPED)
        return fault;
    bool is_answer = fault == FAULT_NONE || fault == FAULT_EXCEPTION;
    reads->silences = is_answer ? 0 : reads->silences + 1;
    struct read_row *row = add_row(reads);
    *row = (struct read_row){.request = *request, .fault = fault, .answer = answer};
    *ret_answer = answer;
    return fault;
}

// Puts what one block brings into the image.
static enum fault read_block(struct unit_reads *reads, struct image *image,
                             const struct block *block)
{
    struct answer answer = {0};
    struct request request = {
        .unit_id = block->unit_id == NO_INDEX ? reads->unit_id : (uint8_t)block->unit_id,
        .function = pdu_read_function(block->table),
    };
    if (!image_place(image, block, &request.address, &request.count))
        return FAULT_NONE;
    enum fault fault = unit_reads_get(reads, &request, &answer);
    int64_t now_ms = clock_monotonic_ms();
    if (fault == FAULT_NONE)
        image_store(image, block, answer.words, now_ms);
    else if (fault != FAULT_STOPPED)
        image_fail(image, block, fault, answer.exception, now_ms);
    return fault;
}

static enum fault read_rules(struct unit_reads *reads, const struct map *map,
                             struct image *image)
{
    struct needs needs;
    needs_init(&needs, map);
    for (size_t i = 0; i < map->identify_count; i++)
        needs_add(&needs, map->identify[i].point);
    needs_close(&needs);
    struct arena *arena = arena_new();
    const struct plan_request request = {.map = map, .modbus = &map->modbus};
    const struct plan *plan = block_plan_for(arena, &request, needs.points, needs.count);
    enum fault fault = FAULT_NONE;
    for (size_t i = 0; i < plan->block_count && fault != FAULT_STOPPED; i++)
        fault = read_block(reads, image, &plan->blocks[i]);
    arena_free(arena);
    needs_done(&needs);
    return fault == FAULT_STOPPED ? FAULT_STOPPED : FAULT_NONE;
}

static bool knows_any(const struct map *map, const struct image *image, int64_t now_ms)
{
    for (size_t i = 0; i < map->identify_count; i++) {
        struct image_space space = {0};
        struct value value = image_value(image, map->identify[i].point, now_ms, &space);
        if (value_is_known(&value))
            return true;
    }
    return false;
}

// The models a map names that this unit has; false when it has no chain where the map looks.
static bool find_models(const struct map *map, const struct account *account,
                        struct image *image, struct fit *fit)
{
    struct sunspec_places places;
    bool is_where = false;
    for (size_t i = 0; i < map->modbus.sunspec_count; i++)
        is_where |= account->has_sunspec && map->modbus.sunspec[i] == account->chain.base;
    if (!is_where)
        return false;
    sunspec_find(&account->chain, map->models, map->model_count, &places);
    image_set_models(image, &places);
    for (size_t i = 0; i < map->model_count; i++) {
        bool is_common = map->models[i].low == COMMON_MODEL;
        fit->models += !is_common;
        fit->models_found += !is_common && places.items[i].length > 0;
    }
    return true;
}

static enum fitting judge_rules(const struct map *map, const struct image *image)
{
    char text[160];
    int64_t now_ms = clock_monotonic_ms();
    if (!knows_any(map, image, now_ms))
        return FITTING_UNTOLD;
    return identity_judge(map, image, now_ms, text, sizeof text) == FAULT_IDENTITY
               ? FITTING_OTHER
               : FITTING_FITS;
}

enum fault fitting_judge(struct unit_reads *reads, const struct account *account,
                         const struct map *map, struct fit *ret_fit)
{
    struct fit fit = {.fitting = FITTING_UNTOLD};
    bool is_sunspec = map->modbus.sunspec_count > 0;
    enum fault fault = FAULT_NONE;
    struct image *image = image_new(map, &map->modbus);
    fit.has_rule = is_sunspec || map->identify_count > 0;
    if (is_sunspec && !find_models(map, account, image, &fit)) {
        fit.fitting = FITTING_OTHER;
    } else if (map->identify_count > 0) {
        fault = read_rules(reads, map, image);
        fit.fitting = judge_rules(map, image);
    } else if (is_sunspec) {
        fit.fitting = fit.models_found ? FITTING_FITS : FITTING_OTHER;
    }
    image_free(image);
    if (fault == FAULT_NONE)
        *ret_fit = fit;
    return fault;
}

bool fitting_is_of_vendor(const struct map *map, const char *said)
{
    enum { SHORTEST = 2 };
    if (!map->vendor || !said)
        return false;
    size_t length = strcspn(map->vendor, " ,.-");
    return length >= SHORTEST && strncasecmp(map->vendor, said, length) == 0 &&
           strcspn(said, " ,.-") == length;
}
