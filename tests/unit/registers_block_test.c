// SPDX-License-Identifier: MIT
#include "registers/block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/mem.h"
#include "registers/formula.h"

enum { MAX_CASE_POINTS = 8, MAX_CASE_BLOCKS = 8 };

#define WORDS(at, words, period)                                                               \
    {                                                                                          \
        .key = #at, .source = SOURCE_WORDS, .table = TABLE_HOLDING, .address = (at),           \
        .word_count = (words), .every_ms = (period), .access = ACCESS_READ,                    \
        .unit_id = NO_INDEX, .sf = NO_INDEX                                                    \
    }

#define IN_MODEL(at, words, number)                                                            \
    {                                                                                          \
        .key = #at, .source = SOURCE_WORDS, .table = TABLE_HOLDING, .address = (at),           \
        .word_count = (words), .every_ms = 1000, .access = ACCESS_READ, .unit_id = NO_INDEX,   \
        .model = (number)                                                                      \
    }

struct wanted {
    int address;
    int count;
    size_t points;
};

// What a plan of these entries must be, in order of period, then address.
struct block_case {
    const char *name;
    struct point points[MAX_CASE_POINTS];
    size_t point_count;
    struct modbus_settings modbus;
    struct wanted blocks[MAX_CASE_BLOCKS];
    size_t block_count;
};

static const struct span hole[] = {{TABLE_HOLDING, 12, 1, 0}};
static const struct span model_hole[] = {{TABLE_HOLDING, 12, 1, 1}};
static const struct span model_forced[] = {{TABLE_HOLDING, 100, 20, 2}};
static const struct span forced[] = {{TABLE_HOLDING, 100, 20, 0}};

static const struct block_case cases[] = {
    {"contiguous entries are one request",
     {WORDS(10, 2, 1000), WORDS(12, 1, 1000), WORDS(13, 4, 1000)},
     3,
     {.max_registers = 125},
     {{10, 7, 3}},
     1},
    {"a gap is never spanned unless the map allows it",
     {WORDS(10, 2, 1000), WORDS(13, 1, 1000)},
     2,
     {.max_registers = 125},
     {{10, 2, 1}, {13, 1, 1}},
     2},
    {"a gap as large as merge_gap is spanned",
     {WORDS(10, 2, 1000), WORDS(14, 1, 1000), WORDS(18, 1, 1000)},
     3,
     {.max_registers = 125, .merge_gap = 2},
     {{10, 5, 2}, {18, 1, 1}},
     2},
    {"an unreadable address is never inside",
     {WORDS(10, 2, 1000), WORDS(13, 1, 1000)},
     2,
     {.max_registers = 125, .merge_gap = 5, .unreadable = hole, .unreadable_count = 1},
     {{10, 2, 1}, {13, 1, 1}},
     2},
    {"a value is never torn at the limit",
     {WORDS(10, 2, 1000), WORDS(12, 2, 1000), WORDS(14, 2, 1000)},
     3,
     {.max_registers = 5},
     {{10, 4, 2}, {14, 2, 1}},
     2},
    {"each period has its requests",
     {WORDS(10, 1, 1000), WORDS(11, 1, 5000), WORDS(12, 1, 5000)},
     3,
     {.max_registers = 125},
     {{10, 1, 1}, {11, 2, 2}},
     2},
    {"what a faster request brings anyway is not asked for again",
     {WORDS(10, 1, 1000), WORDS(11, 1, 5000), WORDS(12, 1, 1000), WORDS(13, 1, 5000)},
     4,
     {.max_registers = 125},
     {{10, 3, 3}, {13, 1, 1}},
     2},
    {"what is read once per connection is",
     {WORDS(10, 1, 1000), WORDS(11, 1, EVERY_CONNECT), WORDS(12, 1, 1000)},
     3,
     {.max_registers = 125},
     {{10, 3, 2}, {11, 1, 1}},
     2},
    {"a request may begin inside another one's words",
     {WORDS(10, 4, 1000), WORDS(13, 4, 1000)},
     2,
     {.max_registers = 5},
     {{10, 4, 1}, {13, 4, 1}},
     2},
    {"overlapping entries share the words",
     {WORDS(10, 4, 1000), WORDS(11, 1, 1000), WORDS(14, 1, 1000)},
     3,
     {.max_registers = 125},
     {{10, 5, 3}},
     1},
    {"a block the firmware wants is asked for exactly",
     {WORDS(105, 2, 1000), WORDS(111, 1, 1000), WORDS(120, 1, 1000)},
     3,
     {.max_registers = 125, .blocks = forced, .block_count = 1},
     {{120, 1, 1}, {100, 20, 2}},
     2},
    {"entries of two SunSpec models and none share nothing",
     {IN_MODEL(10, 2, 1), WORDS(12, 1, 1000), IN_MODEL(12, 1, 2), IN_MODEL(12, 4, 1)},
     4,
     {.max_registers = 125},
     {{12, 1, 1}, {10, 6, 2}, {12, 1, 1}},
     3},
    {"an unreadable address of a model is one of that model",
     {WORDS(10, 2, 1000), WORDS(13, 1, 1000), IN_MODEL(10, 2, 1), IN_MODEL(13, 1, 1)},
     4,
     {.max_registers = 125, .merge_gap = 5, .unreadable = model_hole, .unreadable_count = 1},
     {{10, 4, 2}, {10, 2, 1}, {13, 1, 1}},
     3},
    {"a block in a model is for that model",
     {WORDS(105, 2, 1000), IN_MODEL(105, 2, 1), IN_MODEL(105, 2, 2), IN_MODEL(111, 1, 2)},
     4,
     {.max_registers = 125, .blocks = model_forced, .block_count = 1},
     {{105, 2, 1}, {105, 2, 1}, {100, 20, 2}},
     3},
};

static void check(const struct block_case *row)
{
    struct arena *arena = arena_new();
    struct map map = {.points = row->points, .point_count = row->point_count};
    struct plan_request request = {.map = &map, .modbus = &row->modbus};
    const struct plan *plan = block_plan(arena, &request);
    if (plan->block_count != row->block_count)
        fail_msg("%s: %zu requests instead of %zu", row->name, plan->block_count,
                 row->block_count);
    for (size_t i = 0; i < row->block_count; i++) {
        const struct block *block = &plan->blocks[i];
        const struct wanted *wanted = &row->blocks[i];
        if (block->address != wanted->address || block->count != wanted->count ||
            block->point_count != wanted->points)
            fail_msg("%s: request %zu is %u+%u with %zu entries", row->name, i, block->address,
                     block->count, block->point_count);
    }
    arena_free(arena);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        check(&cases[i]);
}

static void test_write_only_and_need_are_not_polled(void **state)
{
    (void)state;
    struct point points[] = {WORDS(1, 1, 1000), WORDS(2, 1, 1000), WORDS(3, 1, EVERY_NEED)};
    points[1].access = ACCESS_WRITE;
    struct map map = {.points = points, .point_count = 3};
    struct modbus_settings modbus = {.max_registers = 125};
    struct plan_request request = {.map = &map, .modbus = &modbus};
    struct arena *arena = arena_new();
    const struct plan *plan = block_plan(arena, &request);
    assert_int_equal(plan->block_count, 1);
    assert_int_equal(plan->blocks[0].count, 1);
    // A command may read what is not polled, but never what is write-only.
    const int wanted[] = {0, 1, 2};
    plan = block_plan_for(arena, &request, wanted, 3);
    assert_int_equal(plan->block_count, 2);
    assert_int_equal(plan->blocks[0].address, 1);
    assert_int_equal(plan->blocks[1].address, 3);
    assert_int_equal(plan->blocks[1].points[0], 2);
    arena_free(arena);
}

static void test_kinds_do_not_mix(void **state)
{
    (void)state;
    struct point points[] = {WORDS(1, 1, 1000), WORDS(2, 1, 1000), WORDS(3, 1, 1000),
                             WORDS(4, 1, 1000), WORDS(5, 1, 1000)};
    points[1].optional = true;
    points[2].unit_id = 7;
    points[3].table = TABLE_INPUT;
    points[4].alone = true;
    struct map map = {.points = points, .point_count = 5};
    struct modbus_settings modbus = {.max_registers = 125, .merge_gap = 10};
    struct plan_request request = {.map = &map, .modbus = &modbus};
    struct arena *arena = arena_new();
    const struct plan *plan = block_plan(arena, &request);
    assert_int_equal(plan->block_count, 5);
    for (size_t i = 0; i < plan->block_count; i++)
        assert_int_equal(plan->blocks[i].count, 1);
    arena_free(arena);
}

static void test_words_that_lie_apart(void **state)
{
    (void)state;
    struct point points[] = {
        WORDS(622, 2, 1000),
        WORDS(623, 1, 1000),
    };
    points[0].part_count = 2;
    points[0].parts[0] = 622;
    points[0].parts[1] = 690;
    struct map map = {.points = points, .point_count = 2};
    struct modbus_settings modbus = {.max_registers = 125};
    struct plan_request request = {.map = &map, .modbus = &modbus};
    struct arena *arena = arena_new();
    const struct plan *plan = block_plan(arena, &request);
    assert_int_equal(plan->block_count, 3);
    assert_int_equal(plan->blocks[0].address, 622);
    assert_int_equal(plan->blocks[0].count, 2);
    assert_int_equal(plan->blocks[1].address, 690);
    assert_int_equal(plan->blocks[1].point_count, 1);
    assert_int_equal(plan->blocks[1].points[0], 0);
    assert_memory_equal(&plan->blocks[2], &plan->blocks[0], sizeof plan->blocks[2]); // again
    arena_free(arena);
}

// A value read with another one's scale would be wrong by powers of ten.
static void test_a_value_comes_with_its_scale(void **state)
{
    (void)state;
    struct point points[] = {WORDS(10, 2, 1000), WORDS(12, 2, 1000), WORDS(14, 1, 1000)};
    points[1].sf = 2;
    struct map map = {.points = points, .point_count = 3};
    struct modbus_settings modbus = {.max_registers = 4};
    struct plan_request request = {.map = &map, .modbus = &modbus};
    struct arena *arena = arena_new();
    const struct plan *plan = block_plan(arena, &request);
    assert_int_equal(plan->block_count, 2);
    assert_int_equal(plan->blocks[0].count, 2);
    assert_int_equal(plan->blocks[1].address, 12);
    assert_int_equal(plan->blocks[1].point_count, 2);
    // A slow value does not wait for its fast scale's request, it brings it along.
    points[1].every_ms = 5000;
    plan = block_plan(arena, &request);
    assert_int_equal(plan->block_count, 3);
    assert_int_equal(plan->blocks[2].address, 12);
    assert_int_equal(plan->blocks[2].count, 3);
    assert_int_equal(plan->blocks[2].point_count, 2);
    // Two values share a scale that no single request brings with both.
    points[0].sf = 2;
    points[1].every_ms = 1000;
    points[0].address = 11;
    points[2].address = 13;
    points[1].address = 14;
    plan = block_plan(arena, &request);
    assert_int_equal(plan->block_count, 2);
    assert_int_equal(plan->blocks[0].address, 11);
    assert_int_equal(plan->blocks[1].address, 13);
    assert_int_equal(plan->blocks[0].point_count, 2);
    assert_int_equal(plan->blocks[1].point_count, 2);
    arena_free(arena);
}

// `n` is the number that the context holds, as in a copy of a repeat; `phases` an entry.
static int find_name(void *context, const char *name, struct symbol *ret_symbol,
                     struct error *err)
{
    (void)err;
    *ret_symbol = (struct symbol){.kind = SYMBOL_POINT, .type = FORMULA_NUMBER};
    if (strcmp(name, "n") == 0) {
        ret_symbol->kind = SYMBOL_CONSTANT;
        ret_symbol->constant = value_integer(*(const int *)context);
    }
    return 0;
}

static const struct formula *condition(struct arena *arena, const char *text, int n)
{
    const struct formula_names names = {.context = &n, .find = find_name};
    const struct formula *formula = NULL;
    struct error err = {0};
    size_t offset = 0;
    assert_int_equal(
        formula_parse(arena, text, &names, FORMULA_BOOLEAN, &formula, &offset, &err), 0);
    return formula;
}

// One request for copies of a repeat whose conditions read alike would be asked while the first
// of them holds, and leave out the others.
static void test_copies_with_other_conditions_are_asked_apart(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct point points[] = {WORDS(10, 1, 1000), WORDS(11, 1, 1000), WORDS(12, 1, 1000)};
    points[0].when = condition(arena, "n >= phases", 1);
    points[1].when = condition(arena, "n >= phases", 2);
    points[2].when = condition(arena, "n >= phases", 2);
    struct map map = {.points = points, .point_count = 3};
    struct modbus_settings modbus = {.max_registers = 125};
    struct plan_request request = {.map = &map, .modbus = &modbus};
    const struct plan *plan = block_plan(arena, &request);
    assert_int_equal(plan->block_count, 2);
    for (size_t i = 0; i < plan->block_count; i++) {
        const struct block *block = &plan->blocks[i];
        assert_int_equal(block->point_count, block->address == 10 ? 1 : 2);
        assert_int_equal(formula_order(block->when, points[block->points[0]].when), 0);
    }
    points[0].when = condition(arena, "2 >= phases", 1); // says the same in other words
    points[1].when = condition(arena, "n >= phases", 1);
    points[2].when = condition(arena, "n >= phases", 1);
    assert_int_equal(block_plan(arena, &request)->block_count, 2);
    points[0].when = condition(arena, "n >= phases", 1);
    assert_int_equal(block_plan(arena, &request)->block_count, 1);
    arena_free(arena);
}

// A value with a condition and its scale without one, which others may need: the scale comes
// with the value, and by itself where the condition is false.
static void test_a_scale_without_condition_comes_with_values_that_have_one(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct point points[] = {WORDS(10, 1, 1000), WORDS(11, 1, 1000)};
    points[0].when = condition(arena, "n >= phases", 1);
    points[0].sf = 1;
    struct map map = {.points = points, .point_count = 2};
    struct modbus_settings modbus = {.max_registers = 125};
    struct plan_request request = {.map = &map, .modbus = &modbus};
    const struct plan *plan = block_plan(arena, &request);
    assert_int_equal(plan->block_count, 2);
    for (size_t i = 0; i < plan->block_count; i++) {
        const struct block *block = &plan->blocks[i];
        assert_int_equal(block->address, block->when ? 10 : 11);
        assert_int_equal(block->count, block->when ? 2 : 1);
        assert_int_equal(block->point_count, block->when ? 2 : 1);
    }
    // One that is only there under another condition is asked for under that one alone.
    points[1].when = condition(arena, "n >= phases", 2);
    plan = block_plan(arena, &request);
    assert_int_equal(plan->block_count, 2);
    assert_int_equal(plan->blocks[0].count, 1);
    assert_int_equal(plan->blocks[1].count, 1);
    // A scale that has a condition never comes where its value has none.
    points[0].when = NULL;
    plan = block_plan(arena, &request);
    assert_int_equal(plan->block_count, 2);
    assert_int_equal(plan->blocks[0].count, 1);
    arena_free(arena);
}

static void test_words_apart_come_together_where_they_may(void **state)
{
    (void)state;
    struct point points[] = {WORDS(10, 2, 1000), WORDS(11, 1, 1000)};
    points[0].part_count = 2;
    points[0].parts[0] = 12;
    points[0].parts[1] = 10;
    struct map map = {.points = points, .point_count = 2};
    struct modbus_settings modbus = {.max_registers = 125};
    struct plan_request request = {.map = &map, .modbus = &modbus};
    struct arena *arena = arena_new();
    const struct plan *plan = block_plan(arena, &request);
    assert_int_equal(plan->block_count, 1);
    assert_int_equal(plan->blocks[0].address, 10);
    assert_int_equal(plan->blocks[0].count, 3);
    assert_int_equal(plan->blocks[0].point_count, 2);
    arena_free(arena);
}

// The line decides: a gap is read through when that takes less time than another request.
static void test_auto_weighs_the_gap_against_a_request(void **state)
{
    (void)state;
    struct point points[] = {WORDS(0, 10, 1000), WORDS(20, 1, 1000)};
    struct map map = {.points = points, .point_count = 2};
    struct modbus_settings modbus = {.max_registers = 125, .merge_gap = GAP_AUTO};
    struct plan_request request = {
        .map = &map, .modbus = &modbus, .cost = {.frames_ns = 19, .byte_ns = 1}};
    struct arena *arena = arena_new();
    assert_int_equal(block_plan(arena, &request)->block_count, 2);
    request.cost.response_ns = 1;
    assert_int_equal(block_plan(arena, &request)->block_count, 1);
    // What may not be read, or is only written, is not read through at any price.
    points[1].address = 12;
    struct point closed[] = {points[0], points[1], WORDS(11, 1, 1000)};
    map = (struct map){.points = closed, .point_count = 3};
    closed[2].access = ACCESS_WRITE;
    assert_int_equal(block_plan(arena, &request)->block_count, 2);
    closed[2].access = ACCESS_READ;
    closed[2].alone = true;
    assert_int_equal(block_plan(arena, &request)->block_count, 3);
    arena_free(arena);
}

static void test_learned_holes_are_not_asked(void **state)
{
    (void)state;
    struct point points[] = {WORDS(10, 2, 1000), WORDS(12, 2, 1000), WORDS(14, 1, 1000),
                             WORDS(20, 1, 1000)};
    points[3].part_count = 2;
    points[3].parts[0] = 13;
    points[3].parts[1] = 20;
    const struct refusal refusals[] = {
        {REFUSAL_RANGE, NO_INDEX, {TABLE_HOLDING, 13, 1, 0}, 0, 2, false},
        {REFUSAL_RANGE, NO_INDEX, {TABLE_INPUT, 10, 4, 0}, 0, 2, false},
        {REFUSAL_RANGE, 5, {TABLE_HOLDING, 10, 5, 0}, 0, 2, false}, // of another unit
    };
    struct map map = {.points = points, .point_count = 4};
    struct modbus_settings modbus = {.max_registers = 125, .merge_gap = 10};
    struct plan_request request = {
        .map = &map, .modbus = &modbus, .refusals = refusals, .refusal_count = 3};
    struct arena *arena = arena_new();
    const struct plan *plan = block_plan(arena, &request);
    assert_int_equal(plan->block_count, 2);
    assert_int_equal(plan->blocks[0].address, 10);
    assert_int_equal(plan->blocks[0].count, 2);
    assert_int_equal(plan->blocks[1].address, 14);
    assert_int_equal(plan->blocks[1].count, 1);
    // Asked for now, what is refused goes by itself and is no bridge for others.
    const int all[] = {0, 1, 2};
    plan = block_plan_for(arena, &request, all, 3);
    assert_int_equal(plan->block_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(plan->blocks[i].point_count, 1);
        assert_int_equal(plan->blocks[i].count, points[plan->blocks[i].points[0]].word_count);
    }
    arena_free(arena);
}

static void test_learned_refusals_are_of_one_unit(void **state)
{
    (void)state;
    struct point points[] = {WORDS(10, 1, 1000), WORDS(11, 1, 1000), WORDS(10, 1, 1000),
                             WORDS(11, 1, 1000)};
    points[2].unit_id = points[3].unit_id = 5;
    const struct refusal refusal = {REFUSAL_RANGE, 5, {TABLE_HOLDING, 11, 1, 0}, 0, 2, false};
    struct map map = {.points = points, .point_count = 4};
    struct modbus_settings modbus = {.max_registers = 125};
    struct plan_request request = {
        .map = &map, .modbus = &modbus, .refusals = &refusal, .refusal_count = 1};
    struct arena *arena = arena_new();
    const struct plan *plan = block_plan(arena, &request);
    assert_int_equal(plan->block_count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(plan->blocks[i].count, plan->blocks[i].unit_id == 5 ? 1 : 2);
    arena_free(arena);
}

static void test_learned_lengths_and_borders_are_kept(void **state)
{
    (void)state;
    struct point points[12];
    for (uint16_t i = 0; i < 12; i++)
        points[i] = (struct point)WORDS((uint16_t)(10 + i), 1, 1000);
    points[9].sf = 10; // 19 and its scale 20 are apart where a border is between them
    const struct refusal refusals[] = {
        {REFUSAL_BORDER, NO_INDEX, {TABLE_HOLDING, 12, 2, 0}, 13, 2, false},
        {REFUSAL_LENGTH, NO_INDEX, {TABLE_HOLDING, 10, 6, 0}, 5, 3, false},
        {REFUSAL_BORDER, NO_INDEX, {TABLE_HOLDING, 19, 2, 0}, 20, 2, false},
        {REFUSAL_LENGTH, NO_INDEX, {TABLE_INPUT, 10, 6, 0}, 1, 3, false},
    };
    static const uint16_t expected[][2] = {{10, 3}, {13, 5}, {18, 2}, {20, 2}};
    struct map map = {.points = points, .point_count = 12};
    struct modbus_settings modbus = {.max_registers = 125};
    struct plan_request request = {
        .map = &map, .modbus = &modbus, .refusals = refusals, .refusal_count = 4};
    struct arena *arena = arena_new();
    const struct plan *plan = block_plan(arena, &request);
    assert_int_equal(plan->block_count, ARRAY_LENGTH(expected));
    for (size_t i = 0; i < plan->block_count; i++) {
        assert_int_equal(plan->blocks[i].address, expected[i][0]);
        assert_int_equal(plan->blocks[i].count, expected[i][1]);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_write_only_and_need_are_not_polled),
        cmocka_unit_test(test_kinds_do_not_mix),
        cmocka_unit_test(test_words_that_lie_apart),
        cmocka_unit_test(test_a_value_comes_with_its_scale),
        cmocka_unit_test(test_copies_with_other_conditions_are_asked_apart),
        cmocka_unit_test(test_a_scale_without_condition_comes_with_values_that_have_one),
        cmocka_unit_test(test_words_apart_come_together_where_they_may),
        cmocka_unit_test(test_auto_weighs_the_gap_against_a_request),
        cmocka_unit_test(test_learned_holes_are_not_asked),
        cmocka_unit_test(test_learned_refusals_are_of_one_unit),
        cmocka_unit_test(test_learned_lengths_and_borders_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
