// SPDX-License-Identifier: MIT
// One client that watches: which event it is being sent, how far, and which it has seen. A
// client that reads slowly misses events, it never makes them pile up. Pure: time is an
// argument.
#ifndef WEB_STREAM_H
#define WEB_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "web/shared_text.h"

enum { STREAM_PATIENCE_MS = 15000 }; // in which an event must be taken

// What there is to be sent: the latest event, and how many there were.
struct broadcast {
    struct shared_text *latest; // NULL: none yet
    uint64_t count;
};

struct stream {
    struct shared_text *current; // NULL: nothing is on its way
    size_t sent;                 // of it
    uint64_t seen;               // events, as broadcast.count
    int64_t began_ms;            // when `current` was begun
};

// Puts the next bytes of the stream into `bytes`; 0: there is nothing new.
size_t stream_read(struct stream *stream, const struct broadcast *broadcast, char *bytes,
                   size_t size, int64_t now_ms);

// Whether its client takes too long over an event.
bool stream_is_stuck(const struct stream *stream, int64_t now_ms);

// Gives back what is on its way.
void stream_done(struct stream *stream);

#endif
