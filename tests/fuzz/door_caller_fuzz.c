// SPDX-License-Identifier: MIT
// Any bytes come from another master, in pieces and at any pace: what goes to the bus is a
// valid request that the site permits, each request gets one answer of Modbus TCP with its
// transaction id, and nothing is read beyond what a door has room for. The first bytes of the
// input say how the rest comes.
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "door/caller.h"
#include "door/permit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct share_range ranges[] = {
    {.unit_id = 4, .table = TABLE_HOLDING, .first = 100, .last = 110},
    {.unit_id = 4, .table = TABLE_COIL, .first = 0, .last = 7},
};
static const struct share_settings share = {
    .host = "127.0.0.1", .port = 1502, .ranges = ranges, .range_count = ARRAY_LENGTH(ranges)};

static void require(bool condition)
{
    if (!condition)
        abort();
}

// Whatever is written is written inside the list.
static void check_permitted(const struct request *request)
{
    const struct pdu_function *function = pdu_find_function(request->function);
    require(pdu_is_valid_request(request));
    if (!function->is_write)
        return;
    bool is_coil = function->table == TABLE_COIL;
    int last = request->address + request->count - 1;
    require(request->unit_id == 4);
    require(is_coil ? last <= 7 : request->address >= 100 && last <= 110);
}

static void check_answer(struct caller *caller, const struct answer *answer, int64_t now_ms)
{
    uint8_t frame[MAX_FRAME];
    struct tcp_frame split;
    const char *problem = NULL;
    struct request asked = caller->request;
    uint16_t transaction = caller->transaction;
    size_t length = caller_answer(caller, answer, now_ms, frame);
    require(length > MBAP_SIZE && length <= MAX_TCP_FRAME);
    require(tcp_split_frame(frame, length, &split, &problem) == TCP_STATE_FRAME);
    require(split.transaction == transaction && split.unit_id == asked.unit_id);
    require(MBAP_SIZE + split.pdu_length == length);
    require((split.pdu[0] & FUNCTION_ERROR) || split.pdu[0] == asked.function);
    if (answer->exception)
        require(split.pdu_length == 2 && split.pdu[1] == answer->exception);
    require(!caller->is_waiting);
}

// The bus has answered, or not.
static struct answer outcome_of(const struct caller *caller, uint8_t choice)
{
    struct guest guest = {.request = caller->request};
    guest.fault = (enum fault)(choice % FAULT_COUNT);
    guest.end = (enum guest_end)(choice / FAULT_COUNT % GUEST_END_COUNT);
    guest.answer.count = caller->request.count;
    if (guest.fault == FAULT_EXCEPTION)
        guest.answer = (struct answer){.exception = 2};
    else if (caller->request.function == FUNCTION_READ_IDENTIFICATION)
        guest.fault = FAULT_TIMEOUT; // an answer of its own shape: wire_frame_fuzz
    struct answer answer = caller_answer_of(&guest);
    require(guest.fault == FAULT_NONE || answer.exception != 0);
    return answer;
}

static bool read_all(struct caller *caller, bool is_serial, uint8_t choice, int64_t *now_ms)
{
    for (;;) {
        uint8_t exception = 0;
        enum caller_wish wish = caller_read(caller, &share, is_serial, *now_ms, &exception);
        if (wish == CALLER_WANTS_NOTHING || wish == CALLER_MAKES_NO_SENSE)
            return wish == CALLER_WANTS_NOTHING;
        struct answer answer = {.exception = exception};
        require((wish == CALLER_IS_REFUSED) == (exception != 0));
        require(caller_room(caller, *now_ms) == 0);
        if (wish == CALLER_ASKS) {
            check_permitted(&caller->request);
            answer = outcome_of(caller, choice);
        }
        check_answer(caller, &answer, *now_ms);
        require(caller_next_ms(caller, *now_ms) > *now_ms);
        *now_ms += CALLER_PACE_MS;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct caller caller;
    int64_t now_ms = 1000;
    if (size < 2)
        return 0;
    size_t piece = 1U + data[0];
    uint8_t choice = data[1];
    size_t at = 2;
    caller_begin(&caller, now_ms);
    while (at < size) {
        size_t room = caller_room(&caller, now_ms);
        size_t count = size - at < piece ? size - at : piece;
        count = count < room ? count : room;
        require(count > 0 && caller.length + count <= sizeof caller.bytes);
        memcpy(caller.bytes + caller.length, data + at, count);
        caller_receive(&caller, count, now_ms);
        at += count;
        if (!read_all(&caller, (choice & 0x80) != 0, choice, &now_ms))
            return 0;
        require(!caller_is_late(&caller, now_ms));
    }
    now_ms += caller.length ? CALLER_FRAME_MS : CALLER_IDLE_MS;
    require(caller_is_late(&caller, now_ms));
    return 0;
}
