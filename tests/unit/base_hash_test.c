// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crc32.h"
#include "base/hash.h"

// Values of draft-eastlake-fnv, section 6 (FNV-1a, 64 bits).
static void test_known_values(void **state)
{
    (void)state;
    assert_true(hash_text(HASH_START, "") == 0xcbf29ce484222325ULL);
    assert_true(hash_text(HASH_START, "a") == 0xaf63dc4c8601ec8cULL);
    assert_true(hash_text(HASH_START, "foobar") == 0x85944171f73967e8ULL);
}

static void test_pieces_are_the_whole(void **state)
{
    (void)state;
    uint64_t first = hash_bytes(HASH_START, "foo", 3);
    assert_true(hash_text(first, "bar") == hash_text(HASH_START, "foobar"));
}

// The check value of CRC-32/ISO-HDLC, and that of 32 zeros.
static void test_known_checksums(void **state)
{
    (void)state;
    static const unsigned char zeros[32];
    assert_int_equal(crc32_add(0, "123456789", 9), 0xCBF43926);
    assert_int_equal(crc32_add(crc32_add(0, "1234", 4), "56789", 5), 0xCBF43926);
    assert_int_equal(crc32_add(0, zeros, sizeof zeros), 0x190A55AD);
    assert_int_equal(crc32_add(0, "", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_pieces_are_the_whole),
        cmocka_unit_test(test_known_checksums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
