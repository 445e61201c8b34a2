// SPDX-License-Identifier: MIT
#include "door/caller.h"

#include <string.h>

#include "door/permit.h"

void caller_begin(struct caller *caller, int64_t now_ms)
{
    *caller = (struct caller){.ready_ms = now_ms, .active_ms = now_ms};
}

size_t caller_room(const struct caller *caller, int64_t now_ms)
{
    if (caller->is_waiting || now_ms < caller->ready_ms)
        return 0;
    return sizeof caller->bytes - caller->length;
}

void caller_receive(struct caller *caller, size_t count, int64_t now_ms)
{
    if (caller->length == 0)
        caller->begun_ms = now_ms;
    caller->length += count;
}

static void drop_bytes(struct caller *caller, size_t count, int64_t now_ms)
{
    caller->length -= count;
    caller->begun_ms = now_ms;
    memmove(caller->bytes, caller->bytes + count, caller->length);
}

enum caller_wish caller_read(struct caller *caller, const struct share_settings *share,
                             bool is_serial, int64_t now_ms, uint8_t *ret_exception)
{
    if (caller->is_waiting || caller->length == 0 || now_ms < caller->ready_ms)
        return CALLER_WANTS_NOTHING;
    caller->request = (struct request){0};
    struct frame_verdict verdict =
        frame_match_request(FRAMING_TCP, caller->bytes, caller->length, &caller->request);
    if (verdict.kind == FRAME_NEED_MORE)
        return CALLER_WANTS_NOTHING;
    if (verdict.kind != FRAME_REQUEST)
        return CALLER_MAKES_NO_SENSE;
    drop_bytes(caller, verdict.length, now_ms);
    caller->transaction = verdict.transaction;
    caller->is_waiting = true;
    caller->active_ms = now_ms;
    caller->ready_ms = now_ms + CALLER_PACE_MS;
    *ret_exception = verdict.exception ? verdict.exception
                                       : permit_judge(share, is_serial, &caller->request);
    return *ret_exception ? CALLER_IS_REFUSED : CALLER_ASKS;
}

size_t caller_answer(struct caller *caller, const struct answer *answer, int64_t now_ms,
                     uint8_t ret_frame[MAX_FRAME])
{
    caller->is_waiting = false;
    caller->begun_ms = now_ms;
    return frame_build_response(FRAMING_TCP, caller->transaction, &caller->request, answer,
                                ret_frame);
}

struct answer caller_answer_of(const struct guest *guest)
{
    if (guest->fault == FAULT_NONE || guest->fault == FAULT_EXCEPTION)
        return guest->answer;
    if (guest->end == GUEST_BUSY)
        return (struct answer){.exception = EXCEPTION_BUSY};
    if (guest->fault == FAULT_TIMEOUT || guest->fault == FAULT_GARBLED)
        return (struct answer){.exception = EXCEPTION_NO_ANSWER};
    return (struct answer){.exception = EXCEPTION_NO_PATH};
}

int64_t caller_next_ms(const struct caller *caller, int64_t now_ms)
{
    if (caller->is_waiting)
        return INT64_MAX;
    if (now_ms < caller->ready_ms)
        return caller->ready_ms;
    return caller->length > 0 ? caller->begun_ms + CALLER_FRAME_MS
                              : caller->active_ms + CALLER_IDLE_MS;
}

bool caller_is_late(const struct caller *caller, int64_t now_ms)
{
    return now_ms >= caller->ready_ms && now_ms >= caller_next_ms(caller, now_ms);
}
