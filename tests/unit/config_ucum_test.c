// SPDX-License-Identifier: MIT
#include "config_support.h"

#include "base/mem.h"
#include "config/title.h"
#include "config/ucum.h"

static void units_of_instruments_are_known(void **state)
{
    (void)state;
    static const char *const units[] = {
        "W",     "kW",   "MW",     "Wh",       "kWh",   "VA",        "kVA",  "VAR",
        "kVAR",  "Ah",   "mA",     "Ohm",      "mOhm",  "Cel",       "%",    "1",
        "bar",   "mbar", "kPa",    "Hz",       "s",     "ms",        "min",  "h",
        "L/min", "m3/h", "m3",     "W/m2",     "m.s-2", "kg.m-3",    "/min", "deg",
        "By",    "MiBy", "[ppm]",  "[degF]",   "g/L",   "{cells}",   "lx",   "[psi]",
        "K",     "dB",   "10*6/L", "L{NTP}/h", "us",    "{rot}/min",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (!ucum_is_valid(units[i]))
            fail_msg("%s is not known", units[i]);
    }
}

static void other_words_are_not(void **state)
{
    (void)state;
    static const char *const units[] = {
        "",
        "NL/h",
        "NL",
        "rpm",
        "\xC2\xB0"
        "C",
        "%LEL",
        "kmin",
        "W/",
        "W//m2",
        "Watt",
        "KW",
        "kwh",
        "l h",
        "{open",
        "W{a}b",
        "-2",
        "m-",
        ".s",
        "W/m^2",
        "hours",
        "k",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (ucum_is_valid(units[i]))
            fail_msg("%s is taken for a unit", units[i]);
    }
}

static void what_people_write_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *written;
        const char *meant;
    } cases[] = {
        {"C", "Cel"},  {"F", "[degF]"}, {"degC", "Cel"}, {"kwh", "kWh"},   {"KW", "kW"},
        {"hz", "Hz"},  {"var", "VAR"},  {"Kvarh", NULL}, {"W", NULL},      {"a", NULL},
        {"min", NULL}, {"NL/h", NULL},  {"Pct", "%"},    {"ppm", "[ppm]"}, {"", NULL},
        {"mW", NULL},  {"MW", NULL},    {"mwh", "MWh"},  {"%", NULL},      {"1", NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *meant = ucum_meant(cases[i].written);
        if (!cases[i].meant)
            assert_null(meant);
        else
            assert_string_equal(meant, cases[i].meant);
        assert_true(!meant || ucum_is_valid(meant));
    }
}

static void keys_become_names(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        const char *title;
    } cases[] = {
        {"ac_l1_power", "AC L1 Power"}, {"battery_soc", "Battery SOC"},
        {"status", "Status"},           {"off", "Off"},
        {"DC inversed", "DC inversed"}, {"Sperrfrist l\xC3\xA4uft", "Sperrfrist l\xC3\xA4uft"},
        {"accumulator", "Accumulator"}, {"pv1__power_", "Pv1  Power "},
        {"3_phase", "3 Phase"},         {"", ""},
    };
    struct desk *desk = desk_new();
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_string_equal(title_of(desk->arena, cases[i].key), cases[i].title);
    assert_string_equal(key_of(desk->arena, "Time of use"), "time_of_use");
    assert_string_equal(key_of(desk->arena, "2nd"), "group_2nd");
    assert_string_equal(key_of(desk->arena, "\xC3\xA4"), "group___");
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_of_instruments_are_known),
        cmocka_unit_test(other_words_are_not),
        cmocka_unit_test(what_people_write_is_understood),
        cmocka_unit_test(keys_become_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
