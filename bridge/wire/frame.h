// SPDX-License-Identifier: MIT
// One face over both framings: what to send, and what the bytes that came mean to the request
// that is waiting. A value is taken only from a frame that is whole and is the answer to this
// request and no other. Pure, any thread.
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/pdu.h"
#include "wire/rtu.h"
#include "wire/tcp.h"

enum framing {
    FRAMING_TCP,
    FRAMING_RTU, // on a serial port or through a TCP connection
};

enum { MAX_FRAME = MAX_TCP_FRAME }; // the longer of the two

enum frame_kind {
    FRAME_NEED_MORE, // nothing can be said yet
    FRAME_ANSWER,    // frame_match: it is the answer, maybe an exception
    FRAME_REQUEST,   // frame_match_request: it is a request
    FRAME_FOREIGN,   // a whole frame, but not the answer: skip it and go on
    FRAME_GARBLED,   // TCP: the stream is lost, close the connection; RTU: skip and go on
};

struct frame_verdict {
    enum frame_kind kind;
    size_t length;        // bytes to drop from the front: 0 for NEED_MORE and garbled TCP
    size_t noise;         // of those, bytes in front of the frame that belong to no frame
    const char *problem;  // GARBLED, FOREIGN: what it is (a static text)
    bool is_echo;         // FOREIGN: our own request came back (an adapter that hears itself)
    uint16_t transaction; // REQUEST on TCP: to be repeated in the response
    uint8_t exception;    // REQUEST: 0, or the exception to answer with
};

// Writes the frame of a request and returns its length; 0 when the request is not valid.
// `transaction` is ignored by RTU.
size_t frame_build_request(enum framing framing, uint16_t transaction,
                           const struct request *request, uint8_t ret_frame[MAX_FRAME]);

// Judges the bytes received so far against the request that waits. ret_answer is written for
// FRAME_ANSWER only.
//
// TCP: another transaction, unit or function is foreign (a late answer, usually). RTU has no
// transaction: a frame is the answer by unit, function, length and CRC, for a write also by
// what it repeats; noise, echoes of the request and other frames in front of it are stepped
// over. A late answer of the same unit, function and length to an earlier request cannot be
// told apart here: whoever sends must not ask so until it can no longer come.
//
// The answer to functions 5 and 6 equals the request byte for byte, so on an RTU line that
// echoes, the echo is taken for it unless the sender strips what it sent.
struct frame_verdict frame_match(enum framing framing, uint16_t transaction,
                                 const struct request *request, const uint8_t *bytes,
                                 size_t length, struct answer *ret_answer);

// The server's side: finds the next request to any unit. With verdict.exception set only unit
// and function of ret_request are written. On RTU the caller drops what is left over when the
// line falls silent.
struct frame_verdict frame_match_request(enum framing framing, const uint8_t *bytes,
                                         size_t length, struct request *ret_request);

// Writes the frame that answers a parsed request, an exception when answer->exception is set;
// returns its length.
size_t frame_build_response(enum framing framing, uint16_t transaction,
                            const struct request *request, const struct answer *answer,
                            uint8_t ret_frame[MAX_FRAME]);

// Bytes on the wire of the answer that grants a valid request: of a list the most it can have.
size_t frame_response_size(enum framing framing, const struct request *request);

// Writes the bytes for people, "07 03 00 10 00 04"; ends in "..." when they do not fit. `size`
// of 3 * length + 1 always suffices; it is at least 4.
void frame_format(const uint8_t *bytes, size_t length, char *ret_text, size_t size);

#endif
