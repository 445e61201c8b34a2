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

static const struct refusal {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_need_not_have_one),
        cmocka_unit_test(every_part_of_a_rule_is_read),
        cmocka_unit_test(values_and_noise_are_read),
        cmocka_unit_test(what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
