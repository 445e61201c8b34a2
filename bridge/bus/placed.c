// SPDX-License-Identifier: MIT
#include "bus/placed.h"

#include "bus/identity.h"
#include "bus/models.h"

static enum fault find_models(struct line *line, struct unit *unit)
{
    char text[200];
    if (unit->device->modbus.sunspec_count == 0 ||
        (link_is_open(line->link) && identity_is_known(line, unit)))
        return FAULT_NONE;
    enum fault fault = identity_check(line, unit, text, sizeof text);
    // A refusal of the walk is no answer to this request.
    return fault == FAULT_EXCEPTION ? FAULT_TIMEOUT : fault;
}

enum fault placed_transact(struct line *line, struct unit *unit, const struct request *request,
                           uint8_t model, struct answer *ret_answer)
{
    struct request placed = *request;
    enum fault fault = find_models(line, unit);
    line->was_sent = false;
    if (fault != FAULT_NONE)
        return fault;
    if (!models_resolve(unit, model, &placed))
        return FAULT_IDENTITY;
    return line_transact(line, unit, &placed, ret_answer);
}
