// SPDX-License-Identifier: MIT
// Any bytes on a line: whoever listens makes progress, never drops more than there is, and
// takes a value only from a whole frame that answers the request. Input: framing, transaction,
// a request (unit, function, address, count), then the stream.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/frame.h"
#include "wire/identification.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 8 };

static void require(bool condition)
{
    if (!condition)
        abort();
}

static uint16_t word_at(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void check_verdict(enum framing framing, const struct frame_verdict *verdict,
                          size_t length)
{
    bool is_tcp = framing == FRAMING_TCP;
    bool stays = verdict->kind == FRAME_NEED_MORE || (is_tcp && verdict->kind == FRAME_GARBLED);
    require(verdict->length <= length && verdict->noise <= verdict->length);
    require((verdict->length == 0) == stays);
    require(!is_tcp || verdict->noise == 0);
    bool has_problem = verdict->kind == FRAME_GARBLED || verdict->kind == FRAME_FOREIGN;
    require(!has_problem || (verdict->problem && verdict->problem[0]));
}

// A list of objects that was taken is one, inside what came.
static void check_list(const struct answer *answer)
{
    struct identification list;
    size_t bytes = IDENTIFICATION_HEADER;
    require(identification_unpack(answer, &list));
    for (size_t i = 0; i < list.object_count; i++)
        bytes += 2U + list.objects[i].length;
    require(bytes == answer->count);
}

// An answer stands whole at the end of what is dropped.
static void check_answer(enum framing framing, const struct request *request,
                         const struct answer *answer, const uint8_t *bytes,
                         const struct frame_verdict *verdict)
{
    const uint8_t *frame = bytes + verdict->noise;
    size_t length = verdict->length - verdict->noise;
    size_t header = framing == FRAMING_TCP ? MBAP_SIZE : 1;
    require(frame[header - 1] == request->unit_id);
    require(framing == FRAMING_TCP || rtu_is_frame(frame, length));
    if (answer->exception) {
        require(frame[header] == (request->function | FUNCTION_ERROR));
        return;
    }
    require(frame[header] == request->function);
    if (pdu_find_function(request->function)->is_list) {
        check_list(answer);
    } else {
        require(answer->count == request->count);
        require(length == frame_response_size(framing, request));
    }
    if (pdu_find_function(request->function)->is_write)
        return;
    // What was taken out of the frame builds that frame again, but for padding bits.
    uint8_t built[MAX_FRAME];
    size_t built_length = frame_build_response(framing, word_at(frame), request, answer, built);
    require(built_length == length);
    bool is_list = pdu_find_function(request->function)->is_list;
    if (is_list || !table_is_bits(pdu_find_function(request->function)->table))
        require(memcmp(built, frame, length) == 0);
}

static void listen_for_answer(enum framing framing, uint16_t transaction,
                              const struct request *request, const uint8_t *bytes,
                              size_t length)
{
    for (;;) {
        struct answer answer;
        struct frame_verdict verdict =
            frame_match(framing, transaction, request, bytes, length, &answer);
        check_verdict(framing, &verdict, length);
        require(verdict.kind != FRAME_REQUEST);
        if (verdict.kind == FRAME_ANSWER)
            check_answer(framing, request, &answer, bytes, &verdict);
        if (verdict.length == 0)
            return;
        bytes += verdict.length;
        length -= verdict.length;
    }
}

static void check_request(enum framing framing, const struct request *request,
                          const struct frame_verdict *verdict)
{
    static const struct identification_object objects[] = {{0, 4, (const uint8_t *)"Acme"}};
    struct answer answer = {.exception = verdict->exception};
    uint8_t frame[MAX_FRAME];
    require(verdict->exception || pdu_is_valid_request(request));
    if (!answer.exception && pdu_find_function(request->function)->is_list)
        identification_answer(request, objects, 1, &answer);
    else if (!answer.exception)
        answer.count = request->count;
    size_t length =
        frame_build_response(framing, verdict->transaction, request, &answer, frame);
    require(length > 0 && length <= sizeof frame);
    if (answer.exception)
        return;
    // The answer of the server is the answer to the client, and the request is found again.
    struct answer taken;
    struct request found;
    struct frame_verdict match =
        frame_match(framing, verdict->transaction, request, frame, length, &taken);
    require(match.kind == FRAME_ANSWER || match.is_echo);
    length = frame_build_request(framing, verdict->transaction, request, frame);
    match = frame_match_request(framing, frame, length, &found);
    require(match.kind == FRAME_REQUEST && match.length == length && !match.exception);
    require(found.unit_id == request->unit_id && found.function == request->function);
    require(found.address == request->address && found.count == request->count);
}

static void listen_for_requests(enum framing framing, const uint8_t *bytes, size_t length)
{
    for (;;) {
        struct request request = {0};
        struct frame_verdict verdict = frame_match_request(framing, bytes, length, &request);
        check_verdict(framing, &verdict, length);
        require(verdict.kind != FRAME_ANSWER && verdict.kind != FRAME_FOREIGN);
        if (verdict.kind == FRAME_REQUEST)
            check_request(framing, &request, &verdict);
        if (verdict.length == 0)
            return;
        bytes += verdict.length;
        length -= verdict.length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEADER)
        return 0;
    enum framing framing = data[0] & 1 ? FRAMING_RTU : FRAMING_TCP;
    struct request request = {
        .unit_id = data[2],
        .function = data[3],
        .address = word_at(data + 4),
        .count = word_at(data + 6),
    };
    for (size_t i = 0; i < MAX_READ_REGISTERS && request.count > 0; i++)
        request.words[i] = data[1]; // what a write repeats
    if (pdu_is_valid_request(&request))
        listen_for_answer(framing, data[1], &request, data + HEADER, size - HEADER);
    listen_for_requests(framing, data + HEADER, size - HEADER);
    return 0;
}
