// SPDX-License-Identifier: MIT
#include "door/permit.h"

static bool holds_all(const struct share_range *range, enum table table,
                      const struct request *request)
{
    int last = request->address + request->count - 1;
    return range->table == table && range->first <= request->address && last <= range->last;
}

uint8_t permit_judge(const struct share_settings *share, bool is_serial,
                     const struct request *request)
{
    const struct pdu_function *function = pdu_find_function(request->function);
    bool is_listed = false;
    if (!function)
        return EXCEPTION_ILLEGAL_FUNCTION;
    if (is_serial && request->unit_id == 0)
        return EXCEPTION_NO_PATH;
    if (!function->is_write)
        return 0;
    for (size_t i = 0; i < share->range_count; i++) {
        const struct share_range *range = &share->ranges[i];
        if (range->unit_id != request->unit_id)
            continue;
        is_listed = true;
        if (holds_all(range, function->table, request))
            return 0;
    }
    return is_listed ? EXCEPTION_ILLEGAL_ADDRESS : EXCEPTION_ILLEGAL_FUNCTION;
}
