// SPDX-License-Identifier: MIT
// The search for refused registers, and the plan that follows, against devices that are a list
// of what they refuse.
#include "bus/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "bus/refused.h"
#include "support/random.h"

enum { MAX_POINTS = 60, SPACE = 300 };

struct device_model {
    bool is_bad[SPACE];
    int limit;             // of one request; 0: none
    bool is_border[SPACE]; // no request comes here from the address before
};

struct world {
    struct arena *arena;
    struct point points[MAX_POINTS];
    struct map map;
    struct modbus_settings modbus;
    struct plan_request planning;
    struct device_model device;
    struct refused refused;
    unsigned questions;
};

static void add_point(struct world *world, uint16_t address, uint16_t words)
{
    world->points[world->map.point_count++] = (struct point){
        .key = "p",
        .source = SOURCE_WORDS,
        .table = TABLE_HOLDING,
        .unit_id = NO_INDEX,
        .address = address,
        .word_count = words,
        .access = ACCESS_READ,
        .from = NO_INDEX,
        .sf = NO_INDEX,
        .every_ms = 1000,
    };
}

static struct world *new_world(int merge_gap)
{
    struct world *world = mem_new(1, sizeof *world);
    world->arena = arena_new();
    world->map.points = world->points;
    world->modbus = (struct modbus_settings){
        .max_registers = 125, .max_bits = 2000, .merge_gap = merge_gap, .timeout_ms = 1000};
    world->planning =
        (struct plan_request){.map = &world->map,
                              .modbus = &world->modbus,
                              .cost = {.frames_ns = 10000000, .byte_ns = 1000000}};
    return world;
}

static void free_world(struct world *world)
{
    refused_done(&world->refused);
    arena_free(world->arena);
    free(world);
}

static uint8_t ask(struct world *world, struct span span)
{
    world->questions++;
    assert_int_equal(span.table, TABLE_HOLDING);
    assert_true(span.count > 0);
    if (world->device.limit && span.count > world->device.limit)
        return 3;
    for (int i = 0; i < span.count; i++) {
        if (world->device.is_bad[span.address + i] ||
            (i > 0 && world->device.is_border[span.address + i]))
            return 2;
    }
    return 0;
}

// Reads the plan as a bus does: refused blocks are searched, then all is planned anew. Returns
// the number of rounds until nothing new was refused.
static int learn_all(struct world *world)
{
    for (int round = 0; round < 50; round++) {
        const struct plan *plan = refused_plan(&world->refused, world->arena, &world->planning);
        bool is_new = false;
        for (size_t i = 0; i < plan->block_count && !is_new; i++) {
            const struct block *block = &plan->blocks[i];
            struct span span = {block->table, block->address, block->count, SUNSPEC_NONE};
            uint8_t exception = ask(world, span);
            if (!exception || refused_find(&world->refused, block))
                continue;
            struct search search;
            search_begin(&search, &world->map, block, exception);
            while (search_next(&search, &span))
                search_note(&search, ask(world, span));
            for (size_t k = 0; k < search.found_count; k++) {
                struct refused_item item = {.refusal = search.found[k]};
                const struct refused_item *known =
                    refused_find_length(&world->refused, &item.refusal);
                if (item.refusal.kind == REFUSAL_LENGTH && known &&
                    known->refusal.split <= item.refusal.split)
                    continue;
                is_new |= refused_add(&world->refused, &item);
            }
            assert_true(is_new);
            search_done(&search);
        }
        if (!is_new)
            return round;
    }
    fail_msg("it does not come to an end");
    return 0;
}

static const struct refusal *range_at(const struct world *world, uint16_t address)
{
    for (size_t i = 0; i < world->refused.count; i++) {
        if (world->refused.refusals[i].span.address == address)
            return &world->refused.refusals[i];
    }
    return NULL;
}

static void test_one_missing_register_is_found_in_few_questions(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    for (uint16_t i = 0; i < 32; i++)
        add_point(world, i, 1);
    world->device.is_bad[11] = true;
    assert_int_equal(learn_all(world), 1);
    assert_int_equal(world->refused.count, 1);
    assert_int_equal(range_at(world, 11)->span.count, 1);
    assert_int_equal(range_at(world, 11)->exception, 2);
    // The block, two halves of 32, 16, 8, 4 and 2, then the new plan: two blocks and the range.
    assert_in_range(world->questions, 1 + 5 + 3, 1 + 10 + 3);
    const struct plan *plan = refused_plan(&world->refused, world->arena, &world->planning);
    assert_int_equal(plan->block_count, 3);
    free_world(world);
}

static void test_a_value_of_two_words_is_one(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    for (uint16_t i = 0; i < 8; i++)
        add_point(world, (uint16_t)(2 * i), 2);
    world->device.is_bad[7] = true;
    (void)learn_all(world);
    assert_int_equal(world->refused.count, 1);
    assert_int_equal(range_at(world, 6)->span.count, 2);
    free_world(world);
}

static void test_registers_between_the_listed_ones_are_to_blame(void **state)
{
    (void)state;
    struct world *world = new_world(8);
    add_point(world, 10, 1);
    add_point(world, 11, 1);
    add_point(world, 15, 1);
    add_point(world, 16, 1);
    world->device.is_bad[13] = true;
    (void)learn_all(world);
    assert_int_equal(world->refused.count, 1);
    assert_int_equal(range_at(world, 12)->span.count, 3);
    free_world(world);
}

static void test_a_number_that_is_too_large(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    for (uint16_t i = 0; i < 40; i++)
        add_point(world, i, 1);
    world->device.limit = 13;
    (void)learn_all(world);
    assert_int_equal(world->refused.count, 1);
    assert_int_equal(world->refused.refusals[0].kind, REFUSAL_LENGTH);
    assert_int_equal(world->refused.refusals[0].split, 13);
    assert_int_equal(world->refused.refusals[0].span.count, 14); // asked again now and then
    const struct plan *plan = refused_plan(&world->refused, world->arena, &world->planning);
    assert_int_equal(plan->block_count, 4 + 1);
    assert_int_equal(plan->blocks[4].point_count, 0);
    free_world(world);
}

// Each value by itself, no two of them: that is a length too, not a border at every value.
static void test_a_number_that_only_single_values_keep(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    for (uint16_t i = 0; i < 12; i++)
        add_point(world, (uint16_t)(2 * i), 2);
    world->device.limit = 3;
    (void)learn_all(world);
    assert_int_equal(world->refused.count, 1);
    assert_int_equal(world->refused.refusals[0].kind, REFUSAL_LENGTH);
    assert_int_equal(world->refused.refusals[0].split, 2);
    free_world(world);
}

static void test_a_border_is_found_where_it_is(void **state)
{
    (void)state;
    for (uint16_t border = 1; border < 40; border++) {
        struct world *world = new_world(0);
        for (uint16_t i = 0; i < 40; i++)
            add_point(world, i, 1);
        world->device.is_border[border] = true;
        (void)learn_all(world);
        assert_int_equal(world->refused.count, 1);
        const struct refusal *found = &world->refused.refusals[0];
        assert_int_equal(found->kind, REFUSAL_BORDER);
        assert_int_equal(found->split, border);
        assert_int_equal(found->span.address, border - 1);
        assert_int_equal(found->span.count, 2);
        const struct plan *plan = refused_plan(&world->refused, world->arena, &world->planning);
        assert_int_equal(plan->block_count, 2 + 1);
        assert_in_range(world->questions, 3, 2 + 3 * 6 + 3);
        free_world(world);
    }
}

// Entries with a unit of their own: what one unit refuses says nothing about another.
static void test_each_unit_has_its_own(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    for (uint16_t i = 0; i < 8; i++) {
        add_point(world, i, 1);
        world->points[i].unit_id = i < 4 ? 5 : 6;
        world->points[i].address = (uint16_t)(i % 4);
    }
    struct refused_item item = {
        .refusal = {REFUSAL_RANGE, 6, {TABLE_HOLDING, 2, 1, SUNSPEC_NONE}, 0, 2, false}};
    assert_true(refused_add(&world->refused, &item));
    const struct plan *plan = refused_plan(&world->refused, world->arena, &world->planning);
    assert_int_equal(plan->block_count, 4);
    const struct block *alone = &plan->blocks[3];
    assert_int_equal(alone->unit_id, 6);
    assert_int_equal(alone->point_count, 1);
    assert_int_equal(alone->points[0], 6);
    assert_non_null(refused_find(&world->refused, alone));
    struct block other = *alone;
    other.unit_id = 5;
    assert_null(refused_find(&world->refused, &other));
    // The search finds whose it is.
    struct search search;
    struct span span;
    search_begin(&search, &world->map, &plan->blocks[0], 2);
    while (search_next(&search, &span))
        search_note(&search, span.address == 0 ? 2 : 0);
    assert_int_equal(search.found_count, 1);
    assert_int_equal(search.found[0].unit_id, 5);
    search_done(&search);
    free_world(world);
}

static void test_a_mood_teaches_nothing(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    for (uint16_t i = 0; i < 16; i++)
        add_point(world, i, 1);
    const struct plan *plan = block_plan(world->arena, &world->planning);
    struct search search;
    struct span span;
    search_begin(&search, &world->map, &plan->blocks[0], 2);
    for (int i = 0; search_next(&search, &span); i++) {
        assert_true(i < 3);
        search_note(&search, 0);
    }
    assert_int_equal(search.found_count, 0);
    search_done(&search);
    free_world(world);
}

static void test_everything_refused(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    for (uint16_t i = 0; i < 20; i++) {
        add_point(world, i, 1);
        world->device.is_bad[i] = true;
    }
    (void)learn_all(world);
    assert_int_equal(world->refused.count, 20);
    free_world(world);
}

static void test_more_than_one_search_finds(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    for (int i = 0; i < MAX_POINTS; i++)
        add_point(world, (uint16_t)(i * 2), 2);
    for (int i = 0; i < 120; i++)
        world->device.is_bad[i] = true;
    (void)learn_all(world);
    assert_int_equal(world->refused.count, MAX_POINTS);
    free_world(world);
}

static void test_what_is_granted_again_is_planned_again(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    for (uint16_t i = 0; i < 8; i++)
        add_point(world, i, 1);
    world->device.is_bad[3] = true;
    (void)learn_all(world);
    const struct plan *plan = refused_plan(&world->refused, world->arena, &world->planning);
    const struct block *alone = &plan->blocks[plan->block_count - 1];
    assert_non_null(refused_find(&world->refused, alone));
    assert_int_equal(alone->point_count, 1);
    assert_int_equal(alone->points[0], 3);
    assert_null(refused_find(&world->refused, &plan->blocks[0]));
    const struct refusal over = *range_at(world, 3);
    refused_remove(&world->refused, &over);
    plan = refused_plan(&world->refused, world->arena, &world->planning);
    assert_int_equal(plan->block_count, 1);
    assert_int_equal(plan->blocks[0].count, 8);
    free_world(world);
}

static void test_what_is_not_fitted_takes_nothing_else_with_it(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    for (uint16_t i = 0; i < 8; i++) {
        add_point(world, i, 1);
        world->points[i].optional = true;
    }
    for (uint16_t i = 3; i < 6; i++)
        world->device.is_bad[i] = true;
    (void)learn_all(world);
    assert_int_equal(world->refused.count, 1); // side by side: one question from now on
    assert_true(range_at(world, 3)->span.count == 3 && range_at(world, 3)->optional);
    const struct plan *plan = refused_plan(&world->refused, world->arena, &world->planning);
    assert_int_equal(plan->block_count, 3);
    for (size_t i = 0; i < plan->block_count; i++)
        assert_true(plan->blocks[i].optional);
    assert_int_equal(plan->blocks[2].point_count, 3);
    free_world(world);
}

// What lies between optional entries is no entry.
static void test_a_gap_between_optional_entries_is_not_one_of_them(void **state)
{
    (void)state;
    struct world *world = new_world(10);
    add_point(world, 0, 1);
    add_point(world, 5, 1);
    world->points[0].optional = world->points[1].optional = true;
    world->device.is_bad[2] = true;
    (void)learn_all(world);
    assert_int_equal(world->refused.count, 1);
    assert_non_null(range_at(world, 1));
    assert_int_equal(world->refused.refusals[0].span.count, 4);
    assert_false(world->refused.refusals[0].optional);
    free_world(world);
}

static void test_a_range_has_the_period_of_its_entries(void **state)
{
    static const int64_t periods[][2] = {
        {0, 1000}, {500, 1000}, {5000, 5000}, {3600000, 30000}, {EVERY_CONNECT, 30000},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(periods); i++) {
        struct world *world = new_world(0);
        add_point(world, 3, 1);
        world->points[0].every_ms = periods[i][0];
        struct refused_item item = {
            .refusal = {
                REFUSAL_RANGE, NO_INDEX, {TABLE_HOLDING, 3, 1, SUNSPEC_NONE}, 0, 2, false}};
        assert_true(refused_add(&world->refused, &item));
        const struct plan *plan = refused_plan(&world->refused, world->arena, &world->planning);
        assert_int_equal(plan->block_count, 1);
        assert_int_equal(plan->blocks[0].every_ms, periods[i][1]);
        free_world(world);
    }
}

// A device that refuses and grants by turns must not cost memory for ever.
static void test_plans_are_not_made_for_ever(void **state)
{
    (void)state;
    struct world *world = new_world(0);
    struct refused_item item = {
        .refusal = {REFUSAL_RANGE, NO_INDEX, {TABLE_HOLDING, 3, 1, SUNSPEC_NONE}, 0, 2, false}};
    for (uint16_t i = 0; i < 8; i++)
        add_point(world, i, 1);
    for (int turn = 0; turn < 1000 && !refused_is_restless(&world->refused); turn++) {
        assert_true(refused_add(&world->refused, &item));
        (void)refused_plan(&world->refused, world->arena, &world->planning);
        refused_remove(&world->refused, &item.refusal);
        (void)refused_plan(&world->refused, world->arena, &world->planning);
    }
    assert_true(refused_is_restless(&world->refused));
    assert_in_range(world->refused.plans, MAX_REFUSED_PLANS, MAX_REFUSED_PLANS + 1);
    refused_forget(&world->refused);
    assert_true(refused_is_restless(&world->refused));
    assert_int_equal(world->refused.count, 0);
    free_world(world);
}

// Random devices: in the end every block but the refused ranges is granted, every readable
// entry is in a granted block, and no range without a bad register is refused.
static void check_outcome(struct world *world)
{
    const struct plan *plan = refused_plan(&world->refused, world->arena, &world->planning);
    bool is_read[MAX_POINTS] = {false};
    for (size_t i = 0; i < plan->block_count; i++) {
        const struct block *block = &plan->blocks[i];
        struct span span = {block->table, block->address, block->count, SUNSPEC_NONE};
        uint8_t exception = ask(world, span);
        assert_int_equal(exception != 0, refused_find(&world->refused, block) != NULL);
        for (size_t k = 0; !exception && k < block->point_count; k++)
            is_read[block->points[k]] = true;
    }
    for (size_t i = 0; i < world->map.point_count; i++) {
        const struct point *point = &world->points[i];
        struct span span = {point->table, point->address, point->word_count, SUNSPEC_NONE};
        assert_int_equal(is_read[i], ask(world, span) == 0);
    }
}

// Where it tears no value.
static void make_border(struct world *world, uint16_t address)
{
    for (size_t i = 0; i < world->map.point_count; i++) {
        const struct point *point = &world->points[i];
        if (address > point->address && address < point->address + point->word_count)
            return;
    }
    world->device.is_border[address] = true;
}

static void test_random_devices(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int run = 0; run < 2000; run++) {
        struct world *world = new_world((int)random_below(&seed, 6));
        size_t count = 1 + random_below(&seed, MAX_POINTS - 1);
        uint16_t address = 0;
        for (size_t i = 0; i < count && address < SPACE - 10; i++) {
            uint16_t words = (uint16_t)(1 + random_below(&seed, 2));
            add_point(world, address, words);
            world->points[i].optional = run % 2 == 1;
            address = (uint16_t)(address + words);
            if (random_below(&seed, 4) == 0)
                address = (uint16_t)(address + random_below(&seed, 4));
        }
        uint32_t bad = random_below(&seed, 5);
        for (uint32_t i = 0; i < bad; i++)
            world->device.is_bad[random_below(&seed, (uint32_t)address + 1)] = true;
        if (random_below(&seed, 3) == 0)
            world->device.limit = 2 + (int)random_below(&seed, 40);
        for (uint32_t i = random_below(&seed, 3); i > 0; i--)
            make_border(world, (uint16_t)random_below(&seed, (uint32_t)address + 1));
        (void)learn_all(world);
        check_outcome(world);
        free_world(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_missing_register_is_found_in_few_questions),
        cmocka_unit_test(test_a_value_of_two_words_is_one),
        cmocka_unit_test(test_registers_between_the_listed_ones_are_to_blame),
        cmocka_unit_test(test_a_number_that_is_too_large),
        cmocka_unit_test(test_a_number_that_only_single_values_keep),
        cmocka_unit_test(test_a_border_is_found_where_it_is),
        cmocka_unit_test(test_each_unit_has_its_own),
        cmocka_unit_test(test_a_mood_teaches_nothing),
        cmocka_unit_test(test_everything_refused),
        cmocka_unit_test(test_more_than_one_search_finds),
        cmocka_unit_test(test_what_is_granted_again_is_planned_again),
        cmocka_unit_test(test_what_is_not_fitted_takes_nothing_else_with_it),
        cmocka_unit_test(test_a_gap_between_optional_entries_is_not_one_of_them),
        cmocka_unit_test(test_a_range_has_the_period_of_its_entries),
        cmocka_unit_test(test_plans_are_not_made_for_ever),
        cmocka_unit_test(test_random_devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
