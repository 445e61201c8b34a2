// SPDX-License-Identifier: MIT
// A device, or whoever else is on its line, says anything at any time: a link gives up in time,
// keeps the line's silence, and takes a value only from a frame that was said and answers the
// request. Time is that of tests/wire/script.c.
//
// Input: the transport, then requests (unit, function, address, count, number of sayings), each
// with what is said after it: a pause, then 0 for closing, 1..127 for so many bytes that
// follow, or 128.. for the right answer with one byte changed (its place, and with what).
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time_units.h"
#include "bus/link.h"
#include "wire/frame.h"
#include "wire/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    TIMEOUT_MS = 300,
    LATE_MS = 1000,
    SAYINGS = 15,
    STREAM_SIZE = 16384,
    PAUSE_US = 3000, // times a byte
    SLACK_US = 50 * US_PER_MS,
    RAW = 128, // a saying below is so many bytes
    KEEPS_CRC = 1,
};

struct input {
    const uint8_t *data;
    size_t left;
};

static struct {
    uint8_t bytes[STREAM_SIZE];
    size_t length;
} said; // all of it, whenever

static void require(bool condition)
{
    if (!condition)
        abort();
}

static uint8_t take(struct input *input)
{
    if (!input->left)
        return 0;
    input->left--;
    return *input->data++;
}

static void say(int64_t after_us, const uint8_t *bytes, size_t length)
{
    if (said.length + length > STREAM_SIZE)
        return;
    memcpy(said.bytes + said.length, bytes, length);
    said.length += length;
    script_answer(after_us, bytes, length);
}

// The right answer, but for one byte.
static void say_almost(enum framing framing, uint16_t transaction,
                       const struct request *request, int64_t after_us, bool keeps_crc,
                       struct input *input)
{
    struct answer answer = {.count = request->count};
    uint8_t frame[MAX_FRAME];
    for (size_t i = 0; i < request->count && i < MAX_READ_REGISTERS; i++)
        answer.words[i] = pdu_find_function(request->function)->is_write ? request->words[i]
                                                                         : (uint16_t)(i & 1);
    size_t length = frame_build_response(framing, transaction, request, &answer, frame);
    uint8_t place = take(input);
    frame[place % length] ^= take(input);
    if (framing == FRAMING_RTU && keeps_crc) {
        uint16_t crc = rtu_crc(frame, length - 2);
        frame[length - 2] = (uint8_t)crc;
        frame[length - 1] = (uint8_t)(crc >> 8);
    }
    say(after_us, frame, length);
}

static void say_one(enum framing framing, uint16_t transaction, const struct request *request,
                    int64_t after_us, struct input *input)
{
    uint8_t bytes[RAW];
    uint8_t kind = take(input);
    if (kind >= RAW) {
        say_almost(framing, transaction, request, after_us, kind & KEEPS_CRC, input);
        return;
    }
    for (size_t i = 0; i < kind; i++)
        bytes[i] = take(input);
    say(after_us, bytes, kind);
}

// Whether that frame was said, in one piece.
static bool was_said(const uint8_t *frame, size_t length)
{
    for (size_t i = 0; i + length <= said.length; i++) {
        if (memcmp(said.bytes + i, frame, length) == 0)
            return true;
    }
    return false;
}

static void check_answer(enum framing framing, const struct request *request,
                         const struct answer *answer)
{
    uint8_t frame[MAX_FRAME];
    uint16_t transaction = (uint16_t)(script.sent[0] << 8 | script.sent[1]);
    require(answer->exception || answer->count == request->count);
    // Padding behind the last bit is the device's own.
    if (!answer->exception && table_is_bits(pdu_find_function(request->function)->table))
        return;
    size_t length = frame_build_response(framing, transaction, request, answer, frame);
    require(length > 0);
    require(was_said(frame, length));
}

static void transact(struct link *link, enum framing framing, const struct request *request)
{
    struct error err;
    struct answer answer = {.exception = 99};
    require(link_open(link, TIMEOUT_MS, &err) == FAULT_NONE);
    script.sent_count = 0;
    enum fault fault = link_transact(link, request, TIMEOUT_MS, &answer);
    require(script.sent_count <= 1 && fault != FAULT_STOPPED && !script.broke_silence);
    if (fault == FAULT_NONE || fault == FAULT_EXCEPTION) {
        require(script.sent_count == 1);
        require((fault == FAULT_EXCEPTION) == (answer.exception != 0));
        if (!(framing == FRAMING_RTU && request->unit_id == 0))
            check_answer(framing, request, &answer);
    } else {
        require(answer.exception == 99 && link_last_note(link)->text[0]);
    }
    if (script.sent_count) {
        int64_t wire_us = rtu_wire_time_us(9600, PARITY_NONE, 1, MAX_FRAME);
        require(script.now_us - script.asked_us <= TIMEOUT_MS * US_PER_MS + wire_us + SLACK_US);
    }
    if (fault == FAULT_TIMEOUT)
        link_await_late(link, request, LATE_MS);
}

static bool is_awaited(const struct link *link, const struct request *request)
{
    const struct late *late = link_late(link);
    return late && late_until_us(late, request->unit_id, request->function, request->count,
                                 script.now_us);
}

static void take_transaction(struct link *link, enum framing framing, uint16_t transaction,
                             struct input *input)
{
    struct request request = {.unit_id = take(input), .function = take(input)};
    request.address = take(input);
    request.count = take(input);
    size_t sayings = take(input) & SAYINGS;
    if (!pdu_is_valid_request(&request) || is_awaited(link, &request))
        return;
    script.pending_count = 0;
    int64_t after_us = 0;
    for (size_t i = 0; i < sayings && input->left; i++) {
        after_us += take(input) * PAUSE_US;
        say_one(framing, transaction, &request, after_us, input);
    }
    transact(link, framing, &request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {.data = data, .left = size};
    struct error err;
    const struct bus_settings settings = {
        .transport = (enum transport)(take(&input) % (TRANSPORT_RTU_OVER_TCP + 1)),
        .host = "device",
        .port = 502,
        .path = "line",
        .baud = 9600,
        .parity = PARITY_NONE,
        .stop_bits = 1,
    };
    enum framing framing = settings.transport == TRANSPORT_TCP ? FRAMING_TCP : FRAMING_RTU;
    memset(&script, 0, sizeof script);
    said.length = 0;
    script.settings = &settings;
    script.now_us = 1000 * US_PER_MS;
    struct link *link = link_new(&settings, -1, &err);
    require(link != NULL);
    while (input.left && script.event_count + SAYINGS < SCRIPT_SLOTS) {
        uint16_t last = (uint16_t)(script.sent[0] << 8 | script.sent[1]);
        take_transaction(link, framing, (uint16_t)(last + 1), &input);
    }
    link_free(link);
    return 0;
}
