// SPDX-License-Identifier: MIT
#include "unit/sim_fixture.h"

#include <stdlib.h>

#include "sim/start.h"

struct fixture {
    struct bank *bank;
    struct entries *entries;
};

static struct fixture begin(void)
{
    struct fixture fixture;
    fixture.bank = bank_new(fixture_map(), &fixture_modbus, 1);
    fixture.entries = entries_new(fixture.bank, &fixture_modbus);
    return fixture;
}

static void end(struct fixture *fixture)
{
    entries_free(fixture->entries);
    bank_free(fixture->bank);
    fixture_done();
}

static void assert_value(struct entries *entries, int point, const char *expected)
{
    struct image_space space = {0};
    char text[128];
    struct value value = entries_value(entries, point, &space);
    value_format(&value, text, sizeof text);
    if (strcmp(text, expected) != 0)
        fail_msg("%s is %s, not %s", fixture_points[point].key, text, expected);
}

static const struct {
    enum fixture_point point;
    const char *value;
} plausible[] = {
    {RUN, "false"},            // booleans
    {PRODUCTION_RATE, "50.0"}, // by unit
    {STACK_CURRENT, "5.0"},    // by unit
    {DEFAULT_RATE, "42.5"},    // a real about which nothing is known
    {STATE, "halted"},         // first label
    {MODE, "battery_first"},   // first label in the order of the map
    {POWER_SF, "0"},           // a power of ten
    {POWER, "1000"},           // through the power of ten
    {POWER_KW, "1.0"},         // computed from it
    {SERIAL, "EL4"},           // what identify asks for
    {WARNINGS, "[]"},          // no events
    {FAULT_BITS, "0"},         // no alerts
    {BMS_SOC, "50"},           // middle of the range, at another unit
    {APART, "100"},            // an integer about which nothing is known
};

static void values_are_plausible(void **state)
{
    (void)state;
    struct fixture fixture = begin();
    start_plausible(fixture.entries);
    for (size_t i = 0; i < ARRAY_LENGTH(plausible); i++)
        assert_value(fixture.entries, plausible[i].point, plausible[i].value);
    end(&fixture);
}

static void a_long_text_is_cut_to_its_registers(void **state)
{
    (void)state;
    struct fixture fixture = begin();
    fixture_map_copy.identify_count = 0;
    start_plausible(fixture.entries);
    assert_value(fixture.entries, SERIAL, "EL 4.1 e");
    end(&fixture);
}

static void labels_of_a_view_win_over_none(void **state)
{
    (void)state;
    struct fixture fixture = begin();
    static const struct label rows[] = {{7, 7, "seven"}};
    static const struct labels labels = {.rows = rows, .count = 1};
    fixture_points[STATE].labels = NULL;
    fixture_points[STATE_VIEW].labels = &labels;
    start_plausible(fixture.entries);
    assert_value(fixture.entries, STATE_VIEW, "seven");
    end(&fixture);
}

static void given_values_are_encoded_and_win_over_words(void **state)
{
    (void)state;
    struct fixture fixture = begin();
    static const struct given_word words[] = {
        {.table = TABLE_INPUT, .address = 1200, .word = 1},
        {.table = TABLE_HOLDING, .address = 1002, .word = 0x4270},
        {.table = TABLE_HOLDING, .address = 1003, .word = 0},
        {.table = TABLE_INPUT, .address = 101, .word = 0xFFFF},
        {.table = TABLE_HOLDING, .address = 141, .word = 0xFFF0},
    };
    const struct given_value values[] = {
        {.point = STATE, .value = value_text("steady")},
        {.point = POWER, .value = value_real(123.4, DECIMALS_SHORTEST)},
        {.point = MODE, .value = value_text("battery_first")},
        {.point = LAMP, .value = value_boolean(true)},
    };
    const struct device_values given = {.words = words,
                                        .word_count = ARRAY_LENGTH(words),
                                        .values = values,
                                        .value_count = ARRAY_LENGTH(values)};
    struct error err = {0};
    start_plausible(fixture.entries);
    assert_int_equal(start_given(fixture.entries, &given, &err), 0);
    assert_value(fixture.entries, STATE, "steady");
    assert_value(fixture.entries, PRODUCTION_RATE, "60.0");
    assert_value(fixture.entries, POWER, "123.4");
    assert_value(fixture.entries, LAMP, "true");
    assert_int_equal(bank_word(fixture.bank, BANK_OWN_UNIT, TABLE_INPUT, 100), 1234);
    assert_int_equal(bank_word(fixture.bank, BANK_OWN_UNIT, TABLE_HOLDING, 141), 0xFFF1);
    end(&fixture);
}

static void with_only_what_is_not_given_does_not_exist(void **state)
{
    (void)state;
    struct fixture fixture = begin();
    const struct given_word word = {.table = TABLE_INPUT, .address = 100, .word = 7};
    const struct given_value value = {.point = LAMP, .value = value_boolean(true)};
    const struct device_values given = {
        .only = true, .words = &word, .word_count = 1, .values = &value, .value_count = 1};
    struct error err = {0};
    uint16_t read = 0;
    assert_int_equal(start_given(fixture.entries, &given, &err), 0);
    assert_int_equal(
        bank_read(fixture.bank, BANK_OWN_UNIT, (struct span){TABLE_INPUT, 100, 1, 0}, &read),
        BANK_FINE);
    assert_int_equal(read, 7);
    assert_int_equal(
        bank_read(fixture.bank, BANK_OWN_UNIT, (struct span){TABLE_COIL, 5, 1, 0}, &read),
        BANK_FINE);
    assert_int_equal(
        bank_read(fixture.bank, BANK_OWN_UNIT, (struct span){TABLE_INPUT, 1200, 1, 0}, &read),
        BANK_ILLEGAL_ADDRESS);
    end(&fixture);
}

static void words_of_another_unit_are_there_and_nowhere_else(void **state)
{
    (void)state;
    struct fixture fixture = begin();
    const struct given_word words[] = {
        {.unit_id = 225, .table = TABLE_INPUT, .address = 843, .word = 63},
        {.unit_id = 226, .table = TABLE_INPUT, .address = 843, .word = 64},
    };
    const struct device_values given = {.only = true, .words = words, .word_count = 2};
    const struct span span = {TABLE_INPUT, 843, 1, 0};
    struct error err = {0};
    uint16_t read = 0;
    assert_int_equal(start_given(fixture.entries, &given, &err), 0);
    assert_int_equal(bank_read(fixture.bank, 225, span, &read), BANK_FINE);
    assert_int_equal(read, 63);
    assert_value(fixture.entries, BMS_SOC, "63");
    assert_int_equal(bank_read(fixture.bank, 226, span, &read), BANK_FINE);
    assert_int_equal(read, 64);
    assert_int_equal(bank_read(fixture.bank, BANK_OWN_UNIT, span, &read), BANK_ILLEGAL_ADDRESS);
    end(&fixture);
}

static const struct refusal_case {
    enum fixture_point point;
    const char *text; // NULL: a number
    const char *message;
} refusals[] = {
    {STATE, "stedy", "f.yaml:7:3: "},
    {POWER_KW, NULL, "f.yaml:7:3: power_kw is computed"},
    {FAULT_BITS, NULL, "f.yaml:7:3: "},
};

static void a_value_that_does_not_fit_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++) {
        struct fixture fixture = begin();
        struct given_value value = {.at = {"f.yaml", 7, 3}, .point = refusals[i].point};
        value.value = refusals[i].text ? value_text(refusals[i].text) : value_integer(1000000);
        struct device_values given = {.values = &value, .value_count = 1};
        struct error err = {0};
        assert_int_equal(start_given(fixture.entries, &given, &err), -1);
        if (strncmp(err.text, refusals[i].message, strlen(refusals[i].message)) != 0)
            fail_msg("%s", err.text);
        end(&fixture);
    }
}

static void a_scale_formula_is_undone(void **state)
{
    (void)state;
    struct fixture fixture = begin();
    fixture_points[APART].scale_formula = fixture_formula("if(run, 10, 0.5)");
    const struct value wanted = value_integer(50);
    struct error err = {0};
    assert_int_equal(entries_set(fixture.entries, APART, &wanted, &err), 0);
    assert_int_equal(bank_word(fixture.bank, BANK_OWN_UNIT, TABLE_INPUT, 690), 100);
    assert_value(fixture.entries, APART, "50.0");
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_plausible),
        cmocka_unit_test(a_long_text_is_cut_to_its_registers),
        cmocka_unit_test(labels_of_a_view_win_over_none),
        cmocka_unit_test(given_values_are_encoded_and_win_over_words),
        cmocka_unit_test(with_only_what_is_not_given_does_not_exist),
        cmocka_unit_test(words_of_another_unit_are_there_and_nowhere_else),
        cmocka_unit_test(a_value_that_does_not_fit_is_refused_with_its_place),
        cmocka_unit_test(a_scale_formula_is_undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
