// SPDX-License-Identifier: MIT
#include "wire/frame.h"

#include <assert.h>
#include <string.h>

#define NOWHERE SIZE_MAX

// What begins at one place of a serial byte stream.
enum begins {
    BEGINS_NOTHING,
    BEGINS_MAYBE,          // some frame, if the rest comes
    BEGINS_MAYBE_EXPECTED, // the expected one, if the rest comes
    BEGINS_EXPECTED,
    BEGINS_OTHER, // a whole frame that is not the expected one
};

struct beginning {
    enum begins begins;
    size_t length; // of a whole frame
    bool is_echo;
    uint8_t exception; // of a request
};

// The request that waits, as frame and as data.
struct expected {
    const struct request *request;
    uint8_t frame[MAX_FRAME];
    size_t frame_length;
    bool is_read;
};

static size_t wrap(enum framing framing, uint16_t transaction, uint8_t unit_id,
                   const uint8_t *pdu, size_t pdu_length, uint8_t *ret_frame)
{
    if (framing == FRAMING_TCP)
        return tcp_build_frame(transaction, unit_id, pdu, pdu_length, ret_frame);
    return rtu_build_frame(unit_id, pdu, pdu_length, ret_frame);
}

size_t frame_build_request(enum framing framing, uint16_t transaction,
                           const struct request *request, uint8_t ret_frame[MAX_FRAME])
{
    uint8_t pdu[MAX_PDU];
    size_t length = pdu_build_request(request, pdu);
    if (length == 0)
        return 0;
    return wrap(framing, transaction, request->unit_id, pdu, length, ret_frame);
}

size_t frame_build_response(enum framing framing, uint16_t transaction,
                            const struct request *request, const struct answer *answer,
                            uint8_t ret_frame[MAX_FRAME])
{
    uint8_t pdu[MAX_PDU];
    size_t length = pdu_build_response(request, answer, pdu);
    return wrap(framing, transaction, request->unit_id, pdu, length, ret_frame);
}

static size_t overhead(enum framing framing)
{
    return framing == FRAMING_TCP ? (size_t)MBAP_SIZE : (size_t)RTU_OVERHEAD;
}

size_t frame_response_size(enum framing framing, const struct request *request)
{
    return overhead(framing) + pdu_response_size(request);
}

static struct frame_verdict match_tcp(uint16_t transaction, const struct request *request,
                                      const uint8_t *bytes, size_t length,
                                      struct answer *ret_answer)
{
    struct frame_verdict verdict = {.kind = FRAME_NEED_MORE};
    struct tcp_frame frame;
    enum tcp_state state = tcp_split_frame(bytes, length, &frame, &verdict.problem);
    if (state == TCP_STATE_GARBAGE)
        verdict.kind = FRAME_GARBLED;
    if (state != TCP_STATE_FRAME)
        return verdict;
    verdict.kind = FRAME_FOREIGN;
    verdict.length = MBAP_SIZE + frame.pdu_length;
    if (frame.transaction != transaction)
        verdict.problem = "an answer to another request";
    else if (frame.unit_id != request->unit_id)
        verdict.problem = "an answer of another unit";
    else if ((frame.pdu[0] & ~FUNCTION_ERROR) != request->function)
        verdict.problem = "an answer to another function";
    else if (pdu_parse_response(request, frame.pdu, frame.pdu_length, ret_answer,
                                &verdict.problem))
        verdict.kind = FRAME_ANSWER;
    else
        verdict = (struct frame_verdict){.kind = FRAME_GARBLED, .problem = verdict.problem};
    return verdict;
}

// Whether a frame of this announced length is here: whole, still to come, or not at all.
static enum begins look_for(size_t announced, const uint8_t *bytes, size_t length)
{
    if (announced == PDU_UNKNOWN)
        return BEGINS_NOTHING;
    if (announced == 0 || length < announced)
        return BEGINS_MAYBE;
    return rtu_is_frame(bytes, announced) ? BEGINS_OTHER : BEGINS_NOTHING;
}

// The expected answer, whole or in part.
static struct beginning look_for_answer(const struct expected *expected, const uint8_t *bytes,
                                        size_t length, struct answer *ret_answer)
{
    const struct request *request = expected->request;
    struct beginning here = {.begins = BEGINS_NOTHING};
    if (bytes[0] != request->unit_id)
        return here;
    if (length >= 2 && (bytes[1] & ~FUNCTION_ERROR) != request->function)
        return here;
    size_t announced = rtu_response_length(bytes, length);
    bool is_exception = length >= 2 && (bytes[1] & FUNCTION_ERROR);
    bool is_any_length = is_exception || pdu_find_function(request->function)->is_list;
    if (announced != 0 && !is_any_length &&
        announced != frame_response_size(FRAMING_RTU, request))
        return here;
    enum begins begins = look_for(announced, bytes, length);
    if (begins == BEGINS_MAYBE)
        here.begins = BEGINS_MAYBE_EXPECTED;
    const char *problem = NULL;
    if (begins == BEGINS_OTHER &&
        pdu_parse_response(request, bytes + 1, announced - RTU_OVERHEAD, ret_answer,
                           &problem)) {
        here.begins = BEGINS_EXPECTED;
        here.length = announced;
    }
    return here;
}

// Any whole frame, of a master or of another unit, or the beginning of one.
static struct beginning look_for_other(const uint8_t *bytes, size_t length)
{
    size_t announced[] = {rtu_response_length(bytes, length),
                          rtu_request_length(bytes, length)};
    struct beginning here = {.begins = BEGINS_NOTHING};
    for (size_t i = 0; i < 2; i++) {
        enum begins begins = look_for(announced[i], bytes, length);
        if (begins == BEGINS_OTHER)
            return (struct beginning){.begins = begins, .length = announced[i]};
        if (begins == BEGINS_MAYBE)
            here.begins = begins;
    }
    return here;
}

static struct beginning look_at(const struct expected *expected, const uint8_t *bytes,
                                size_t length, struct answer *ret_answer)
{
    size_t common = length < expected->frame_length ? length : expected->frame_length;
    bool repeats_request = memcmp(bytes, expected->frame, common) == 0;
    // Seven bytes of an echoed read may look like a whole answer of one register, CRC and all.
    // A value is at stake: wait for the eighth.
    if (repeats_request && expected->is_read) {
        if (common == expected->frame_length)
            return (struct beginning){
                .begins = BEGINS_OTHER, .length = common, .is_echo = true};
        return (struct beginning){.begins = BEGINS_MAYBE_EXPECTED};
    }
    struct beginning here = look_for_answer(expected, bytes, length, ret_answer);
    if (here.begins != BEGINS_NOTHING)
        return here;
    here = look_for_other(bytes, length);
    here.is_echo = repeats_request && here.begins == BEGINS_OTHER;
    return here;
}

static struct frame_verdict match_rtu(const struct request *request, const uint8_t *bytes,
                                      size_t length, struct answer *ret_answer)
{
    struct expected expected = {
        .request = request,
        .is_read = !pdu_find_function(request->function)->is_write,
    };
    expected.frame_length = frame_build_request(FRAMING_RTU, 0, request, expected.frame);
    size_t first = NOWHERE; // where a frame may begin whose rest is to come
    size_t at = 0;
    while (at < length) {
        struct beginning here = look_at(&expected, bytes + at, length - at, ret_answer);
        if (here.begins == BEGINS_EXPECTED)
            return (struct frame_verdict){
                .kind = FRAME_ANSWER, .length = at + here.length, .noise = at};
        if (here.begins == BEGINS_OTHER && first == NOWHERE)
            return (struct frame_verdict){
                .kind = FRAME_FOREIGN,
                .length = at + here.length,
                .noise = at,
                .is_echo = here.is_echo,
                .problem = here.is_echo ? "our own request came back" : "a frame for another",
            };
        if (first == NOWHERE && here.begins != BEGINS_NOTHING)
            first = at;
        if (here.begins == BEGINS_MAYBE_EXPECTED)
            break;
        at += here.begins == BEGINS_OTHER ? here.length : 1;
    }
    size_t noise = first == NOWHERE ? length : first;
    if (noise == 0)
        return (struct frame_verdict){.kind = FRAME_NEED_MORE};
    return (struct frame_verdict){.kind = FRAME_GARBLED,
                                  .length = noise,
                                  .noise = noise,
                                  .problem = "bytes that belong to no frame"};
}

struct frame_verdict frame_match(enum framing framing, uint16_t transaction,
                                 const struct request *request, const uint8_t *bytes,
                                 size_t length, struct answer *ret_answer)
{
    assert(pdu_is_valid_request(request));
    if (framing == FRAMING_TCP)
        return match_tcp(transaction, request, bytes, length, ret_answer);
    return match_rtu(request, bytes, length, ret_answer);
}

static struct frame_verdict match_tcp_request(const uint8_t *bytes, size_t length,
                                              struct request *ret_request)
{
    struct frame_verdict verdict = {.kind = FRAME_NEED_MORE};
    struct tcp_frame frame;
    enum tcp_state state = tcp_split_frame(bytes, length, &frame, &verdict.problem);
    if (state == TCP_STATE_GARBAGE)
        verdict.kind = FRAME_GARBLED;
    if (state != TCP_STATE_FRAME)
        return verdict;
    return (struct frame_verdict){
        .kind = FRAME_REQUEST,
        .length = MBAP_SIZE + frame.pdu_length,
        .transaction = frame.transaction,
        .exception = pdu_parse_request(frame.unit_id, frame.pdu, frame.pdu_length, ret_request),
    };
}

// A request at the first of these bytes. `at_front`: nothing came before them, so that a
// request with an unknown function may be found by its CRC alone.
static struct beginning look_for_request(const uint8_t *bytes, size_t length, bool at_front,
                                         struct request *ret_request)
{
    size_t announced = rtu_request_length(bytes, length);
    if (announced == PDU_UNKNOWN && at_front && length < MAX_RTU_FRAME)
        announced = rtu_find_frame(bytes, length);
    struct beginning here = {.begins = look_for(announced, bytes, length)};
    if (here.begins != BEGINS_OTHER)
        return here;
    return (struct beginning){
        .begins = BEGINS_EXPECTED,
        .length = announced,
        .exception =
            pdu_parse_request(bytes[0], bytes + 1, announced - RTU_OVERHEAD, ret_request),
    };
}

static struct frame_verdict match_rtu_request(const uint8_t *bytes, size_t length,
                                              struct request *ret_request)
{
    size_t first = NOWHERE;
    for (size_t at = 0; at < length; at++) {
        struct beginning here = look_for_request(bytes + at, length - at, at == 0, ret_request);
        if (here.begins == BEGINS_EXPECTED)
            return (struct frame_verdict){.kind = FRAME_REQUEST,
                                          .length = at + here.length,
                                          .noise = at,
                                          .exception = here.exception};
        if (first == NOWHERE && here.begins == BEGINS_MAYBE)
            first = at;
    }
    size_t noise = first == NOWHERE ? length : first;
    if (noise == 0)
        return (struct frame_verdict){.kind = FRAME_NEED_MORE};
    return (struct frame_verdict){.kind = FRAME_GARBLED,
                                  .length = noise,
                                  .noise = noise,
                                  .problem = "bytes that belong to no frame"};
}

struct frame_verdict frame_match_request(enum framing framing, const uint8_t *bytes,
                                         size_t length, struct request *ret_request)
{
    if (framing == FRAMING_TCP)
        return match_tcp_request(bytes, length, ret_request);
    return match_rtu_request(bytes, length, ret_request);
}

void frame_format(const uint8_t *bytes, size_t length, char *ret_text, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t used = 0;
    assert(size >= 4);
    for (size_t i = 0; i < length; i++) {
        size_t blank = used > 0;
        bool rest_fits = used + blank + 3 * (length - i) <= size;
        if (!rest_fits && used + blank + 2 + sizeof "..." > size) {
            memcpy(ret_text + used, "...", 3);
            used += 3;
            break;
        }
        if (blank)
            ret_text[used++] = ' ';
        ret_text[used++] = digits[bytes[i] >> 4];
        ret_text[used++] = digits[bytes[i] & 15];
    }
    ret_text[used] = '\0';
}
