// SPDX-License-Identifier: MIT
// Words that lie apart, read by requests in any order from a counter that goes on between them.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "registers/apart.h"
#include "support/random.h"

enum { REQUESTS = 20000, MOST = 4 };

struct history {
    uint64_t values[REQUESTS + 1]; // of the counter, at each request
    struct apart parts[MOST];
    uint16_t words[MOST]; // the low one first
    size_t count;
};

static void read_part(struct history *history, size_t part, uint64_t request)
{
    uint16_t word = (uint16_t)(history->values[request] >> (16 * part));
    apart_store(&history->parts[part], &history->words[part], word, request, (int64_t)request);
}

static uint64_t value_of(const struct history *history)
{
    uint64_t value = 0;
    for (size_t i = 0; i < history->count; i++)
        value |= (uint64_t)history->words[i] << (16 * i);
    return value;
}

static bool was_held(const struct history *history, uint64_t value, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i <= to; i++) {
        if (history->values[i] == value)
            return true;
    }
    return false;
}

// Counts with carries into every word; some requests bring two words.
static void only_what_the_counter_held_is_a_value(void **state)
{
    (void)state;
    uint64_t random = 42;
    for (size_t count = 2; count <= MOST; count++) {
        struct history *history = mem_new(1, sizeof *history);
        size_t known = 0;
        history->count = count;
        for (size_t i = 0; i < count; i++)
            history->parts[i].read_ms = APART_NEVER;
        history->values[0] = UINT64_C(0xFFFF) << (16 * (count - 2));
        for (uint64_t request = 1; request <= REQUESTS; request++) {
            history->values[request] =
                history->values[request - 1] + (random_below(&random, 3) == 0 ? 0x4001 : 0);
            read_part(history, random_below(&random, (uint32_t)count), request);
            if (random_below(&random, 2) == 0)
                read_part(history, random_below(&random, (uint32_t)count), request);
            int64_t read_ms = apart_time(history->parts, count);
            if (read_ms == APART_NEVER)
                continue;
            known++;
            assert_true(was_held(history, value_of(history), (uint64_t)read_ms, request));
        }
        assert_true(known > REQUESTS / 100);
        free(history);
    }
}

static void one_request_needs_no_other(void **state)
{
    (void)state;
    struct history history = {.count = 2, .values = {0, 0x1FFFF, 0x20000}};
    history.parts[0].read_ms = history.parts[1].read_ms = APART_NEVER;
    for (uint64_t request = 1; request <= 2; request++) {
        read_part(&history, 0, request);
        assert_int_equal(apart_time(history.parts, 2), APART_NEVER);
        read_part(&history, 1, request);
        assert_int_equal(apart_time(history.parts, 2), request);
        assert_int_equal(value_of(&history), history.values[request]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_the_counter_held_is_a_value),
        cmocka_unit_test(one_request_needs_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
