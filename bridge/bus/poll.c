// SPDX-License-Identifier: MIT
#include "bus/poll.h"

#include <string.h>

#include "base/clock.h"

struct request poll_request(const struct unit *unit, const struct block *block)
{
    return (struct request){
        .unit_id = line_unit_id(unit, block->unit_id),
        .function = pdu_read_function(block->table),
        .address = block->address,
        .count = block->count,
    };
}

static enum agenda_outcome judge(const struct block *block, const struct reading *reading)
{
    if (reading->fault == FAULT_NONE)
        return AGENDA_READ;
    if (reading->fault != FAULT_EXCEPTION)
        return AGENDA_SILENT;
    enum exception_kind kind = exception_kind(reading->exception);
    if (kind == EXCEPTION_LATER)
        return AGENDA_LATER;
    if (block->optional)
        return AGENDA_NOT_FITTED;
    return kind == EXCEPTION_REFUSAL ? AGENDA_REFUSED : AGENDA_FAILED;
}

// A gateway speaks for the device; for what is optional or has a unit of its own it says that
// this is not there.
static bool is_silence(const struct block *block, uint8_t exception)
{
    return exception_kind(exception) == EXCEPTION_SILENCE && !block->optional &&
           block->unit_id == NO_INDEX;
}

static void take_words(struct unit *unit, const struct block *block,
                       const struct answer *answer, struct reading *reading)
{
    bool bits = table_is_bits(block->table);
    reading->word_count = (uint16_t)(bits ? (answer->count + 15) / 16 : answer->count);
    memcpy(reading->words, answer->words, reading->word_count * sizeof(uint16_t));
    image_store(unit->image, block, reading->words, reading->monotonic_ms);
}

enum agenda_outcome poll_block(struct line *line, struct unit *unit, const struct block *block,
                               struct reading *ret_reading)
{
    struct request request = poll_request(unit, block);
    struct answer answer = {0};
    enum fault fault = FAULT_IDENTITY; // a model that is not there: nothing to ask for
    if (image_place(unit->image, block, &request.address, &request.count))
        fault = line_poll(line, unit, &request, &answer);
    if (fault == FAULT_EXCEPTION && is_silence(block, answer.exception))
        fault = FAULT_TIMEOUT;
    ret_reading->device = unit->index;
    ret_reading->block = block;
    ret_reading->fault = fault;
    ret_reading->exception = fault == FAULT_EXCEPTION ? answer.exception : 0;
    ret_reading->monotonic_ms = clock_monotonic_ms();
    ret_reading->wall_ms = clock_wall_ms();
    ret_reading->word_count = 0;
    enum agenda_outcome outcome = judge(block, ret_reading);
    if (outcome == AGENDA_READ)
        take_words(unit, block, &answer, ret_reading);
    else if (outcome != AGENDA_LATER && fault != FAULT_STOPPED)
        image_fail(unit->image, block, fault, ret_reading->exception,
                   ret_reading->monotonic_ms);
    return outcome;
}
