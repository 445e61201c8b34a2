// SPDX-License-Identifier: MIT
#include "web/visitors.h"

#include <stdbool.h>

struct visitor *visitors_come(struct visitors *visitors, int descriptor, int64_t now_ms)
{
    for (size_t i = 0; i < VISITORS_MAX; i++) {
        struct visitor *visitor = &visitors->rows[i];
        if (visitor->state != VISITOR_GONE)
            continue;
        *visitor = (struct visitor){VISITOR_ASKS, descriptor, now_ms};
        return visitor;
    }
    return NULL;
}

void visitor_set(struct visitor *visitor, enum visitor_state state, int64_t now_ms)
{
    visitor->state = state;
    visitor->since_ms = now_ms;
}

static bool is_overdue(const struct visitor *visitor, int64_t now_ms)
{
    int64_t age_ms = now_ms - visitor->since_ms;
    return (visitor->state == VISITOR_ASKS && age_ms > VISITOR_REQUEST_MS) ||
           (visitor->state == VISITOR_IS_TOLD && age_ms > VISITOR_ANSWER_MS);
}

const struct visitor *visitors_next_overdue(const struct visitors *visitors, size_t *index,
                                            int64_t now_ms)
{
    while (*index < VISITORS_MAX) {
        const struct visitor *visitor = &visitors->rows[(*index)++];
        if (is_overdue(visitor, now_ms))
            return visitor;
    }
    return NULL;
}
