// SPDX-License-Identifier: MIT
#include "bus/late.h"

#include "base/hash.h"
#include "wire/frame.h"

static void drop_ended(struct late *late, int64_t now_us)
{
    size_t kept = 0;
    for (size_t i = 0; i < late->count; i++) {
        if (late->answers[i].until_us > now_us)
            late->answers[kept++] = late->answers[i];
    }
    late->count = kept;
}

static struct late_answer *first_to_end(struct late *late)
{
    struct late_answer *first = &late->answers[0];
    for (size_t i = 1; i < late->count; i++) {
        if (late->answers[i].until_us < first->until_us)
            first = &late->answers[i];
    }
    return first;
}

static uint64_t content_of(const struct request *request)
{
    uint8_t pdu[MAX_PDU];
    return hash_bytes(HASH_START, pdu, pdu_build_request(request, pdu));
}

void late_add(struct late *late, const struct request *request, int64_t until_us,
              int64_t now_us)
{
    drop_ended(late, now_us);
    struct late_answer *answer =
        late->count < MAX_LATE ? &late->answers[late->count++] : first_to_end(late);
    *answer = (struct late_answer){
        .unit_id = request->unit_id,
        .function = request->function,
        .frame_size = (uint16_t)frame_response_size(FRAMING_RTU, request),
        .is_list = pdu_find_function(request->function)->is_list,
        .is_write = pdu_find_function(request->function)->is_write,
        .address = request->address,
        .count = request->count,
        .content = content_of(request),
        .until_us = until_us,
    };
}

int64_t late_until_us(const struct late *late, uint8_t unit_id, uint8_t function,
                      uint16_t count, int64_t now_us)
{
    struct request request = {.unit_id = unit_id, .function = function, .count = count};
    int64_t until_us = 0;
    for (size_t i = 0; i < late->count; i++) {
        const struct late_answer *answer = &late->answers[i];
        bool is_alike = answer->unit_id == unit_id && answer->function == function &&
                        !answer->is_write &&
                        answer->frame_size == frame_response_size(FRAMING_RTU, &request);
        if (is_alike && answer->until_us > now_us && answer->until_us > until_us)
            until_us = answer->until_us;
    }
    return until_us;
}

bool late_doubts_exception(const struct late *late, const struct request *request,
                           int64_t now_us)
{
    for (size_t i = 0; i < late->count; i++) {
        const struct late_answer *answer = &late->answers[i];
        if (answer->unit_id == request->unit_id && answer->function == request->function &&
            answer->until_us > now_us)
            return true;
    }
    return false;
}

bool late_doubts_write(const struct late *late, const struct request *request, int64_t now_us)
{
    const struct pdu_function *function = pdu_find_function(request->function);
    if (!function->is_write || function->is_single)
        return false;
    uint64_t content = content_of(request);
    for (size_t i = 0; i < late->count; i++) {
        const struct late_answer *answer = &late->answers[i];
        if (answer->unit_id == request->unit_id && answer->function == request->function &&
            answer->address == request->address && answer->count == request->count &&
            answer->content != content && answer->until_us > now_us)
            return true;
    }
    return false;
}

bool late_awaits_any(const struct late *late, int64_t now_us)
{
    for (size_t i = 0; i < late->count; i++) {
        if (late->answers[i].until_us > now_us)
            return true;
    }
    return false;
}

void late_came(struct late *late, const uint8_t *frame, size_t length, int64_t now_us)
{
    drop_ended(late, now_us);
    if (length < MIN_RTU_FRAME || !rtu_is_frame(frame, length))
        return;
    // A refusal does not say of which request: a unit answers in the order it was asked.
    struct late_answer *came = NULL;
    for (size_t i = 0; i < late->count; i++) {
        struct late_answer *answer = &late->answers[i];
        bool is_exception = frame[1] == (answer->function | FUNCTION_ERROR);
        bool is_granted =
            frame[1] == answer->function && (answer->is_list || length == answer->frame_size);
        if (frame[0] == answer->unit_id && (is_exception || is_granted) &&
            (!came || answer->until_us < came->until_us))
            came = answer;
    }
    if (came)
        *came = late->answers[--late->count];
}

void late_forget(struct late *late)
{
    late->count = 0;
}
