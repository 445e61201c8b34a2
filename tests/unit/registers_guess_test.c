// SPDX-License-Identifier: MIT
// What words may mean: the right reading is among the good ones, nonsense is not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "registers/guess.h"

static void test_readings(void **state)
{
    (void)state;
    static const struct {
        const char *way;
        uint16_t words[4];
        const char *text;
        enum credit credit;
    } rows[] = {
        {"u16", {230}, "230", CREDIT_GOOD},
        {"u16", {0xFFFF}, "65535", CREDIT_DOUBTFUL},
        {"u16", {0x8000}, "32768", CREDIT_DOUBTFUL},
        {"i16", {230}, "230", CREDIT_ABSURD},
        {"i16", {0xFF9C}, "-100", CREDIT_GOOD},
        {"u16 x0.1", {2305}, "230.5", CREDIT_GOOD},
        {"u16 x0.01", {5003}, "50.03", CREDIT_GOOD},
        {"u16 x0.001", {998}, "0.998", CREDIT_GOOD},
        {"u16 x0.1", {0}, "0.0", CREDIT_ABSURD},
        {"i16 x0.1", {0xFF9C}, "-10.0", CREDIT_GOOD},
        {"bcd16", {0x1234}, "1234", CREDIT_GOOD},
        {"bcd16", {0x12A4}, "unknown", CREDIT_ABSURD},
        {"bcd16", {7}, "7", CREDIT_ABSURD},
        {"u32 abcd", {1, 0x86A0}, "100000", CREDIT_GOOD},
        {"u32 cdab", {0x86A0, 1}, "100000", CREDIT_GOOD},
        {"u32 badc", {0x0100, 0xA086}, "100000", CREDIT_DOUBTFUL},
        {"u32 dcba", {0xA086, 0x0100}, "100000", CREDIT_DOUBTFUL},
        {"u32 abcd", {0x8000, 5}, "2147483653", CREDIT_DOUBTFUL},
        {"u32 dcba", {0x86A0, 1}, NULL, CREDIT_ABSURD},
        {"u32 abcd", {0xFFFF, 0xFFFF}, "4294967295", CREDIT_ABSURD},
        {"u32 abcd", {0, 0}, "0", CREDIT_ABSURD},
        {"u32 cdab", {0, 0}, "0", CREDIT_ABSURD},
        {"i32 abcd", {0xFFFF, 0xFF9C}, "-100", CREDIT_GOOD},
        {"i32 abcd", {0, 100}, "100", CREDIT_ABSURD},
        {"f32 abcd", {0x4366, 0x6666}, "230.4", CREDIT_GOOD},
        {"f32 cdab", {0x6666, 0x4366}, "230.4", CREDIT_GOOD},
        {"f32 badc", {0x6643, 0x6666}, "230.4", CREDIT_GOOD},
        {"f32 dcba", {0x6666, 0x6643}, "230.4", CREDIT_GOOD},
        {"f32 cdab", {0x4366, 0x6666}, NULL, CREDIT_ABSURD},
        {"f32 abcd", {0x0000, 0x0064}, NULL, CREDIT_ABSURD}, // denormal
        {"f32 abcd", {0x7FC0, 0}, "none", CREDIT_ABSURD},
        {"time abcd", {0x65A0, 0x0000}, "1704984576", CREDIT_GOOD}, // January 2024
        {"time abcd", {0, 100}, "100", CREDIT_ABSURD},
        {"u64 abcd", {0, 0, 1, 0x86A0}, "100000", CREDIT_GOOD},
        {"u64 cdab", {0x86A0, 1, 0, 0}, "100000", CREDIT_GOOD},
        {"u64 abcd", {1, 0, 0, 0}, "281474976710656", CREDIT_ABSURD},
        {"i64 abcd", {0xFFFF, 0xFFFF, 0xFFFF, 0xFF9C}, "-100", CREDIT_GOOD},
        {"f64 abcd", {0x406C, 0xCCCC, 0xCCCC, 0xCCCD}, "230.4", CREDIT_GOOD},
    };
    size_t count = 0;
    const struct guess_way *ways = guess_ways(&count);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        size_t k = 0;
        while (k < count && strcmp(ways[k].name, rows[i].way) != 0)
            k++;
        assert_true(k < count);
        struct guess guess = guess_make(&ways[k], rows[i].words);
        char text[64];
        value_format(&guess.value, text, sizeof text);
        bool is_named = rows[i].text && strcmp(rows[i].text, "none") != 0;
        if (guess.credit != rows[i].credit || (is_named && strcmp(text, rows[i].text) != 0))
            fail_msg("row %zu, %s: %s, credit %d", i, rows[i].way, text, (int)guess.credit);
    }
}

static void test_sentinels(void **state)
{
    (void)state;
    assert_string_equal(guess_sentinel((const uint16_t[]){0xFFFF}, 1), "not implemented: u16");
    assert_non_null(strstr(guess_sentinel((const uint16_t[]){0x8000}, 1), "scale factor"));
    assert_string_equal(guess_sentinel((const uint16_t[]){0x8000, 0}, 2),
                        "not implemented: i32");
    assert_string_equal(guess_sentinel((const uint16_t[]){0x7FC0, 0}, 2),
                        "not implemented: f32");
    assert_null(guess_sentinel((const uint16_t[]){0x7FC0, 1}, 2));
    assert_null(guess_sentinel((const uint16_t[]){0}, 1));
}

static void test_texts(void **state)
{
    (void)state;
    char text[400];
    const uint16_t straight[] = {0x4163, 0x6D65, 0x2050, 0x4D00, 0};
    guess_text(straight, 5, ORDER_BIG, text, sizeof text);
    assert_string_equal(text, "Acme PM");
    guess_text(straight, 5, ORDER_LITTLE, text, sizeof text);
    assert_string_not_equal(text, "Acme PM");
    const uint16_t swapped[] = {0x6341, 0x656D, 0x5020, 0x004D};
    guess_text(swapped, 4, ORDER_LITTLE, text, sizeof text);
    assert_string_equal(text, "Acme PM");
    const uint16_t numbers[] = {230, 231, 5, 1000, 0};
    guess_text(numbers, 5, ORDER_BIG, text, sizeof text);
    assert_string_equal(text, "");
    const uint16_t binary[] = {0x8F91, 0xA2B3, 0xC4D5, 0xE6F7};
    guess_text(binary, 4, ORDER_BIG, text, sizeof text);
    assert_string_equal(text, "");
    guess_text(straight, 0, ORDER_BIG, text, sizeof text);
    assert_string_equal(text, "");
    guess_text(straight, 5, ORDER_BIG, text, 5);
    assert_string_equal(text, "Acme");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readings),
        cmocka_unit_test(test_sentinels),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
