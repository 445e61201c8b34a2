// SPDX-License-Identifier: MIT
// Answers that may still come after a time-out on a line without transaction ids. A late answer
// looks like the answer to any request of the same unit, function and length, so nothing of
// that shape is asked until it has come or can no longer come. Pure: time is an argument. One
// owner.
#ifndef BUS_LATE_H
#define BUS_LATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/pdu.h"

enum { MAX_LATE = 32 };

struct late_answer {
    uint8_t unit_id;
    uint8_t function;
    uint16_t frame_size; // of the answer when granted
    bool is_list;        // its answer has any length
    bool is_write;       // its answer repeats where was written, and of one value also what
    uint16_t address;    // written
    uint16_t count;
    uint64_t content; // a hash of what was written
    int64_t until_us;
};

struct late {
    struct late_answer answers[MAX_LATE];
    size_t count;
};

// The answer to this request may still come, until then. When there is no room the one that
// ends first makes way.
void late_add(struct late *late, const struct request *request, int64_t until_us,
              int64_t now_us);

// When a read may be asked again; 0: at once.
int64_t late_until_us(const struct late *late, uint8_t unit_id, uint8_t function,
                      uint16_t count, int64_t now_us);

// Whether an exception that seems to answer this request may be the late one to another.
bool late_doubts_exception(const struct late *late, const struct request *request,
                           int64_t now_us);

// Whether what seems to acknowledge this write of several may be the late answer to one of
// other values in the same place: it does not repeat the values.
bool late_doubts_write(const struct late *late, const struct request *request, int64_t now_us);

// Whether any answer is still awaited: then bytes that are no whole frame may be part of it.
bool late_awaits_any(const struct late *late, int64_t now_us);

// A whole frame that answers nothing that is asked: if it is a late answer it is awaited no
// longer.
void late_came(struct late *late, const uint8_t *frame, size_t length, int64_t now_us);

// The line was opened anew: what was under way is lost.
void late_forget(struct late *late);

#endif
