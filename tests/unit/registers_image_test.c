// SPDX-License-Identifier: MIT
#include "registers/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/plain_point.h"

enum {
    ONLINE,     // discrete 0
    LEVEL,      // holding 10, read while ONLINE, optional
    TOTAL,      // holding 20 and 30: a 32-bit value whose words lie apart
    STATE,      // holding 40
    STATE_NAME, // a view of STATE with labels
    POWER_SF,   // holding 50
    POWER,      // holding 51, times 10 to the power of POWER_SF
    SUM,        // LEVEL + STATE
    EVENTS,     // input 0, four words
    SERIAL,     // holding 60, once per connection
    POINTS,
};

static const struct label state_rows[] = {{0, 0, "idle"}, {1, 3, "running"}};
static const struct labels state_labels = {state_rows, ARRAY_LENGTH(state_rows), NULL, false};

struct world {
    struct arena *arena;
    struct point points[POINTS];
    struct alert alerts[5];
    struct map map;
    struct modbus_settings modbus;
    const struct plan *plan;
    struct image *image;
};

static struct point words(const char *key, enum table table, uint16_t address, uint16_t count,
                          enum point_type type)
{
    return (struct point){
        .key = key,
        .source = SOURCE_WORDS,
        .table = table,
        .address = address,
        .word_count = count,
        .type = type,
        .access = ACCESS_READ,
        .decimals = DECIMALS_SHORTEST,
        .every_ms = 1000,
        PLAIN_POINT,
    };
}

static int find_name(void *context, const char *name, struct symbol *ret_symbol,
                     struct error *err)
{
    (void)err;
    const struct map *map = context;
    int index = map_find_point(map, name);
    *ret_symbol = (struct symbol){.kind = SYMBOL_NONE};
    if (index == NO_INDEX)
        return 0;
    bool boolean = map->points[index].type == TYPE_BOOL;
    *ret_symbol = (struct symbol){
        .kind = SYMBOL_POINT,
        .type = boolean ? FORMULA_BOOLEAN : FORMULA_NUMBER,
        .index = index,
    };
    return 0;
}

static const struct formula *parse(struct world *world, const char *text)
{
    struct formula_names names = {.context = &world->map, .find = find_name};
    const struct formula *formula = NULL;
    struct error err = {0};
    size_t offset = 0;
    if (formula_parse(world->arena, text, &names, FORMULA_ANY, &formula, &offset, &err) != 0)
        fail_msg("%s: %s", text, err.text);
    return formula;
}

static int setup(void **state)
{
    struct world *world = mem_new(1, sizeof *world);
    world->arena = arena_new();
    world->modbus =
        (struct modbus_settings){.max_registers = 125, .max_bits = 2000, .timeout_ms = 500};
    world->map = (struct map){
        .points = world->points,
        .point_count = POINTS,
        .alerts = world->alerts,
        .alert_count = ARRAY_LENGTH(world->alerts),
    };
    struct point *points = world->points;
    points[ONLINE] = words("online", TABLE_DISCRETE, 0, 1, TYPE_BOOL);
    points[LEVEL] = words("level", TABLE_HOLDING, 10, 1, TYPE_U16);
    points[LEVEL].optional = true;
    points[TOTAL] = words("total", TABLE_HOLDING, 20, 2, TYPE_U32);
    points[TOTAL].part_count = 2;
    points[TOTAL].parts[0] = 20;
    points[TOTAL].parts[1] = 30;
    points[STATE] = words("state", TABLE_HOLDING, 40, 1, TYPE_U16);
    points[STATE_NAME] = words("state_name", TABLE_HOLDING, 40, 1, TYPE_U16);
    points[STATE_NAME].source = SOURCE_VIEW;
    points[STATE_NAME].from = STATE;
    points[STATE_NAME].labels = &state_labels;
    points[POWER_SF] = words("power_sf", TABLE_HOLDING, 50, 1, TYPE_I16);
    points[POWER] = words("power", TABLE_HOLDING, 51, 1, TYPE_U16);
    points[POWER].sf = POWER_SF;
    points[SUM] = words("sum", TABLE_HOLDING, 0, 0, TYPE_U16);
    points[SUM].source = SOURCE_FORMULA;
    points[EVENTS] = words("events", TABLE_INPUT, 0, 4, TYPE_EVENT_LIST);
    points[SERIAL] = words("serial", TABLE_HOLDING, 60, 1, TYPE_U16);
    points[SERIAL].every_ms = EVERY_CONNECT;
    points[LEVEL].when = parse(world, "online");
    points[SUM].formula = parse(world, "level + state");
    world->alerts[0] = (struct alert){.key = "bit", .kind = ALERT_BIT, .from = STATE, .bit = 1};
    world->alerts[1] = (struct alert){
        .key = "code", .kind = ALERT_CODE, .from = EVENTS, .code = 7, .code_high = 7};
    world->alerts[2] = (struct alert){.key = "other", .kind = ALERT_OTHERWISE, .from = EVENTS};
    world->alerts[3] = (struct alert){.key = "condition",
                                      .kind = ALERT_CONDITION,
                                      .from = NO_INDEX,
                                      .when = parse(world, "level > 90")};
    world->alerts[4] = (struct alert){.key = "guarded",
                                      .kind = ALERT_BIT,
                                      .from = STATE,
                                      .bit = 0,
                                      .when = parse(world, "online")};
    struct plan_request planning = {.map = &world->map, .modbus = &world->modbus};
    world->plan = block_plan(world->arena, &planning);
    world->image = image_new(&world->map, &world->modbus);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    image_free(world->image);
    arena_free(world->arena);
    free(world);
    return 0;
}

static const struct block *block_of(const struct world *world, enum table table, int address)
{
    for (size_t i = 0; i < world->plan->block_count; i++) {
        const struct block *block = &world->plan->blocks[i];
        if (block->table == table && block->address == address)
            return block;
    }
    fail_msg("no request begins at %s %d", table_names[table], address);
    return NULL;
}

static void store(struct world *world, enum table table, int address, uint16_t word,
                  int64_t now_ms)
{
    image_store(world->image, block_of(world, table, address), &word, now_ms);
}

static struct value value_of(const struct world *world, int point, int64_t now_ms)
{
    struct image_space space = {0};
    return image_value(world->image, point, now_ms, &space);
}

static void expect_integer(const struct world *world, int point, int64_t now_ms, int64_t number)
{
    struct value value = value_of(world, point, now_ms);
    assert_int_equal(value.kind, VALUE_INTEGER);
    assert_true(value.integer == number);
}

static void test_nothing_read_is_unknown(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < POINTS; i++)
        assert_int_equal(value_of(world, i, 0).kind, VALUE_UNKNOWN);
    for (size_t i = 0; i < world->map.alert_count; i++)
        assert_int_equal(image_alert(world->image, &world->alerts[i], 0).kind, VALUE_UNKNOWN);
    assert_null(image_words(world->image, STATE));
    assert_int_equal(image_time(world->image, STATE), -1);
}

static void test_stale_is_not_published(void **state)
{
    struct world *world = *state;
    store(world, TABLE_HOLDING, 40, 2, 1000);
    expect_integer(world, STATE, 1000, 2);
    expect_integer(world, STATE, 3500, 2); // two periods and the time-out
    assert_int_equal(value_of(world, STATE, 3501).kind, VALUE_UNKNOWN);
    assert_int_equal(value_of(world, STATE_NAME, 3501).kind, VALUE_UNKNOWN);
}

static void test_once_per_connection_does_not_age(void **state)
{
    struct world *world = *state;
    store(world, TABLE_HOLDING, 60, 4711, 0);
    expect_integer(world, SERIAL, INT64_C(1) << 40, 4711);
    image_forget(world->image);
    assert_int_equal(value_of(world, SERIAL, 1).kind, VALUE_UNKNOWN);
}

static void test_views_share_words(void **state)
{
    struct world *world = *state;
    store(world, TABLE_HOLDING, 40, 2, 0);
    struct value value = value_of(world, STATE_NAME, 0);
    struct value running = value_text("running");
    assert_true(value_equal(&value, &running));
    assert_int_equal(image_time(world->image, STATE_NAME), 0);
    store(world, TABLE_HOLDING, 40, 9, 0); // a code without a label
    assert_int_equal(value_of(world, STATE_NAME, 0).kind, VALUE_UNKNOWN);
    struct image_space space = {0};
    assert_true(image_raw(world->image, STATE_NAME, 0, &space).integer == 9);
}

static void test_parts_need_each_other(void **state)
{
    struct world *world = *state;
    store(world, TABLE_HOLDING, 20, 1, 0);
    assert_int_equal(value_of(world, TOTAL, 0).kind, VALUE_UNKNOWN);
    store(world, TABLE_HOLDING, 30, 2, 100);
    assert_int_equal(value_of(world, TOTAL, 100).kind, VALUE_UNKNOWN);
    store(world, TABLE_HOLDING, 20, 1, 200);
    expect_integer(world, TOTAL, 200, 0x10002);
    // The older part decides whether the whole is fresh.
    store(world, TABLE_HOLDING, 20, 1, 4000);
    assert_int_equal(value_of(world, TOTAL, 4000).kind, VALUE_UNKNOWN);
}

// A carry between two requests: 0x0001FFFF becomes 0x00020000.
static void test_parts_of_two_moments_are_no_value(void **state)
{
    struct world *world = *state;
    store(world, TABLE_HOLDING, 20, 1, 0);
    store(world, TABLE_HOLDING, 30, 0xFFFF, 10);
    store(world, TABLE_HOLDING, 20, 1, 20);
    expect_integer(world, TOTAL, 20, 0x1FFFF);
    store(world, TABLE_HOLDING, 30, 0, 30);
    assert_int_equal(value_of(world, TOTAL, 30).kind, VALUE_UNKNOWN);
    store(world, TABLE_HOLDING, 20, 2, 40);
    assert_int_equal(value_of(world, TOTAL, 40).kind, VALUE_UNKNOWN);
    assert_null(image_words(world->image, TOTAL));
    store(world, TABLE_HOLDING, 30, 0, 50); // the low word before and after the high one
    expect_integer(world, TOTAL, 50, 0x20000);
}

static void test_condition_decides_what_is_absent(void **state)
{
    struct world *world = *state;
    const struct block *level = block_of(world, TABLE_HOLDING, 10);
    assert_false(image_wants(world->image, level, 0));
    store(world, TABLE_DISCRETE, 0, 0, 0);
    assert_false(image_wants(world->image, level, 0));
    assert_int_equal(value_of(world, LEVEL, 0).kind, VALUE_ABSENT);
    store(world, TABLE_DISCRETE, 0, 1, 0);
    assert_true(image_wants(world->image, level, 0));
    assert_int_equal(value_of(world, LEVEL, 0).kind, VALUE_UNKNOWN);
    store(world, TABLE_HOLDING, 10, 50, 0);
    expect_integer(world, LEVEL, 0, 50);
}

static void test_refusal_of_what_is_optional_means_not_fitted(void **state)
{
    struct world *world = *state;
    const struct block *level = block_of(world, TABLE_HOLDING, 10);
    uint8_t exception = 0;
    store(world, TABLE_DISCRETE, 0, 1, 0);
    image_fail(world->image, level, FAULT_EXCEPTION, 2, 0);
    assert_int_equal(value_of(world, LEVEL, 0).kind, VALUE_ABSENT);
    assert_int_equal(image_fault(world->image, LEVEL, &exception), FAULT_NONE);
    image_fail(world->image, level, FAULT_EXCEPTION, 6, 0); // busy says nothing about fitting
    assert_int_equal(value_of(world, LEVEL, 0).kind, VALUE_UNKNOWN);
    assert_int_equal(image_fault(world->image, LEVEL, &exception), FAULT_EXCEPTION);
    assert_int_equal(exception, 6);
}

static void test_silence_keeps_what_is_fresh_and_refusal_does_not(void **state)
{
    struct world *world = *state;
    const struct block *block = block_of(world, TABLE_HOLDING, 40);
    store(world, TABLE_HOLDING, 40, 1, 0);
    image_fail(world->image, block, FAULT_TIMEOUT, 0, 1000);
    expect_integer(world, STATE, 1000, 1);
    image_fail(world->image, block, FAULT_EXCEPTION, 2, 1500);
    assert_int_equal(value_of(world, STATE, 1500).kind, VALUE_UNKNOWN);
}

// Read over an earlier connection, perhaps of another device: it is not said again for ever
// when the new one does not bring it.
static void test_what_is_read_once_per_connection_needs_that_reading(void **state)
{
    struct world *world = *state;
    const struct block *block = block_of(world, TABLE_HOLDING, 60);
    store(world, TABLE_HOLDING, 60, 4711, 0);
    expect_integer(world, SERIAL, 1000, 4711);
    image_fail(world->image, block, FAULT_TIMEOUT, 0, 2000);
    assert_int_equal(value_of(world, SERIAL, 2000).kind, VALUE_UNKNOWN);
    store(world, TABLE_HOLDING, 60, 4712, 3000);
    expect_integer(world, SERIAL, 3000, 4712);
}

static void test_scale_factor_comes_from_its_register(void **state)
{
    struct world *world = *state;
    uint16_t both[] = {(uint16_t)-1, 1234};
    image_store(world->image, block_of(world, TABLE_HOLDING, 50), both, 0);
    struct value value = value_of(world, POWER, 0);
    char text[32];
    value_format(&value, text, sizeof text);
    assert_string_equal(text, "123.4");
    both[0] = 2;
    image_store(world->image, block_of(world, TABLE_HOLDING, 50), both, 0);
    expect_integer(world, POWER, 0, 123400);
    both[0] = 0x8000; // "not implemented"
    image_store(world->image, block_of(world, TABLE_HOLDING, 50), both, 0);
    assert_int_equal(value_of(world, POWER, 0).kind, VALUE_UNKNOWN);
}

static void test_words_that_are_not_in_the_image_have_their_value(void **state)
{
    struct world *world = *state;
    struct image_space space = {0};
    uint16_t both[] = {(uint16_t)-1, 1234};
    uint16_t other = 55;
    char text[32];
    // Its scale factor is not known: no value.
    struct value value = image_value_of_words(world->image, POWER, &other, 0, &space);
    assert_false(value_is_known(&value));
    image_store(world->image, block_of(world, TABLE_HOLDING, 50), both, 0);
    value = image_value_of_words(world->image, POWER, &other, 0, &space);
    value_format(&value, text, sizeof text);
    assert_string_equal(text, "5.5");
    other = 2;
    value = image_value_of_words(world->image, STATE_NAME, &other, 0, &space);
    value_format(&value, text, sizeof text);
    assert_string_equal(text, "running");
    assert_int_equal(value_of(world, STATE, 0).kind, VALUE_UNKNOWN); // the image is as it was
}

static void test_computed_needs_all_it_names(void **state)
{
    struct world *world = *state;
    store(world, TABLE_HOLDING, 40, 3, 0);
    assert_int_equal(value_of(world, SUM, 0).kind, VALUE_UNKNOWN);
    store(world, TABLE_DISCRETE, 0, 0, 0);
    assert_int_equal(value_of(world, SUM, 0).kind, VALUE_ABSENT);
    store(world, TABLE_DISCRETE, 0, 1, 0);
    store(world, TABLE_HOLDING, 10, 4, 7);
    expect_integer(world, SUM, 7, 7);
    assert_int_equal(image_time(world->image, SUM), 7);
}

static void expect_alert(const struct world *world, int index, bool active)
{
    struct value value = image_alert(world->image, &world->alerts[index], 0);
    assert_int_equal(value.kind, VALUE_BOOLEAN);
    assert_int_equal(value.boolean, active);
}

static void test_alerts(void **state)
{
    struct world *world = *state;
    static const uint16_t listed[] = {1, 7, 0, 0};
    static const uint16_t unlisted[] = {2, 7, 8, 0};
    const struct block *events = block_of(world, TABLE_INPUT, 0);
    store(world, TABLE_HOLDING, 40, 3, 0);
    expect_alert(world, 0, true);
    store(world, TABLE_HOLDING, 40, 1, 0);
    expect_alert(world, 0, false);
    image_store(world->image, events, listed, 0);
    expect_alert(world, 1, true);
    expect_alert(world, 2, false);
    image_store(world->image, events, unlisted, 0);
    expect_alert(world, 2, true);
    // Unknown stays unknown: a dead device is neither fine nor alarming.
    assert_int_equal(image_alert(world->image, &world->alerts[3], 0).kind, VALUE_UNKNOWN);
    store(world, TABLE_DISCRETE, 0, 1, 0);
    store(world, TABLE_HOLDING, 10, 91, 0);
    expect_alert(world, 3, true);
    expect_alert(world, 4, true);
    store(world, TABLE_DISCRETE, 0, 0, 0);
    expect_alert(world, 4, false);
}

static void test_bits_of_a_packed_block(void **state)
{
    struct world *world = *state;
    // Sixteen bits a word, lowest first: bit 17 is the second bit of the second word.
    const uint16_t points[] = {ONLINE};
    struct block block = {
        .table = TABLE_DISCRETE, .address = 0, .count = 18, .points = points, .point_count = 1};
    uint16_t packed[] = {0x0000, 0x0002};
    world->points[ONLINE].address = 17;
    image_store(world->image, &block, packed, 0);
    struct value value = value_of(world, ONLINE, 0);
    assert_int_equal(value.kind, VALUE_BOOLEAN);
    assert_true(value.boolean);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_read_is_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stale_is_not_published, setup, teardown),
        cmocka_unit_test_setup_teardown(test_once_per_connection_does_not_age, setup, teardown),
        cmocka_unit_test_setup_teardown(test_views_share_words, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parts_need_each_other, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parts_of_two_moments_are_no_value, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_condition_decides_what_is_absent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusal_of_what_is_optional_means_not_fitted,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_silence_keeps_what_is_fresh_and_refusal_does_not,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_what_is_read_once_per_connection_needs_that_reading, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scale_factor_comes_from_its_register, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_words_that_are_not_in_the_image_have_their_value,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_computed_needs_all_it_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_alerts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bits_of_a_packed_block, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
