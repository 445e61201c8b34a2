// SPDX-License-Identifier: MIT
// How many may pass: so many at once, and a rate in the long run.
#include "cloud/bucket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/random.h"

static void begins_full_and_ends_empty(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 3, 1000);
    assert_int_equal(bucket_next_ms(&bucket, 2, 1000), 1000);
    for (int i = 0; i < 3; i++)
        assert_true(bucket_take(&bucket, 3, 2, 1000));
    assert_false(bucket_take(&bucket, 3, 2, 1000));
    assert_int_equal(bucket_next_ms(&bucket, 2, 1000), 1500);
    assert_int_equal(bucket_next_ms(&bucket, 2, 1400), 1500);
}

static void fills_at_its_rate(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 1, 0);
    assert_true(bucket_take(&bucket, 1, 2, 0));
    assert_false(bucket_take(&bucket, 1, 2, 499));
    assert_true(bucket_take(&bucket, 1, 2, 500));
    assert_false(bucket_take(&bucket, 1, 2, 999));
    assert_true(bucket_take(&bucket, 1, 2, 1000));
}

static void holds_no_more_than_its_size(void **state)
{
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 3, 0);
    int taken = 0;
    while (bucket_take(&bucket, 3, 2, 3600 * 1000))
        taken++;
    assert_int_equal(taken, 3);
}

// Whoever waits as told gets through, and in the long run as many as the rate allows do.
static void lets_through_what_waits_as_long_as_it_is_told(void **state)
{
    (void)state;
    static const double rates[] = {0.1, 0.3, 1, 3, 7, 50, 333};
    uint64_t seed = 1;
    for (size_t i = 0; i < ARRAY_LENGTH(rates); i++) {
        struct bucket bucket;
        int64_t now_ms = 0;
        int taken = 0;
        bucket_init(&bucket, 5, 0);
        while (now_ms < 1000000) {
            int64_t next_ms = bucket_next_ms(&bucket, rates[i], now_ms);
            assert_true(next_ms >= now_ms);
            if (next_ms > now_ms + 1) {
                int64_t early_ms =
                    now_ms + 1 + random_below(&seed, (uint32_t)(next_ms - now_ms - 1));
                assert_false(bucket_take(&bucket, 5, rates[i], early_ms));
            }
            now_ms = next_ms;
            if (!bucket_take(&bucket, 5, rates[i], now_ms)) // a double may be short of one
                assert_true(bucket_take(&bucket, 5, rates[i], ++now_ms));
            taken++;
        }
        assert_in_range(taken, (int)(0.9 * rates[i] * 1000), (int)(rates[i] * 1000) + 6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_full_and_ends_empty),
        cmocka_unit_test(fills_at_its_rate),
        cmocka_unit_test(holds_no_more_than_its_size),
        cmocka_unit_test(lets_through_what_waits_as_long_as_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
