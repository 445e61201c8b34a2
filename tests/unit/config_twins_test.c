// SPDX-License-Identifier: MIT
#include "config_support.h"

#include <unistd.h>

#include "base/mem.h"
#include "config/config.h"
#include "registers/formula.h"

static const char head[] = "modbridge: map/1\n"
                           "registers:\n"
                           "  limit: {holding: 1, type: u16, access: rw}\n"
                           "  pin: {holding: 2, type: u16, access: w}\n"
                           "commands:\n";

static const struct map *load(struct desk *desk, const char *commands)
{
    char path[] = "/tmp/twins-test-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, head, strlen(head)), strlen(head));
    assert_int_equal(write(file, commands, strlen(commands)), strlen(commands));
    assert_int_equal(close(file), 0);
    const struct map *map = NULL;
    assert_int_equal(config_load_map(desk->arena, path, NULL, &desk->diagnostics, &map), 0);
    desk_expect(desk, "");
    assert_int_equal(unlink(path), 0);
    return map;
}

static void a_set_command_has_a_twin(void **state)
{
    (void)state;
    static const struct {
        const char *command;
        const char *twin;
    } cases[] = {{"set_limit", "get_limit"},
                 {"limit_power", "get_limit_power"},
                 {"set_", "get_"},
                 {"reset", "get_reset"}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct desk *desk = desk_new();
        char text[100];
        (void)snprintf(text, sizeof text, "  %s: {set: limit, group: power, timeout: 7s}\n",
                       cases[i].command);
        const struct map *map = load(desk, text);
        assert_int_equal(map->command_count, 2);
        assert_string_equal(map->commands[0].populate_from, cases[i].twin);
        const struct command *twin = map_find_command(map, cases[i].twin);
        assert_non_null(twin);
        assert_int_equal(twin->argument_count, 0);
        assert_int_equal(twin->step_count, 0);
        assert_int_equal(twin->result_count, 1);
        assert_string_equal(twin->results[0].key, "limit");
        assert_string_equal(formula_text(twin->results[0].value), "limit");
        assert_string_equal(twin->group, "power");
        assert_int_equal(twin->timeout_ms, 7000);
        assert_null(twin->populate_from);
        desk_free(desk);
    }
}

// A map's own command comes first, and serves where it only says what the argument is.
static void what_the_map_has_itself_stays(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        const char *populate_from;
    } cases[] = {
        {"  set_limit: {set: limit}\n"
         "  get_limit: {steps: [{require: limit > 0}], result: {limit: limit}}\n",
         2, "get_limit"},
        {"  get_limit: {steps: [{log: hi}], result: {limit: limit}}\n"
         "  set_limit: {set: limit}\n",
         2, "get_limit"},
        {"  set_limit: {set: limit}\n"
         "  get_limit: {steps: [{wait: 1s}], result: {limit: limit}}\n",
         2, NULL},
        {"  set_limit: {set: limit}\n"
         "  get_limit: {steps: [{log: hi}], result: {other: limit}}\n",
         2, NULL},
        {"  set_limit: {set: limit}\n"
         "  get_limit: {arguments: {x: {type: integer, required: true}}, steps: [{log: hi}], "
         "result: {limit: limit}}\n",
         2, NULL},
        {"  set_pin: {set: pin}\n", 1, NULL},
        {"  stop: {steps: [{write: {limit: 0}}]}\n", 1, NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct desk *desk = desk_new();
        const struct map *map = load(desk, cases[i].text);
        assert_int_equal(map->command_count, cases[i].count);
        const struct command *set = map_find_command(map, "set_limit");
        const char *from = set ? set->populate_from : NULL;
        assert_string_equal(from ? from : "",
                            cases[i].populate_from ? cases[i].populate_from : "");
        desk_free(desk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_command_has_a_twin),
        cmocka_unit_test(what_the_map_has_itself_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
