// SPDX-License-Identifier: MIT
// The decision of a turn: what a unit's pause, its command or a late answer forbids.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/turn_world.h"

// A pair of which nothing is due before 1500 ms.
static struct turn_world *idle_pair(void)
{
    struct turn_world *world = turn_world_pair();
    for (int i = 0; i < 2; i++) {
        struct turn_choice choice = turn_choose(&world->turn, 1000);
        assert_int_equal(choice.kind, TURN_POLL);
        agenda_settle(&world->agenda, choice.entry, AGENDA_READ, 1000);
    }
    return world;
}

static void assert_waits(struct turn_world *world, int64_t now_ms, int64_t until_ms)
{
    struct turn_choice choice = turn_choose(&world->turn, now_ms);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, until_ms);
}

static void test_a_dead_unit_is_not_probed_in_its_pause(void **state)
{
    (void)state;
    struct turn_world *world = idle_pair();
    turn_world_kill(world, 1, 1100);
    world->units[1].free_ms = 1400;
    assert_waits(world, 1200, 1400);
    struct turn_choice choice = turn_choose(&world->turn, 1400);
    assert_int_equal(choice.kind, TURN_PROBE);
    assert_int_equal(choice.unit, 1);
    turn_world_free(world);
}

static void test_a_dead_unit_is_not_probed_amid_its_command(void **state)
{
    (void)state;
    struct turn_world *world = idle_pair();
    turn_world_kill(world, 0, 1100);
    world->units[0].in_command = true;
    assert_waits(world, 1200, 1500);
    world->units[0].in_command = false;
    assert_int_equal(turn_choose(&world->turn, 1200).kind, TURN_PROBE);
    turn_world_free(world);
}

static void test_a_search_leaves_units_alone_that_cannot_be_asked(void **state)
{
    (void)state;
    struct turn_world *world = idle_pair();
    world->units[0].searches = true;
    world->units[0].in_command = true;
    assert_waits(world, 1100, 1500);
    world->units[0].in_command = false;
    world->health[0].state = HEALTH_UNKNOWN;
    assert_waits(world, 1100, 1500);
    world->health[0].state = HEALTH_ONLINE;
    world->units[0].search_ms = 1150;
    world->units[0].free_ms = 1300;
    assert_waits(world, 1200, 1300);
    world->units[0].search_ms = 1350;
    assert_waits(world, 1300, 1350);
    assert_int_equal(turn_choose(&world->turn, 1350).kind, TURN_SEARCH);
    turn_world_free(world);
}

static void test_overload_leaves_one_request_in_twenty_to_a_search(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_new(1);
    turn_world_add(world, 0, 10);
    turn_world_add(world, 0, 10);
    world->health[0].state = HEALTH_ONLINE;
    turn_world_begin(world, 0);
    world->units[0].searches = true;
    int searches = 0;
    for (int64_t now_ms = 0; now_ms < 200000; now_ms += 100) {
        struct turn_choice choice = turn_choose(&world->turn, now_ms);
        searches += choice.kind == TURN_SEARCH;
        assert_int_equal(world->units[0].served, world->turn.count);
        if (choice.kind == TURN_POLL)
            agenda_settle(&world->agenda, choice.entry, AGENDA_READ, now_ms + 100);
    }
    assert_int_equal(searches, 100);
    turn_world_free(world);
}

// An entry may be another unit's: the late answer that counts is that one's.
static void test_a_late_answer_is_of_the_unit_that_was_asked(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_new(1);
    turn_world_add(world, 0, 1000);
    world->blocks[0][0].unit_id = 9;
    world->health[0].state = HEALTH_ONLINE;
    turn_world_begin(world, 1000);
    world->turn.late = &world->late;
    struct request lost = {.unit_id = 1, .function = 3, .count = 1};
    late_add(&world->late, &lost, 5000 * 1000, 1000 * 1000);
    assert_int_equal(turn_choose(&world->turn, 1000).kind, TURN_POLL);
    lost.unit_id = 9;
    late_add(&world->late, &lost, 3000 * 1000, 1000 * 1000);
    assert_waits(world, 1000, 3001);
    assert_waits(world, 3000, 3001);
    assert_int_equal(turn_choose(&world->turn, 3001).kind, TURN_POLL);
    turn_world_free(world);
}

static void test_a_guest_whose_unit_rests_longer_than_it_waits_for_its_unit(void **state)
{
    (void)state;
    struct turn_world *world = idle_pair();
    world->turn.guest_ms = 1200;
    world->turn.guest_rest_ms = 1100;
    world->turn.guest_cost_ms = 10;
    assert_waits(world, 1010, 1200);
    assert_waits(world, 1150, 1200);
    assert_int_equal(turn_choose(&world->turn, 1200).kind, TURN_GUEST);
    turn_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_dead_unit_is_not_probed_in_its_pause),
        cmocka_unit_test(test_a_dead_unit_is_not_probed_amid_its_command),
        cmocka_unit_test(test_a_search_leaves_units_alone_that_cannot_be_asked),
        cmocka_unit_test(test_overload_leaves_one_request_in_twenty_to_a_search),
        cmocka_unit_test(test_a_late_answer_is_of_the_unit_that_was_asked),
        cmocka_unit_test(test_a_guest_whose_unit_rests_longer_than_it_waits_for_its_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
