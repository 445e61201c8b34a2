// SPDX-License-Identifier: MIT
#include "bus/sounding.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MAX_TRIES = 2 };

void sounding_begin(struct sounding *sounding, enum table table, uint32_t count)
{
    uint32_t longest = table_is_bits(table) ? MAX_READ_BITS : MAX_READ_REGISTERS;
    *sounding = (struct sounding){
        .count = count,
        .longest = longest,
        .limit = longest,
        .states = mem_new(count, 1),
        .exceptions = mem_new(count, 1),
    };
}

void sounding_done(struct sounding *sounding)
{
    free(sounding->states);
    free(sounding->exceptions);
    sounding->states = NULL;
    sounding->exceptions = NULL;
}

bool sounding_was_left(const struct sounding *sounding)
{
    return sounding->silences >= MAX_SOUNDING_SILENCES;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

bool sounding_next(const struct sounding *sounding, struct sounding_span *ret_span)
{
    if (sounding_was_left(sounding))
        return false;
    if (sounding->measures) {
        uint32_t unknown = sounding->limited.count ? sounding->refused - sounding->granted : 0;
        *ret_span =
            (struct sounding_span){sounding->limited.from, sounding->granted + unknown / 2};
        return unknown > 1;
    }
    if (sounding->waiting_count) {
        *ret_span = sounding->waiting[sounding->waiting_count - 1];
        return true;
    }
    *ret_span = (struct sounding_span){
        sounding->next, least(sounding->limit, sounding->count - sounding->next)};
    return ret_span->count > 0;
}

static void mark(struct sounding *sounding, struct sounding_span span,
                 enum sounding_state state, uint8_t exception)
{
    memset(sounding->states + span.from, (int)state, span.count);
    memset(sounding->exceptions + span.from, exception, span.count);
}

static bool is_read(const struct sounding *sounding, struct sounding_span span)
{
    for (uint32_t i = 0; i < span.count; i++) {
        if (sounding->states[span.from + i] != SOUNDING_READ)
            return false;
    }
    return true;
}

// A whole request, with all its halves, is over. When all of it could be read, only not at
// once, it was too long: the next ones are shorter.
static void end_whole(struct sounding *sounding)
{
    if (sounding->whole_was_refused && is_read(sounding, sounding->whole)) {
        sounding->limited = sounding->whole;
        sounding->refused = sounding->whole.count;
        sounding->limit = sounding->granted;
    }
    sounding->whole_was_refused = false;
    sounding->measures = sounding->next == sounding->count;
}

// Takes the request that was asked off the list.
static void advance(struct sounding *sounding, struct sounding_span span)
{
    if (sounding->waiting_count)
        sounding->waiting_count--;
    else
        sounding->next = span.from + span.count;
}

static void halve(struct sounding *sounding, struct sounding_span span)
{
    uint32_t half = (span.count + 1) / 2;
    struct sounding_span *waiting = sounding->waiting;
    waiting[sounding->waiting_count++] =
        (struct sounding_span){span.from + half, span.count - half};
    waiting[sounding->waiting_count++] = (struct sounding_span){span.from, half};
}

void sounding_note(struct sounding *sounding, enum fault fault, uint8_t exception)
{
    struct sounding_span span;
    if (!sounding_next(sounding, &span))
        return;
    bool is_silence = fault != FAULT_NONE && fault != FAULT_EXCEPTION;
    bool is_refusal =
        fault == FAULT_EXCEPTION && exception_kind(exception) == EXCEPTION_REFUSAL;
    bool is_passing = is_silence || (fault == FAULT_EXCEPTION && !is_refusal);
    if (is_passing && ++sounding->tries < MAX_TRIES)
        return;
    sounding->tries = 0;
    sounding->silences = is_silence ? sounding->silences + 1 : 0;
    if (sounding->measures) {
        *(fault == FAULT_NONE ? &sounding->granted : &sounding->refused) = span.count;
        return;
    }
    if (sounding->waiting_count == 0)
        sounding->whole = span;
    sounding->whole_was_refused |= sounding->waiting_count == 0 && is_refusal;
    advance(sounding, span);
    if (fault == FAULT_NONE) {
        mark(sounding, span, SOUNDING_READ, 0);
        sounding->granted = span.count > sounding->granted ? span.count : sounding->granted;
    } else if (is_refusal && span.count > 1) {
        halve(sounding, span);
    } else {
        mark(sounding, span, is_silence ? SOUNDING_SILENT : SOUNDING_REFUSED, exception);
    }
    if (sounding->waiting_count == 0)
        end_whole(sounding);
}

bool sounding_has_read(const struct sounding *sounding, uint32_t place, uint32_t count)
{
    bool has = place + count <= sounding->count;
    for (uint32_t i = 0; has && i < count; i++)
        has = sounding->states[place + i] == SOUNDING_READ;
    return has;
}

uint32_t sounding_end_of_same(const struct sounding *sounding, uint32_t place)
{
    uint32_t end = place + 1;
    while (end < sounding->count && sounding->states[end] == sounding->states[place] &&
           sounding->exceptions[end] == sounding->exceptions[place])
        end++;
    return end;
}
