// SPDX-License-Identifier: MIT
// The connections there are, and which of them have had their time: one that sends its request
// slowly, or takes its answer slowly, keeps a place from others. Pure: time is an argument.
#ifndef WEB_VISITORS_H
#define WEB_VISITORS_H

#include <stddef.h>
#include <stdint.h>

enum {
    VISITORS_MAX = 192,
    VISITORS_MAX_OF_ONE = 96,   // from one address
    VISITOR_REQUEST_MS = 10000, // in which a request must be there, from the first byte on
    VISITOR_ANSWER_MS = 30000,  // in which an answer must be taken
};

enum visitor_state {
    VISITOR_GONE,
    VISITOR_ASKS,    // its request is not whole
    VISITOR_WAITS,   // its answer is being made
    VISITOR_IS_TOLD, // its answer is not taken
    VISITOR_WATCHES, // it takes events, without end: web/stream.h looks after it
};

struct visitor {
    enum visitor_state state;
    int descriptor;
    int64_t since_ms;
};

struct visitors {
    struct visitor rows[VISITORS_MAX];
};

// A free place for a new connection, which begins to ask; NULL: there is none.
struct visitor *visitors_come(struct visitors *visitors, int descriptor, int64_t now_ms);

// Another state, since now_ms.
void visitor_set(struct visitor *visitor, enum visitor_state state, int64_t now_ms);

// The next one that has had its time, from place *index on, which moves behind it; NULL: no
// more.
const struct visitor *visitors_next_overdue(const struct visitors *visitors, size_t *index,
                                            int64_t now_ms);

#endif
