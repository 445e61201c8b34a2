// SPDX-License-Identifier: MIT
#include "bus/span.h"

#include <string.h>

#include "wire/pdu.h"

static enum fault transact(struct line *line, struct unit *unit, const struct request *request,
                           struct answer *ret_answer)
{
    enum fault fault = FAULT_NONE;
    for (int tries = 0; tries < 2; tries++) {
        fault = line_fault_of_unit(line_transact(line, unit, request, ret_answer), ret_answer);
        bool is_busy = fault == FAULT_EXCEPTION &&
                       exception_kind(ret_answer->exception) == EXCEPTION_LATER;
        if (fault != FAULT_TIMEOUT && fault != FAULT_GARBLED && !is_busy)
            break;
    }
    return fault;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

enum fault span_read(struct line *line, struct unit *unit, const struct register_span *span)
{
    size_t limit = (size_t)unit->device->modbus.max_registers;
    size_t part = limit;
    memset(span->known, false, span->count * sizeof *span->known);
    for (size_t done = 0; done < span->count;) {
        part = smaller(part, span->count - done);
        const struct request request = {
            .unit_id = line_unit_id(unit, NO_INDEX),
            .function = pdu_read_function(span->table),
            .address = (uint16_t)(span->address + done),
            .count = (uint16_t)part,
        };
        struct answer answer;
        enum fault fault = transact(line, unit, &request, &answer);
        if (fault != FAULT_NONE && fault != FAULT_EXCEPTION)
            return fault;
        if (fault == FAULT_EXCEPTION && part > 1) {
            part /= 2;
            continue;
        }
        if (fault == FAULT_NONE) {
            memcpy(span->words + done, answer.words, part * sizeof *span->words);
            memset(span->known + done, true, part * sizeof *span->known);
        }
        done += part;
        part = smaller(part * 2, limit);
    }
    return FAULT_NONE;
}
