// SPDX-License-Identifier: MIT
#include "bus/poll.h"

#include <string.h>

#include "base/clock.h"

static enum agenda_outcome judge(const struct block *block, const struct reading *reading)
{
    if (reading->fault == FAULT_NONE)
        return AGENDA_READ;
    if (reading->fault != FAULT_EXCEPTION)
        return AGENDA_FAILED;
    if (block->optional)
        return AGENDA_NOT_FITTED;
    return reading->exception >= 1 && reading->exception <= 3 ? AGENDA_REFUSED : AGENDA_FAILED;
}

static enum fault read_with_retry(struct line *line, struct unit *unit,
                                  const struct request *request, struct answer *ret_answer)
{
    enum fault fault = line_transact(line, unit, request, ret_answer);
    // A link that broke may only have been closed while idle; it is opened again once.
    bool may_be_chance =
        fault == FAULT_TIMEOUT || fault == FAULT_GARBLED || fault == FAULT_LINK;
    if (may_be_chance && unit->health.state == HEALTH_ONLINE)
        fault = line_transact(line, unit, request, ret_answer);
    return fault;
}

enum agenda_outcome poll_block(struct line *line, struct unit *unit, const struct block *block,
                               struct reading *ret_reading)
{
    struct request request = {
        .unit_id = line_unit_id(unit, block->unit_id),
        .function = pdu_read_function(block->table),
        .address = block->address,
        .count = block->count,
    };
    struct answer answer = {0};
    ret_reading->fault = read_with_retry(line, unit, &request, &answer);
    ret_reading->device = unit->index;
    ret_reading->block = block;
    ret_reading->exception = ret_reading->fault == FAULT_EXCEPTION ? answer.exception : 0;
    ret_reading->monotonic_ms = clock_monotonic_ms();
    ret_reading->wall_ms = clock_wall_ms();
    ret_reading->word_count = 0;
    if (ret_reading->fault == FAULT_NONE) {
        bool bits = table_is_bits(block->table);
        ret_reading->word_count = (uint16_t)(bits ? (block->count + 15) / 16 : block->count);
        memcpy(ret_reading->words, answer.words, ret_reading->word_count * sizeof(uint16_t));
        image_store(unit->image, block, ret_reading->words, ret_reading->monotonic_ms);
    } else if (ret_reading->fault != FAULT_STOPPED) {
        image_fail(unit->image, block, ret_reading->fault, ret_reading->exception,
                   ret_reading->monotonic_ms);
    }
    return judge(block, ret_reading);
}
