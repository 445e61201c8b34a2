// SPDX-License-Identifier: MIT
#include "unit/config_support.h"

#include <unistd.h>

#include "base/mem.h"
#include "config/config.h"
#include "model/simulation.h"
#include "registers/formula.h"

static const char registers[] = "modbridge: map/1\n"
                                "registers:\n"
                                "  run: {holding: 1, type: bool, access: rw}\n"
                                "  reboot: {holding: 2, type: bool, access: w}\n"
                                "  rate: {holding: 3, type: f32, access: rw}\n"
                                "  state: {input: 1, type: u16, enum: {2: idle, 3: steady}}\n"
                                "  name: {input: 9, type: string, length: 4}\n"
                                "  double: {value: rate * 2}\n";

// Loads the entries above and this simulation section, which begins at line 9.
static int load(struct desk *desk, const char *section, const struct map **ret_map)
{
    char path[] = "/tmp/map-XXXXXX.yaml";
    int descriptor = mkstemps(path, 5);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, registers, strlen(registers)), strlen(registers));
    assert_int_equal(write(descriptor, section, strlen(section)), strlen(section));
    assert_int_equal(close(descriptor), 0);
    int result = config_load_map(desk->arena, path, NULL, &desk->diagnostics, ret_map);
    assert_int_equal(unlink(path), 0);
    return result;
}

static const struct map *load_good(struct desk *desk, const char *section)
{
    const struct map *map = NULL;
    if (load(desk, section, &map))
        fail_msg("%s", desk_print(desk));
    return map;
}

static void a_map_need_not_have_one(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    assert_null(load_good(desk, "")->simulation);
    desk_free(desk);
}

static void every_part_of_a_rule_is_read(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct map *map = load_good(desk, "simulation:\n"
                                            "  rules:\n"
                                            "    - written: [run, reboot]\n"
                                            "      when: reboot and state == idle\n"
                                            "      after: 2s\n"
                                            "      over: 10s\n"
                                            "      set: {state: steady, rate: double / 4}\n"
                                            "      keep: [rate]\n"
                                            "      restore: [rate, run]\n"
                                            "      clear: rate\n"
                                            "      silent: 3s\n"
                                            "      close: true\n"
                                            "    - written: run\n"
                                            "      refuse: 4\n");
    assert_int_equal(map->simulation->rule_count, 2);
    const struct simulation_rule *rule = &map->simulation->rules[0];
    assert_int_equal(rule->written_count, 2);
    assert_string_equal(map->points[rule->written[1]].key, "reboot");
    assert_string_equal(formula_text(rule->when), "reboot and state == idle");
    assert_int_equal(rule->after_ms, 2000);
    assert_int_equal(rule->over_ms, 10000);
    assert_int_equal(rule->silent_ms, 3000);
    assert_true(rule->close);
    assert_int_equal(rule->set_count, 2);
    assert_string_equal(map->points[rule->set[0].point].key, "state");
    const struct value *label = formula_constant_value(rule->set[0].value);
    assert_non_null(label);
    assert_int_equal(label->kind, VALUE_TEXT);
    assert_string_equal(formula_text(rule->set[1].value), "double / 4");
    assert_int_equal(rule->keep_count, 1);
    assert_int_equal(rule->restore_count, 2);
    assert_int_equal(rule->clear_count, 1);
    assert_string_equal(map->points[rule->clear[0]].key, "rate");
    assert_int_equal(map->simulation->rules[1].refuse, 4);
    assert_null(map->simulation->rules[1].when);
    desk_free(desk);
}

static void values_and_noise_are_read(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct map *map = load_good(desk, "simulation:\n"
                                            "  values: {rate: null, state: steady}\n"
                                            "  noise: {rate: 0.25}\n");
    const struct simulation *simulation = map->simulation;
    assert_int_equal(simulation->value_count, 2);
    assert_int_equal(simulation->values[0].value.kind, VALUE_ABSENT);
    assert_int_equal(simulation->values[1].at.line, 10);
    assert_int_equal(simulation->noise_count, 1);
    assert_true(simulation->noise[0].amplitude == 0.25);
    desk_free(desk);
}

static void what_it_says_of_itself_is_read(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct map *map =
        load_good(desk, "simulation: {identification: {product_code: X1, revision: \"7\"}}\n");
    const struct simulated_identification *said = map->simulation->identification;
    assert_non_null(said);
    assert_false(said->is_refused);
    assert_null(said->texts[0]);
    assert_string_equal(said->texts[1], "X1");
    assert_string_equal(said->texts[2], "7");
    map = load_good(desk, "simulation: {identification: {supported: false}}\n");
    assert_true(map->simulation->identification->is_refused);
    map = load_good(desk, "simulation: {noise: {rate: 1}}\n");
    assert_null(map->simulation->identification);
    desk_free(desk);
}

static const struct refusal_case {
    const char *rule; // behind "simulation: ", on line 9
    const char *message;
} refusals[] = {
    {"{rule: []}", ":9:14: error: "},
    {"{rules: [{after: 2s, set: {run: true}}]}", "a rule needs when:"},
    {"{rules: [{when: run}]}", "the rule does nothing"},
    {"{rules: [{when: run, refuse: 4}]}", "refuse: needs written:"},
    {"{rules: [{when: rate, close: true}]}", "when: "},
    {"{rules: [{when: rum, close: true}]}", "did you mean 'run'?"},
    {"{rules: [{when: run, set: {rat: 1}}]}", "did you mean 'rate'?"},
    {"{rules: [{when: run, set: {run: 5}}]}", "set: "},
    {"{rules: [{when: run, set: {state: stedy}}]}", "stedy"},
    {"{rules: [{written: rn, close: true}]}", "did you mean 'run'?"},
    {"{rules: [{when: run, clear: [rat]}]}", "did you mean 'rate'?"},
    {"{rules: [{written: run, refuse: 256}]}", "refuse"},
    {"{rules: [{when: run, silent: 3}]}", "silent"},
    {"{rules: [{when: run, set: {double: 1}}]}", "'double' is made by a formula"},
    {"{rules: [{when: run, clear: state}]}", "nothing means \"no value\" for 'state'"},
    {"{values: {double: 1}}", "'double' is made by a formula"},
    {"{values: {state: stedy}}", "stedy"},
    {"{values: {run: 5.5}}", ":9:28: error: run: "},
    {"{values: {rat: 1}}", "did you mean 'rate'?"},
    {"{noise: {state: 1}}", "'state' is not a number that is read"},
    {"{noise: {double: 1}}", "'double' is not a number that is read"},
    {"{noise: {rate: -1}}", "not negative"},
    {"{sunspec: {models: [1]}}", "it has no sunspec under modbus"},
    {"{sunspec: {model: [1]}}", "did you mean 'models'?"},
    {"{sunspec: {models: [0]}}", "the id of a SunSpec model is from 1"},
    {"{identification: Acme}", "identification"},
    {"{identification: {vendor_nam: Acme}}", "did you mean 'vendor_name'?"},
};

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++) {
        struct desk *desk = desk_new();
        const struct map *map = NULL;
        char section[200];
        (void)snprintf(section, sizeof section, "simulation: %s\n", refusals[i].rule);
        int result = load(desk, section, &map);
        char *printed = desk_print(desk);
        if (result != -1 || map || !strstr(printed, refusals[i].message) ||
            !strstr(printed, ".yaml:9:"))
            fail_msg("%s: %d: %s", refusals[i].rule, result, printed);
        free(printed);
        desk_free(desk);
    }
}

static void write_file(const char *path, const char *head, const char *section)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fprintf(file, "%s%s", head, section) > 0);
    assert_int_equal(fclose(file), 0);
}

// Loads a map of the entries above and `below` with one that extends it by `above`.
static int load_over(struct desk *desk, const char *below, const char *above,
                     const struct map **ret_map)
{
    char folder[] = "/tmp/maps-XXXXXX";
    char lower[64];
    char upper[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(lower, sizeof lower, "%s/lower.yaml", folder);
    (void)snprintf(upper, sizeof upper, "%s/upper.yaml", folder);
    write_file(lower, registers, below);
    write_file(upper, "modbridge: map/1\nextends: lower\n", above);
    int result = config_load_map(desk->arena, upper, NULL, &desk->diagnostics, ret_map);
    assert_int_equal(unlink(lower), 0);
    assert_int_equal(unlink(upper), 0);
    assert_int_equal(rmdir(folder), 0);
    return result;
}

static const char named[] = "simulation:\n"
                            "  values: {rate: 5, state: idle, name: a}\n"
                            "  rules:\n"
                            "    start: {written: run, set: {rate: 7}}\n"
                            "    stop: {when: reboot, close: true}\n"
                            "  noise: {rate: 0.5}\n";

static const struct over {
    const char *above;
    size_t values;
    size_t rules;
    size_t noise;
} overs[] = {
    {"", 3, 2, 1},
    {"simulation:\n", 3, 2, 1},
    {"simulation: {values: {rate: 6, run: true}}\n", 4, 2, 1},
    {"simulation: {values: {rate: null}}\n", 3, 2, 1},
    {"simulation: {rules: {stop: null}}\n", 3, 1, 1},
    {"simulation: {rules: {stop: {when: reboot, silent: 3s}, more: {when: run, close: "
     "true}}}\n",
     3, 3, 1},
    {"simulation: {rules: [{when: run, close: true}]}\n", 3, 1, 1},
    {"simulation: {rules: null, noise: {rate: null}}\n", 3, 0, 0},
    {"simulation: {rules: {start: null}, noise: {rate: 2}}\nregisters: {name: null}\n", 2, 1,
     1},
    {"registers: {rate: null, double: null}\n", 2, 1, 0},
    {"registers: {rate: {value: 3}}\n", 2, 1, 0},
    {"registers: {run: null}\n", 3, 1, 1},
};

static void a_map_over_another_changes_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(overs); i++) {
        struct desk *desk = desk_new();
        const struct map *map = NULL;
        if (load_over(desk, named, overs[i].above, &map))
            fail_msg("%s: %s", overs[i].above, desk_print(desk));
        const struct simulation *simulation = map->simulation;
        if (simulation->value_count != overs[i].values ||
            simulation->rule_count != overs[i].rules ||
            simulation->noise_count != overs[i].noise)
            fail_msg("%s: %zu values, %zu rules, %zu of noise", overs[i].above,
                     simulation->value_count, simulation->rule_count, simulation->noise_count);
        desk_free(desk);
    }
}

static void a_value_or_rule_above_is_the_one_that_counts(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct map *map = NULL;
    if (load_over(desk, named,
                  "simulation:\n"
                  "  values: {rate: null}\n"
                  "  rules: {start: {written: run, set: {rate: 9}}}\n"
                  "  noise: {rate: 2}\n",
                  &map))
        fail_msg("%s", desk_print(desk));
    const struct simulation *simulation = map->simulation;
    assert_string_equal(map->points[simulation->values[0].point].key, "rate");
    assert_int_equal(simulation->values[0].value.kind, VALUE_ABSENT);
    const struct value *rate = formula_constant_value(simulation->rules[0].set[0].value);
    assert_non_null(rate);
    assert_true(rate->integer == 9);
    assert_true(simulation->noise[0].amplitude == 2);
    desk_free(desk);
}

static const struct refusal_case refusals_over[] = {
    {"simulation: {rules: {strat: null}}\n", "upper.yaml:3:22: error: 'strat' is removed here"},
    {"registers: {reboot: null}\n", "lower.yaml:13:18: error: when: "},
    {"simulation: {values: {nane: b}}\n", "did you mean 'name'?"},
};

static void what_is_wrong_over_another_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(refusals_over); i++) {
        struct desk *desk = desk_new();
        const struct map *map = NULL;
        int result = load_over(desk, named, refusals_over[i].rule, &map);
        char *printed = desk_print(desk);
        if (result != -1 || !strstr(printed, refusals_over[i].message))
            fail_msg("%s: %d: %s", refusals_over[i].rule, result, printed);
        free(printed);
        desk_free(desk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_need_not_have_one),
        cmocka_unit_test(every_part_of_a_rule_is_read),
        cmocka_unit_test(what_it_says_of_itself_is_read),
        cmocka_unit_test(values_and_noise_are_read),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_map_over_another_changes_what_it_says),
        cmocka_unit_test(a_value_or_rule_above_is_the_one_that_counts),
        cmocka_unit_test(what_is_wrong_over_another_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
