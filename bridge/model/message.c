// SPDX-License-Identifier: MIT
#include "model/message.h"

#include <stdlib.h>

#include "base/mem.h"
#include "model/status.h"

const char *const fault_names[FAULT_COUNT] = {
    [FAULT_NONE] = "none",           [FAULT_TIMEOUT] = "timeout", [FAULT_GARBLED] = "garbled",
    [FAULT_EXCEPTION] = "exception", [FAULT_LINK] = "link",       [FAULT_STOPPED] = "stopped",
    [FAULT_IDENTITY] = "identity",
};

struct exception_row {
    const char *name;
    enum exception_kind kind;
    enum exception_on_write on_write;
};

// Some gateways say 10 where 11 is meant, so that neither tells how far a write has come.
static const struct exception_row exception_rows[] = {
    [1] = {"illegal function", EXCEPTION_REFUSAL, WRITE_REFUSED},
    [2] = {"illegal data address", EXCEPTION_REFUSAL, WRITE_REFUSED},
    [3] = {"illegal data value", EXCEPTION_REFUSAL, WRITE_REFUSED},
    [4] = {"server device failure", EXCEPTION_FAILURE, WRITE_UNCERTAIN},
    [5] = {"acknowledge", EXCEPTION_LATER, WRITE_ACCEPTED},
    [6] = {"server device busy", EXCEPTION_LATER, WRITE_BUSY},
    [7] = {"negative acknowledge", EXCEPTION_FAILURE, WRITE_REFUSED},
    [8] = {"memory parity error", EXCEPTION_FAILURE, WRITE_UNCERTAIN},
    [10] = {"gateway path unavailable", EXCEPTION_SILENCE, WRITE_UNHEARD},
    [11] = {"gateway target device failed to respond", EXCEPTION_SILENCE, WRITE_UNHEARD},
};

static const struct exception_row *find_exception(uint8_t exception)
{
    static const struct exception_row unknown = {"unknown exception", EXCEPTION_FAILURE,
                                                 WRITE_UNCERTAIN};
    if (exception < ARRAY_LENGTH(exception_rows) && exception_rows[exception].name)
        return &exception_rows[exception];
    return &unknown;
}

const char *exception_name(uint8_t exception)
{
    return find_exception(exception)->name;
}

enum exception_kind exception_kind(uint8_t exception)
{
    return find_exception(exception)->kind;
}

enum exception_on_write exception_on_write(uint8_t exception)
{
    return find_exception(exception)->on_write;
}

int64_t reading_due_ms(const struct reading *reading)
{
    return reading->monotonic_ms - reading->wall_ms % 1000 + 1000 + READING_GRACE_MS;
}

void message_done(struct message *message)
{
    if (message->kind == MESSAGE_STATUS)
        bus_status_free(message->status);
    else if (message->kind == MESSAGE_JOB_DONE)
        job_result_free(message->result);
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
