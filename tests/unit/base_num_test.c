// SPDX-License-Identifier: MIT
#include "base/num.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static const char *const no_integers[] =
    {"",    " ",   "1 ",   " 1",    "10x", "010",   "00",      "-010",
     "+",   "-",   "0x",   "0xG",   "x10", "1_000", "1.0",     "1e3",
     "--1", "+-1", "0x-1", "1,000", "\n1", "1\n",   "\xD9\xA1"}; // an Arabic one

static void parses_integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"7", 7},
        {"+7", 7},
        {"-7", -7},
        {"0x1F", 31},
        {"0X1f", 31},
        {"-0x10", -16},
        {"0x00FF", 255},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        int64_t value = 99;
        assert_true(num_parse_int(good[i].text, &value));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(no_integers); i++) {
        int64_t value = 99;
        if (num_parse_int(no_integers[i], &value))
            fail_msg("\"%s\" was accepted", no_integers[i]);
        assert_true(value == 99);
    }
    int64_t value = 99;
    assert_false(num_parse_int("9223372036854775808", &value));
    assert_false(num_parse_int("-9223372036854775809", &value));
}

static void parses_wide_integers(void **state)
{
    (void)state;
    int128 value = 0;
    assert_true(num_parse_wide("18446744073709551615", &value));
    assert_true(value == (int128)UINT64_MAX);
    assert_true(num_parse_wide("0xFFFFFFFFFFFFFFFF", &value));
    assert_true(value == (int128)UINT64_MAX);
    assert_true(num_parse_wide("-9223372036854775808", &value));
    assert_true(value == INT64_MIN);
    value = 5;
    assert_false(num_parse_wide("18446744073709551616", &value));
    assert_false(num_parse_wide("-9223372036854775809", &value));
    assert_false(num_parse_wide("99999999999999999999999999999999999999999999999999", &value));
    assert_true(value == 5);
}

static void parses_reals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0", 0},        {"0.1", 0.1},  {"-0.5", -0.5},
        {"+2.5", 2.5},   {"1e3", 1000}, {"1E-2", 0.01},
        {"12.50", 12.5}, {"1e+2", 100}, {"123456789.25", 123456789.25},
    };
    static const char *const bad[] = {"",      ".5",  "5.",    "01.5", "1e",    "1e+", "0x10",
                                      "inf",   "nan", "1e400", "1.5 ", "1,5",   " 1",  "1.5f",
                                      "1.2.3", "-",   "e5",    "1_0",  "-1e999"};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        double value = 99;
        assert_true(num_parse_real(good[i].text, &value));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        double value = 99;
        if (num_parse_real(bad[i], &value))
            fail_msg("\"%s\" was accepted", bad[i]);
        assert_true(value == 99);
    }
}

static void parses_decimals_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct decimal value;
    } good[] = {
        {"0.01", {1, -2}},
        {"1", {1, 0}},
        {"10", {10, 0}},
        {"-2.50", {-25, -1}},
        {"0.000", {0, 0}},
        {"1e-3", {1, -3}},
        {"1.5e3", {15, 2}},
        {"1e30", {1, 30}},
        {"999999999999999999", {999999999999999999, 0}},
        {"0.999999999999999999", {999999999999999999, -18}},
        {"-0.1", {-1, -1}},
    };
    static const char *const bad[] = {"",
                                      "1000000000000000000",
                                      "9999999999999999999",
                                      "1e31",
                                      "1e-31",
                                      "1e99999999999999999999",
                                      "0x1",
                                      "1.",
                                      "01",
                                      "0.0000000000000000000000000000001"};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        struct decimal value = {99, 99};
        if (!num_parse_decimal(good[i].text, &value))
            fail_msg("\"%s\" was refused", good[i].text);
        assert_true(value.mantissa == good[i].value.mantissa);
        assert_int_equal(value.exponent, good[i].value.exponent);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct decimal value = {99, 99};
        if (num_parse_decimal(bad[i], &value))
            fail_msg("\"%s\" was accepted", bad[i]);
        assert_int_equal(value.exponent, 99);
    }
}

static void parses_durations_and_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"50ms", 50},     {"1s", 1000}, {"3m", 180000}, {"2h", 7200000},
        {"1d", 86400000}, {"0", 0},     {"0s", 0},      {"3650d", 3650 * 86400000LL},
    };
    static const char *const bad[] = {"",
                                      "5",
                                      "s",
                                      "1.5s",
                                      "-1s",
                                      "+1s",
                                      "1 s",
                                      "01s",
                                      "1S",
                                      "1sec",
                                      "3651d",
                                      "99999999999999999999ms",
                                      "9223372036854775807d",
                                      "0x10s"};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        int64_t ms = 99;
        assert_true(num_parse_duration_ms(good[i].text, &ms));
        assert_true(ms == good[i].ms);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        int64_t ms = 99;
        if (num_parse_duration_ms(bad[i], &ms))
            fail_msg("\"%s\" was accepted", bad[i]);
        assert_true(ms == 99);
    }
    int64_t bytes = 0;
    assert_true(num_parse_size("256MB", &bytes));
    assert_true(bytes == 256000000);
    assert_true(num_parse_size("5B", &bytes));
    assert_true(bytes == 5);
    assert_true(num_parse_size("1GB", &bytes));
    assert_true(bytes == 1000000000);
    assert_false(num_parse_size("1KB", &bytes));
    assert_false(num_parse_size("1", &bytes));
    assert_false(num_parse_size("9223372036854775807GB", &bytes));
    assert_true(bytes == 1000000000);
}

static void formats_integers(void **state)
{
    (void)state;
    static const struct {
        int128 value;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-1, "-1"},
        {1234567890, "1234567890"},
        {UINT64_MAX, "18446744073709551615"},
        {INT64_MIN, "-9223372036854775808"},
        {(int128)INT64_MAX * INT64_MAX, "85070591730234615847396907784232501249"},
    };
    char text[48];
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        assert_int_equal(num_format_int(text, sizeof text, rows[i].value),
                         strlen(rows[i].text));
        assert_string_equal(text, rows[i].text);
    }
    int128 lowest = -((int128)1 << 126) * 2;
    assert_int_equal(num_format_int(text, sizeof text, lowest), 40);
    assert_string_equal(text, "-170141183460469231731687303715884105728");
    (void)num_format_int(text, 3, 1234);
    assert_string_equal(text, "12");
}

static void formats_reals_shortest(void **state)
{
    (void)state;
    static const struct {
        double value;
        bool is_float;
        const char *text;
    } rows[] = {
        {0.1, false, "0.1"},
        {0.1 + 0.2, false, "0.30000000000000004"},
        {1, false, "1.0"},
        {-2.5, false, "-2.5"},
        {1e22, false, "1e+22"},
        {1e-7, false, "1e-07"},
        {100, false, "100.0"},
        {(double)23.1F, true, "23.1"},
        {(double)23.1F, false, "23.100000381469727"},
        {(double)16777216.0F, true, "16777216.0"},
        {(double)3.4028235e38F, true, "3.4028235e+38"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char text[40];
        double back = 0;
        size_t length = num_format_real(text, sizeof text, rows[i].value, rows[i].is_float);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(length, strlen(text));
        assert_true(sscanf(text, "%lf", &back) == 1);
        assert_true(rows[i].is_float ? (float)back == (float)rows[i].value
                                     : back == rows[i].value);
    }
}

// The text with the fewest digits that reads back, found by trying.
static void try_digits(char *ret_text, size_t size, double value)
{
    for (int digits = 6; digits <= 9; digits++) {
        (void)snprintf(ret_text, size, "%.*g", digits, value);
        if ((float)strtod(ret_text, NULL) == (float)value)
            break;
    }
    if (!strpbrk(ret_text, ".en"))
        (void)strcat(ret_text, ".0");
}

static void finds_the_shortest_text_of_every_float(void **state)
{
    (void)state;
    enum { STEP = 214331 }; // of all bit patterns: 20,000 floats of every size and sign
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += STEP) {
        uint32_t pattern = (uint32_t)bits;
        float value = 0;
        char text[40];
        char expected[40];
        memcpy(&value, &pattern, sizeof value);
        if (!isfinite(value))
            continue;
        try_digits(expected, sizeof expected, (double)value);
        (void)num_format_real(text, sizeof text, (double)value, true);
        assert_string_equal(text, expected);
        assert_true(num_shortest_float((double)value) == strtod(expected, NULL));
    }
    assert_true(num_shortest_float((double)23.1F) == 23.1);
    assert_true(signbit(num_shortest_float(-0.0)) != 0);
    assert_true(isinf(num_shortest_float((double)INFINITY)));
}

static void formats_durations(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "0 ms"},       {850, "850 ms"},   {1000, "1 s"},
        {1500, "1.5 s"},   {12000, "12 s"},   {12345, "12 s"},
        {119999, "119 s"}, {180000, "3 min"}, {7200000, "2 h"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char text[24];
        num_format_duration(text, sizeof text, rows[i].ms);
        assert_string_equal(text, rows[i].text);
    }
}

static void knows_powers_of_ten(void **state)
{
    (void)state;
    assert_true(num_power_of_ten(0) == 1);
    assert_true(num_power_of_ten(22) == 1e22);
    assert_true(num_power_of_ten(-1) == 0.1);
    assert_true(num_power_of_ten(-22) == 1e-22);
    assert_true(num_power_of_ten(30) == 1e30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_integers),
        cmocka_unit_test(parses_wide_integers),
        cmocka_unit_test(parses_reals),
        cmocka_unit_test(parses_decimals_exactly),
        cmocka_unit_test(parses_durations_and_sizes),
        cmocka_unit_test(formats_integers),
        cmocka_unit_test(formats_reals_shortest),
        cmocka_unit_test(finds_the_shortest_text_of_every_float),
        cmocka_unit_test(formats_durations),
        cmocka_unit_test(knows_powers_of_ten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
