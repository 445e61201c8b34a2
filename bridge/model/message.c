// SPDX-License-Identifier: MIT
#include "model/message.h"

#include <stdlib.h>

#include "base/mem.h"

const char *const fault_names[FAULT_COUNT] = {
    [FAULT_NONE] = "none",           [FAULT_TIMEOUT] = "timeout", [FAULT_GARBLED] = "garbled",
    [FAULT_EXCEPTION] = "exception", [FAULT_LINK] = "link",       [FAULT_STOPPED] = "stopped",
    [FAULT_IDENTITY] = "identity",
};

const char *exception_name(uint8_t exception)
{
    static const char *const names[] = {
        [1] = "illegal function",
        [2] = "illegal data address",
        [3] = "illegal data value",
        [4] = "server device failure",
        [5] = "acknowledge",
        [6] = "server device busy",
        [7] = "negative acknowledge",
        [8] = "memory parity error",
        [10] = "gateway path unavailable",
        [11] = "gateway target device failed to respond",
    };
    if (exception < ARRAY_LENGTH(names) && names[exception])
        return names[exception];
    return "unknown exception";
}

enum exception_kind exception_kind(uint8_t exception)
{
    switch (exception) {
    case 1:
    case 2:
    case 3:
        return EXCEPTION_REFUSAL;
    case 5:
    case 6:
        return EXCEPTION_LATER;
    case 10:
    case 11:
        return EXCEPTION_SILENCE;
    default:
        return EXCEPTION_FAILURE;
    }
}

void job_request_free(struct job_request *request)
{
    if (!request)
        return;
    free(request->text);
    arena_free(request->arena);
    free(request);
}

void job_result_free(struct job_result *result)
{
    if (!result)
        return;
    free(result->text);
    free(result);
}

void hold_end_free(struct hold_end *end)
{
    if (end)
        arena_free(end->arena);
}
