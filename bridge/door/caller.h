// SPDX-License-Identifier: MIT
// One master that has connected to a shared bus: what it has sent, and the request of it that
// is under way. It has one at a time; further ones wait in its connection until that is
// answered. Bytes in, requests out, frames in the other direction. Pure: time is an argument.
// One owner.
#ifndef DOOR_CALLER_H
#define DOOR_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/site.h"
#include "wire/frame.h"
#include "wire/guest.h"

enum {
    CALLER_PACE_MS = 20,             // from one request to the next
    CALLER_FRAME_MS = 5000,          // in which a frame that was begun must be whole
    CALLER_IDLE_MS = 10 * 60 * 1000, // without a request, it is dropped
    CALLER_PATIENCE_MS = 3000,       // in which the bus must have had time for it
};

struct caller {
    uint8_t bytes[MAX_TCP_FRAME]; // received and not read yet
    size_t length;
    int64_t begun_ms;  // when the first of them came
    int64_t ready_ms;  // when its next request may be read
    int64_t active_ms; // when it last asked something, or came
    bool is_waiting;   // for the answer to `request`
    uint16_t transaction;
    struct request request;
};

// A new caller, who may ask at once.
void caller_begin(struct caller *caller, int64_t now_ms);

// How many bytes may be received now; 0 while it waits or is to wait for its pace.
size_t caller_room(const struct caller *caller, int64_t now_ms);

// `count` bytes were put at caller->bytes + caller->length.
void caller_receive(struct caller *caller, size_t count, int64_t now_ms);

enum caller_wish {
    CALLER_WANTS_NOTHING,  // until more comes, or its pace is over
    CALLER_ASKS,           // its request may go to the bus
    CALLER_IS_REFUSED,     // *ret_exception is to be answered
    CALLER_MAKES_NO_SENSE, // what it sends is no Modbus TCP: to be dropped
};

// Reads the next request, when it may have one.
enum caller_wish caller_read(struct caller *caller, const struct share_settings *share,
                             bool is_serial, int64_t now_ms, uint8_t *ret_exception);

// The frame that answers the request under way; its length. It waits no longer.
size_t caller_answer(struct caller *caller, const struct answer *answer, int64_t now_ms,
                     uint8_t ret_frame[MAX_FRAME]);

// What the master is told of what became of its request: the answer of the equipment, or the
// exception that stands for its silence.
struct answer caller_answer_of(const struct guest *guest);

// When it is to be looked at again without anything having come: to read on, or to drop it.
int64_t caller_next_ms(const struct caller *caller, int64_t now_ms);

// Whether its time is over: amid a frame, or without a word.
bool caller_is_late(const struct caller *caller, int64_t now_ms);

#endif
