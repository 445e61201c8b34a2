// SPDX-License-Identifier: MIT
#include "unit/config_support.h"

#include <unistd.h>

#include "base/mem.h"
#include "config/load_faults.h"

static const char *const devices[] = {"meter", "pump"};
static const char *const buses[] = {"line"};
static const struct fault_names names = {devices, 2, buses, 1};

static int load(struct desk *desk, const char *text, const struct fault_script **ret_script)
{
    char path[] = "/tmp/faults-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    int result = config_load_faults(desk->arena, path, &names, &desk->diagnostics, ret_script);
    assert_int_equal(close(descriptor), 0);
    assert_int_equal(unlink(path), 0);
    return result;
}

static void every_key_is_read(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct fault_script *script = NULL;
    const char *text =
        "seed: 42\n"
        "faults:\n"
        "  - {at: 1s, for: 2s, every: 3s, chance: 0.25, nth: 4, bus: line, device: pump,\n"
        "     unit_id: 5, table: input, addresses: 10..20, requests: writes, silent: true}\n"
        "  - {unanswered: true, unexecuted: true, exception: 0x0B, latency: 200ms, jitter: "
        "50ms,\n"
        "     lie: transaction, stale: true, foreign: true, echo: true, repeat: 1, truncate: "
        "2,\n"
        "     drop: 3, flip: 4, noise: 5, lead: 0, dribble: 6ms, close: true, reset: true}\n"
        "  - {bus: line, refuse: true, unplug: true, strict_gap: true}\n";
    if (load(desk, text, &script))
        fail_msg("%s", desk_print(desk));
    assert_true(script->has_seed);
    assert_int_equal(script->seed, 42);
    assert_int_equal(script->count, 3);
    const struct fault_rule *one = &script->rules[0];
    assert_int_equal(one->from_ms, 1000);
    assert_int_equal(one->lasting_ms, 2000);
    assert_int_equal(one->every_ms, 3000);
    assert_true(one->chance == 0.25);
    assert_int_equal(one->nth, 4);
    assert_int_equal(one->bus, 0);
    assert_int_equal(one->device, 1);
    assert_int_equal(one->unit_id, 5);
    assert_int_equal(one->table, TABLE_INPUT);
    assert_false(one->any_address);
    assert_int_equal(one->first_address, 10);
    assert_int_equal(one->last_address, 20);
    assert_int_equal(one->requests, FAULT_WRITES);
    assert_true(one->effect.silent);
    assert_int_equal(one->effect.lead, NO_INDEX);
    const struct fault_effect *all = &script->rules[1].effect;
    const struct fault_effect expected = {.unanswered = true,
                                          .unexecuted = true,
                                          .exception = 11,
                                          .latency_ms = 200,
                                          .jitter_ms = 50,
                                          .lie = LIE_TRANSACTION,
                                          .stale = true,
                                          .foreign = true,
                                          .echo = true,
                                          .repeat = 1,
                                          .truncate = 2,
                                          .drop = 3,
                                          .flip = 4,
                                          .noise = 5,
                                          .lead = 0,
                                          .dribble_ms = 6,
                                          .close = true,
                                          .reset = true};
    assert_true(all->unanswered && all->unexecuted && all->stale && all->foreign && all->echo);
    assert_true(all->close && all->reset);
    assert_int_equal(all->exception, expected.exception);
    assert_int_equal(all->latency_ms, expected.latency_ms);
    assert_int_equal(all->jitter_ms, expected.jitter_ms);
    assert_int_equal(all->lie, expected.lie);
    assert_int_equal(all->repeat, expected.repeat);
    assert_int_equal(all->truncate, expected.truncate);
    assert_int_equal(all->drop, expected.drop);
    assert_int_equal(all->flip, expected.flip);
    assert_int_equal(all->noise, expected.noise);
    assert_int_equal(all->lead, expected.lead);
    assert_int_equal(all->dribble_ms, expected.dribble_ms);
    const struct fault_rule *other = &script->rules[1];
    assert_true(other->any_address && other->chance == 1);
    assert_int_equal(other->device, NO_INDEX);
    assert_int_equal(other->table, NO_INDEX);
    const struct fault_effect *line = &script->rules[2].effect;
    assert_true(line->refuse && line->unplug && line->strict_gap);
    desk_free(desk);
}

static const struct refusal_case {
    const char *text;
    const char *expected;
} refusals[] = {
    {"faults: [{silnt: true}]\n",
     "1:11: error: a fault has no key 'silnt'; did you mean 'silent'?"},
    {"faults: [{at: 5s}]\n", "this fault does nothing"},
    {"faults: [{device: metre, silent: true}]\n",
     "there is no device 'metre'; did you mean 'meter'?"},
    {"faults: [{bus: lime, silent: true}]\n", "there is no bus 'lime'; did you mean 'line'?"},
    {"faults: [{chance: 1.5, silent: true}]\n",
     "chance is from 0 (never) to 1 (always), found 1.5"},
    {"faults: [{addresses: 5..70000, silent: true}]\n", "addresses are from 0 to 65535"},
    {"faults: [{unplug: true, unit_id: 3}]\n", "are about a whole bus"},
    {"faults: [{silent: true, for: 5s, every: 5s}]\n", "'for' must be shorter than 'every'"},
    {"faults: [{lie: nothing}]\n", "lie"},
    {"faults: {silent: true}\n", "expected a list"},
    {"seed: 1\n", "faults"},
    {"[]\n", "a file holds keys and values"},
};

static void what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++) {
        struct desk *desk = desk_new();
        const struct fault_script *script = NULL;
        int result = load(desk, refusals[i].text, &script);
        char *printed = desk_print(desk);
        if (!result || !strstr(printed, refusals[i].expected))
            fail_msg("%s%s", refusals[i].text, printed);
        free(printed);
        desk_free(desk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
