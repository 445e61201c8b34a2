// SPDX-License-Identifier: MIT
// tests/maps/good/everything.yaml, field by field: commands; and one map over another.
#include "base/mem.h"
#include "support/good_map.h"

static void set_makes_argument_step_and_result(void **state)
{
    (void)state;
    struct loaded loaded = load(GOOD "everything.yaml");
    const struct map *map = loaded.map;
    int limit_index = map_find_point(map, "power_limit");
    const struct command *limit = command(map, "set_power_limit");
    assert_int_equal(limit->set_point, limit_index);
    assert_int_equal(limit->timeout_ms, 30000);
    assert_null(limit->group);
    assert_int_equal(limit->argument_count, 1);
    assert_string_equal(limit->arguments[0].key, "power_limit");
    assert_int_equal(limit->arguments[0].type, ARGUMENT_INTEGER);
    assert_string_equal(limit->arguments[0].unit, "W");
    assert_true(limit->arguments[0].required);
    assert_int_equal(limit->arguments[0].target, limit_index);
    assert_constant(limit->arguments[0].min, 0);
    assert_constant(limit->arguments[0].max, 10000);
    assert_int_equal(limit->step_count, 1);
    assert_int_equal(limit->steps[0].kind, STEP_WRITE);
    assert_true(limit->steps[0].verify);
    assert_int_equal(limit->steps[0].within_ms, 3000);
    assert_int_equal(limit->steps[0].writes[0].point, limit_index);
    assert_int_equal(formula_argument(limit->steps[0].writes[0].value), 0);
    assert_int_equal(limit->result_count, 1);
    assert_string_equal(limit->results[0].key, "power_limit");
    const struct command *mode = command(map, "set_mode");
    assert_int_equal(mode->arguments[0].type, ARGUMENT_STRING);
    assert_int_equal(mode->arguments[0].choice_count, 2);
    assert_string_equal(mode->arguments[0].choices[1], "load_first");
    assert_string_equal(mode->display_name, "Choose");
    assert_int_equal(command(map, "set_export")->arguments[0].type, ARGUMENT_BOOLEAN);
    assert_int_equal(command(map, "set_ramp")->arguments[0].type, ARGUMENT_FLOAT);
    desk_free(loaded.desk);
}

static void a_procedure_wraps_and_verifies_at_its_end(void **state)
{
    (void)state;
    struct loaded loaded = load(GOOD "everything.yaml");
    const struct map *map = loaded.map;
    const struct command *ramp = command(map, "set_ramp");
    assert_int_equal(ramp->step_count, 3);
    assert_int_equal(ramp->steps[0].kind, STEP_REQUIRE);
    assert_formula(ramp->steps[0].condition, "not open_now");
    assert_int_equal(ramp->steps[0].otherwise->count, 3);
    assert_string_equal(ramp->steps[0].otherwise->pieces[0].text, "another ");
    assert_formula(ramp->steps[0].otherwise->pieces[1].formula, "rejected");
    const struct step *try = &ramp->steps[1];
    assert_int_equal(try->kind, STEP_TRY);
    assert_int_equal(try->step_count, 3);
    assert_int_equal(try->steps[1].writes[0].point, map_find_point(map, "ramp"));
    assert_false(try->steps[1].verify);
    assert_true(try->steps[2].kind == STEP_WRITE);
    assert_int_equal(try->on_failure_count, 1);
    const struct step *verify = &ramp->steps[2];
    assert_int_equal(verify->kind, STEP_VERIFY);
    assert_int_equal(verify->write_count, 1);
    assert_int_equal(verify->writes[0].point, map_find_point(map, "ramp"));
    assert_int_equal(verify->within_ms, 3000);
    assert_int_equal(ramp->result_count, 1);
    assert_string_equal(ramp->results[0].key, "ramp");
    desk_free(loaded.desk);
}

static void steps(void **state)
{
    (void)state;
    struct loaded loaded = load(GOOD "everything.yaml");
    const struct map *map = loaded.map;
    const struct command *stop = command(map, "stop");
    assert_string_equal(stop->group, "operation");
    assert_int_equal(stop->timeout_ms, 180000);
    assert_true(stop->has_confirmation);
    assert_int_equal(stop->confirmation_severity, SEVERITY_WARNING);
    assert_string_equal(stop->confirmation_title, "Stop?");
    assert_string_equal(stop->confirmation_description, "all of it");
    assert_int_equal(stop->step_count, 6);
    assert_int_equal(stop->steps[0].within_ms, 9000);
    assert_constant(stop->steps[0].writes[0].value, 0);
    const struct step *fields = &stop->steps[1]; // two fields of one word
    assert_int_equal(fields->write_count, 2);
    assert_formula(fields->when, "not open_now");
    assert_int_equal(stop->steps[2].kind, STEP_EXPECT);
    assert_int_equal(stop->steps[2].within_ms, 30000);
    assert_int_equal(stop->steps[2].otherwise->count, 4);
    assert_int_equal(stop->steps[3].kind, STEP_WAIT);
    assert_int_equal(stop->steps[3].duration_ms, 500);
    assert_int_equal(stop->steps[4].kind, STEP_LOG);
    assert_string_equal(stop->steps[4].text->pieces[0].text, "almost there");
    assert_int_equal(stop->steps[5].kind, STEP_RECONNECT);
    assert_int_equal(stop->steps[5].duration_ms, 120000);
    assert_int_equal(stop->result_count, 3); // what it wrote and can read
    assert_string_equal(stop->results[0].key, "power_limit");
    desk_free(loaded.desk);
}

static void arguments_hold_and_result(void **state)
{
    (void)state;
    struct loaded loaded = load(GOOD "everything.yaml");
    const struct map *map = loaded.map;
    const struct command *charge = command(map, "charge");
    assert_int_equal(charge->argument_count, 5);
    const struct argument *power = &charge->arguments[0];
    assert_int_equal(power->type, ARGUMENT_FLOAT);
    assert_int_equal(power->target, map_find_point(map, "setpoint"));
    assert_constant(power->min, -100);
    assert_formula(power->max, "power_limit");
    const struct argument *duration = &charge->arguments[1];
    assert_int_equal(duration->type, ARGUMENT_DURATION);
    assert_false(duration->required);
    assert_true(duration->initial.integer == 3600);
    assert_int_equal(duration->target, NO_INDEX);
    const struct argument *how = &charge->arguments[2];
    assert_int_equal(how->choice_count, 2);
    assert_true(how->sensitive);
    assert_string_equal(how->display_name, "How");
    assert_int_equal(charge->arguments[3].type, ARGUMENT_INTEGER);
    assert_int_equal(charge->arguments[3].initial.kind, VALUE_UNKNOWN);
    assert_int_equal(charge->arguments[4].type, ARGUMENT_BOOLEAN);
    const struct step *hold = &charge->steps[0];
    assert_int_equal(hold->write_count, 2); // ascending addresses, whatever the map's order
    assert_int_equal(hold->writes[0].point, map_find_point(map, "setpoint"));
    assert_int_equal(hold->writes[1].point, map_find_point(map, "ramp"));
    assert_int_equal(hold->hold_every_ms, 30000);
    assert_int_equal(formula_argument(hold->hold_for), 1);
    assert_int_equal(hold->hold_then_count, 1);
    assert_constant(hold->hold_then[0].value, 0);
    assert_false(charge->steps[1].verify);
    assert_int_equal(charge->result_count, 2);
    assert_string_equal(charge->results[1].key, "half");
    assert_formula(charge->results[1].value, "setpoint / 2");
    desk_free(loaded.desk);
}

static void one_map_over_another(void **state)
{
    (void)state;
    struct loaded loaded = load(GOOD "overlay.yaml");
    const struct map *map = loaded.map;
    assert_string_equal(map->name, "overlay");
    assert_string_equal(map->vendor, "Acme \"GmbH\""); // from below
    assert_string_equal(map->model, "Sun 20");
    assert_int_equal(map->modbus.every_ms, 9000);
    assert_int_equal(map->modbus.timeout_ms, 700);
    assert_int_equal(map->identify_count, 1);
    const struct point *frequency = point(map, "ac_frequency"); // whole entries replace
    assert_int_equal(frequency->address, 50000);
    assert_null(frequency->unit);
    assert_false(frequency->has_range);
    assert_int_equal(map_find_point(map, "soc"), NO_INDEX);
    assert_int_equal(point(map, "extra")->address, 50002);
    (void)point(map, "serial_number"); // an empty section removes nothing
    (void)command(map, "charge");
    desk_free(loaded.desk);
}

// Findings of a map in a file of its own, for what needs overrides.
static void overrides_win(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct node *site = NULL;
    const struct map *map = NULL;
    assert_int_equal(desk_parse(desk,
                                "parameters: {battery_base: 100, chemistry: lead}\n"
                                "modbus: {timeout: 9s, word_order: little}\n"
                                "every: {ac_frequency: 2s, run_state: connect}\n",
                                &site),
                     0);
    struct position at = {"f", 1, 1};
    struct map_overrides overrides = {
        .parameters = tree_find(site, "parameters"),
        .modbus = tree_find(site, "modbus"),
        .every = tree_find(site, "every"),
        .for_site = &at,
    };
    assert_int_equal(config_load_map(desk->arena, GOOD "everything.yaml", &overrides,
                                     &desk->diagnostics, &map),
                     0);
    assert_int_equal(map->modbus.timeout_ms, 9000);
    assert_int_equal(map->modbus.min_gap_ms, 50); // what is not overridden stays
    assert_int_equal(point(map, "setpoint")->word_order, ORDER_LITTLE);
    assert_int_equal(point(map, "pack1_voltage")->address, 111);
    assert_int_equal(point(map, "ac_frequency")->every_ms, 2000);
    assert_int_equal(point(map, "run_state")->every_ms, EVERY_CONNECT);
    struct value lead = value_text("lead");
    assert_true(
        value_equal(formula_constant_value(point(map, "battery_type")->formula), &lead));
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_makes_argument_step_and_result),
        cmocka_unit_test(a_procedure_wraps_and_verifies_at_its_end),
        cmocka_unit_test(steps),
        cmocka_unit_test(arguments_hold_and_result),
        cmocka_unit_test(one_map_over_another),
        cmocka_unit_test(overrides_win),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
