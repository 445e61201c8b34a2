// SPDX-License-Identifier: MIT
#include "bus/placed.h"

#include "bus/identity.h"
#include "bus/models.h"

static enum fault find_out_who(struct line *line, struct unit *unit, struct answer *ret_answer)
{
    char text[200];
    if (identity_is_known(line, unit))
        return FAULT_NONE;
    enum fault fault = identity_check(line, unit, text, sizeof text);
    if (fault == FAULT_EXCEPTION)
        *ret_answer = (struct answer){.exception = unit->record.exception};
    return fault;
}

enum fault placed_transact(struct line *line, struct unit *unit, const struct request *request,
                           uint8_t model, struct answer *ret_answer)
{
    struct request placed = *request;
    enum fault fault = find_out_who(line, unit, ret_answer);
    line->was_sent = false;
    if (fault != FAULT_NONE)
        return fault;
    if (!models_resolve(unit, model, &placed))
        return FAULT_IDENTITY;
    return line_transact(line, unit, &placed, ret_answer);
}
