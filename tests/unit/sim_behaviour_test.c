// SPDX-License-Identifier: MIT
#include "unit/sim_fixture.h"

#include <math.h>

#include "sim/behaviour.h"
#include "sim/start.h"

// A device on virtual time, which begins at 1000.
struct fixture {
    struct simulation simulation;
    struct bank *bank;
    struct entries *entries;
    struct behaviour *behaviour;
};

static void begin(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    fixture->bank = bank_new(fixture_map(), &fixture_modbus, 1);
    fixture->entries = entries_new(fixture->bank, &fixture_modbus);
    start_plausible(fixture->entries);
}

static void live(struct fixture *fixture, const struct simulation_rule *rules, size_t count)
{
    fixture->simulation.rules = rules;
    fixture->simulation.rule_count = count;
    fixture->behaviour = behaviour_new(&fixture->simulation, fixture->entries, 7, 1000);
}

static void end(struct fixture *fixture)
{
    behaviour_free(fixture->behaviour);
    entries_free(fixture->entries);
    bank_free(fixture->bank);
    fixture_done();
}

static struct value get(struct fixture *fixture, int point)
{
    static struct image_space space;
    space = (struct image_space){0};
    return entries_value(fixture->entries, point, &space);
}

static void assert_value(struct fixture *fixture, int point, const char *expected)
{
    char text[128];
    struct value value = get(fixture, point);
    value_format(&value, text, sizeof text);
    if (strcmp(text, expected) != 0)
        fail_msg("%s is %s, not %s", fixture_points[point].key, text, expected);
}

static void set(struct fixture *fixture, int point, const struct value *value)
{
    struct error err = {0};
    if (entries_set(fixture->entries, point, value, &err))
        fail_msg("%s", err.text);
}

// What a client's write does; the exception.
static uint8_t write_value(struct fixture *fixture, int point, struct value value,
                           int64_t now_ms)
{
    const struct point *entry = &fixture_points[point];
    struct span span = {entry->table, entry->address, entry->word_count, 0};
    uint16_t old[MAX_POINT_WORDS] = {0};
    behaviour_step(fixture->behaviour, now_ms);
    bank_get_point(fixture->bank, entry, old);
    set(fixture, point, &value);
    uint8_t exception = behaviour_refusal(fixture->behaviour, BANK_OWN_UNIT, span);
    if (exception)
        bank_set_point(fixture->bank, entry, old);
    else
        behaviour_written(fixture->behaviour, BANK_OWN_UNIT, span, now_ms);
    return exception;
}

static uint8_t write_bool(struct fixture *fixture, int point, bool on, int64_t now_ms)
{
    return write_value(fixture, point, value_boolean(on), now_ms);
}

static struct assignment assign(int point, const char *formula)
{
    return (struct assignment){point, fixture_formula(formula)};
}

static void a_device_without_simulation_keeps_what_is_written(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    fixture.behaviour = behaviour_new(NULL, fixture.entries, 7, 1000);
    assert_int_equal(write_bool(&fixture, RUN, true, 2000), 0);
    assert_int_equal(behaviour_next(fixture.behaviour), BEHAVIOUR_IDLE);
    behaviour_step(fixture.behaviour, 100000);
    assert_value(&fixture, RUN, "true");
    end(&fixture);
}

static void production_starts_and_stops_after_its_delay(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    const struct assignment steady[] = {assign(STATE, "\"steady\"")};
    const struct assignment idle[] = {assign(STATE, "\"idle\"")};
    const struct simulation_rule rules[] = {
        {.when = fixture_formula("run"), .after_ms = 2000, .set = steady, .set_count = 1},
        {.when = fixture_formula("not run"), .after_ms = 1000, .set = idle, .set_count = 1},
    };
    live(&fixture, rules, 2);
    behaviour_step(fixture.behaviour, 9000);
    assert_value(&fixture, STATE, "halted"); // what held at the start does not fire
    write_bool(&fixture, RUN, true, 10000);
    assert_int_equal(behaviour_next(fixture.behaviour), 12000);
    behaviour_step(fixture.behaviour, 11999);
    assert_value(&fixture, STATE, "halted");
    behaviour_step(fixture.behaviour, 12000);
    assert_value(&fixture, STATE, "steady");
    write_bool(&fixture, RUN, true, 13000); // no edge
    assert_int_equal(behaviour_next(fixture.behaviour), BEHAVIOUR_IDLE);
    write_bool(&fixture, RUN, false, 20000);
    behaviour_step(fixture.behaviour, 21000);
    assert_value(&fixture, STATE, "idle");
    end(&fixture);
}

static void a_condition_that_ends_early_drops_its_rule(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    const struct assignment steady[] = {assign(STATE, "\"steady\"")};
    const struct simulation_rule rules[] = {
        {.when = fixture_formula("run"), .after_ms = 2000, .set = steady, .set_count = 1}};
    live(&fixture, rules, 1);
    write_bool(&fixture, RUN, true, 2000);
    write_bool(&fixture, RUN, false, 3000);
    behaviour_step(fixture.behaviour, 10000);
    assert_value(&fixture, STATE, "halted");
    end(&fixture);
}

static void a_late_step_does_what_punctual_ones_would_have_done(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    const struct assignment on[] = {assign(LAMP, "true")};
    const struct assignment off[] = {assign(LAMP, "false"), assign(APART, "apart + 1")};
    const struct simulation_rule rules[] = {
        {.when = fixture_formula("run and not lamp"),
         .after_ms = 1000,
         .set = on,
         .set_count = 1},
        {.when = fixture_formula("lamp"), .after_ms = 500, .set = off, .set_count = 2},
    };
    live(&fixture, rules, 2);
    write_bool(&fixture, RUN, true, 2000);
    behaviour_step(fixture.behaviour, 2000 + 3 * 1500 + 1000);
    assert_value(&fixture, APART, "103"); // blinked three times
    assert_value(&fixture, LAMP, "true");
    end(&fixture);
}

static void rules_without_rest_do_not_hang(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    const struct assignment on[] = {assign(LAMP, "true")};
    const struct assignment off[] = {assign(LAMP, "false")};
    const struct simulation_rule rules[] = {
        {.when = fixture_formula("run and not lamp"), .set = on, .set_count = 1},
        {.when = fixture_formula("lamp"), .set = off, .set_count = 1},
    };
    live(&fixture, rules, 2);
    write_bool(&fixture, RUN, true, 2000);
    assert_true(behaviour_next(fixture.behaviour) > 2000);
    end(&fixture);
}

// The configuration transaction of the electrolyser as rules.
struct transaction {
    struct assignment begin[4];
    struct assignment commit[1];
    struct assignment reject[2];
    int kept[1];
    struct simulation_rule rules[5];
};

static void make_transaction(struct transaction *made)
{
    *made = (struct transaction){
        .begin = {assign(IN_PROGRESS, "true"), assign(LAST_RESULT, "0"),
                  assign(INVALID_HOLDING, "0")},
        .commit = {assign(IN_PROGRESS, "false")},
        .reject = {assign(LAST_RESULT, "22"), assign(INVALID_HOLDING, "4396")},
        .kept = {DEFAULT_RATE},
    };
    const struct simulation_rule rules[5] = {
        {FIXTURE_WRITTEN(CONFIG_BEGIN),
         .when = fixture_formula("config_begin and not config_in_progress"), .keep = made->kept,
         .keep_count = 1, .set = made->begin, .set_count = 3},
        {FIXTURE_WRITTEN(DEFAULT_RATE), .when = fixture_formula("not config_in_progress"),
         .refuse = 4},
        {FIXTURE_WRITTEN(DEFAULT_RATE),
         .when = fixture_formula("default_rate < 60 or default_rate > 100"),
         .set = made->reject, .set_count = 2},
        {FIXTURE_WRITTEN(CONFIG_COMMIT),
         .when = fixture_formula("config_in_progress and config_commit"), .set = made->commit,
         .set_count = 1},
        {FIXTURE_WRITTEN(CONFIG_COMMIT),
         .when = fixture_formula("config_in_progress and not config_commit"),
         .restore = made->kept, .restore_count = 1, .set = made->commit, .set_count = 1},
    };
    memcpy(made->rules, rules, sizeof rules);
}

static void a_transaction_is_committed(void **state)
{
    (void)state;
    struct fixture fixture;
    struct transaction transaction;
    begin(&fixture);
    make_transaction(&transaction);
    live(&fixture, transaction.rules, 5);
    assert_int_equal(write_value(&fixture, DEFAULT_RATE, value_integer(70), 1500), 4);
    assert_value(&fixture, DEFAULT_RATE, "42.5");
    assert_int_equal(write_bool(&fixture, CONFIG_BEGIN, true, 2000), 0);
    assert_value(&fixture, IN_PROGRESS, "true");
    assert_int_equal(write_value(&fixture, DEFAULT_RATE, value_integer(70), 2100), 0);
    assert_value(&fixture, LAST_RESULT, "0");
    assert_int_equal(write_bool(&fixture, CONFIG_COMMIT, true, 2200), 0);
    assert_value(&fixture, IN_PROGRESS, "false");
    assert_value(&fixture, DEFAULT_RATE, "70.0");
    end(&fixture);
}

static void a_rejected_transaction_is_rolled_back(void **state)
{
    (void)state;
    struct fixture fixture;
    struct transaction transaction;
    begin(&fixture);
    make_transaction(&transaction);
    live(&fixture, transaction.rules, 5);
    write_bool(&fixture, CONFIG_BEGIN, true, 2000);
    assert_int_equal(write_value(&fixture, DEFAULT_RATE, value_integer(50), 2100), 0);
    assert_value(&fixture, LAST_RESULT, "22");
    assert_value(&fixture, INVALID_HOLDING, "4396");
    write_bool(&fixture, CONFIG_COMMIT, false, 2200); // no edge: it was false
    assert_value(&fixture, IN_PROGRESS, "false");
    assert_value(&fixture, DEFAULT_RATE, "42.5");
    end(&fixture);
}

static void a_reboot_is_silent_and_forgets(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    const struct assignment forget[] = {assign(PRODUCTION_RATE, "default_rate"),
                                        assign(REBOOT, "false")};
    const struct simulation_rule rules[] = {{FIXTURE_WRITTEN(REBOOT),
                                             .when = fixture_formula("reboot"), .set = forget,
                                             .set_count = 2, .silent_ms = 3000, .close = true}};
    live(&fixture, rules, 1);
    assert_false(behaviour_is_silent(fixture.behaviour, 1000));
    write_bool(&fixture, REBOOT, true, 2000);
    assert_true(behaviour_is_silent(fixture.behaviour, 2000));
    assert_true(behaviour_is_silent(fixture.behaviour, 4999));
    assert_false(behaviour_is_silent(fixture.behaviour, 5000));
    assert_true(behaviour_take_close(fixture.behaviour));
    assert_false(behaviour_take_close(fixture.behaviour));
    assert_value(&fixture, PRODUCTION_RATE, "42.5");
    assert_value(&fixture, REBOOT, "false");
    end(&fixture);
}

static void numbers_are_reached_in_a_straight_line(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    const struct assignment rise[] = {assign(STACK_CURRENT, "55")};
    const struct simulation_rule rules[] = {
        {.when = fixture_formula("run"), .set = rise, .set_count = 1, .over_ms = 10000}};
    live(&fixture, rules, 1);
    write_bool(&fixture, RUN, true, 2000);
    assert_value(&fixture, STACK_CURRENT, "5.0");
    behaviour_step(fixture.behaviour, 4000);
    assert_value(&fixture, STACK_CURRENT, "15.0");
    behaviour_step(fixture.behaviour, 60000);
    assert_value(&fixture, STACK_CURRENT, "55.0");
    assert_int_equal(behaviour_next(fixture.behaviour), BEHAVIOUR_IDLE);
    end(&fixture);
}

static void a_write_ends_a_ramp(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    const struct assignment rise[] = {assign(PRODUCTION_RATE, "100")};
    const struct simulation_rule rules[] = {
        {.when = fixture_formula("run"), .set = rise, .set_count = 1, .over_ms = 10000}};
    live(&fixture, rules, 1);
    write_bool(&fixture, RUN, true, 2000);
    write_value(&fixture, PRODUCTION_RATE, value_integer(20), 5000);
    behaviour_step(fixture.behaviour, 60000);
    assert_value(&fixture, PRODUCTION_RATE, "20.0");
    end(&fixture);
}

static double number_at(struct fixture *fixture, int64_t now_ms)
{
    behaviour_step(fixture->behaviour, now_ms);
    struct value value = get(fixture, STACK_CURRENT);
    assert_true(value_is_number(&value));
    return value_number(&value);
}

static void noise_stays_around_what_was_set(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct simulation_noise noise[] = {{STACK_CURRENT, 0.5}};
    begin(&fixture);
    fixture.simulation.noise = noise;
    fixture.simulation.noise_count = 1;
    live(&fixture, NULL, 0);
    double largest = 0;
    for (int64_t now_ms = 2000; now_ms < 102000; now_ms += 1000) {
        double off = fabs(number_at(&fixture, now_ms) - 5);
        largest = off > largest ? off : largest;
    }
    assert_true(largest <= 0.5 && largest > 0.2);
    const struct value wanted = value_integer(40);
    set(&fixture, STACK_CURRENT, &wanted);
    assert_true(fabs(number_at(&fixture, 120000) - 40) <= 0.5);
    end(&fixture);
}

static void the_same_seed_makes_the_same_noise(void **state)
{
    (void)state;
    const struct simulation_noise noise[] = {{STACK_CURRENT, 0.5}};
    double seen[2];
    for (int i = 0; i < 2; i++) {
        struct fixture fixture;
        begin(&fixture);
        fixture.simulation.noise = noise;
        fixture.simulation.noise_count = 1;
        live(&fixture, NULL, 0);
        seen[i] = number_at(&fixture, i ? 9000 : 9999);
        end(&fixture);
    }
    assert_true(seen[0] == seen[1] && seen[0] != 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_without_simulation_keeps_what_is_written),
        cmocka_unit_test(production_starts_and_stops_after_its_delay),
        cmocka_unit_test(a_condition_that_ends_early_drops_its_rule),
        cmocka_unit_test(a_late_step_does_what_punctual_ones_would_have_done),
        cmocka_unit_test(rules_without_rest_do_not_hang),
        cmocka_unit_test(a_transaction_is_committed),
        cmocka_unit_test(a_rejected_transaction_is_rolled_back),
        cmocka_unit_test(a_reboot_is_silent_and_forgets),
        cmocka_unit_test(numbers_are_reached_in_a_straight_line),
        cmocka_unit_test(a_write_ends_a_ramp),
        cmocka_unit_test(noise_stays_around_what_was_set),
        cmocka_unit_test(the_same_seed_makes_the_same_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
