// SPDX-License-Identifier: MIT
// The decision of a turn: its rules one by one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/turn_world.h"

static void test_a_command_goes_before_everything(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_pair();
    turn_world_kill(world, 1, 0);
    world->turn.job_ms = 1500;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_JOB);
    turn_world_free(world);
}

// A command does not wait in connect(), where nothing else could be done; but it hears at once
// of a link that cannot be opened yet, and one that is told to stop does not wait for the link.
static void test_a_link_is_opened_before_a_command_goes_on(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_pair();
    world->turn.is_open = false;
    world->turn.job_ms = 1500;
    world->turn.open_at_ms = 1500;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_OPEN);
    world->turn.open_at_ms = 1501;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_JOB);
    world->turn.open_at_ms = 1500;
    world->turn.is_stopping = true;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_JOB);
    turn_world_free(world);
}

static void test_a_hold_goes_behind_commands_and_before_polls(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_pair();
    world->turn.hold_ms = 1500;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_HOLD);
    world->turn.job_ms = 1500;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_JOB);
    world->turn.job_ms = INT64_MAX;
    world->turn.is_stopping = true;
    struct turn_choice choice = turn_choose(&world->turn, 1400);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 1500);
    turn_world_free(world);
}

static void test_a_hold_goes_between_the_moves_of_a_command(void **state)
{
    (void)state;
    static const enum turn_kind kinds[] = {TURN_JOB, TURN_HOLD, TURN_JOB, TURN_HOLD, TURN_JOB};
    struct turn_world *world = turn_world_pair();
    world->turn.hold_ms = 1500;
    world->turn.job_ms = 1500;
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        assert_int_equal(turn_choose(&world->turn, 1500).kind, kinds[i]);
        world->turn.job_has_begun = true;
    }
    // A command that comes meanwhile waits for one transaction, not for two.
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_HOLD);
    world->turn.job_has_begun = false;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_JOB);
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_JOB);
    // What is not due takes nothing from it.
    world->turn.job_has_begun = true;
    world->turn.hold_ms = 1501;
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_JOB);
    turn_world_free(world);
}

static void test_a_closed_link_is_opened_when_its_time_comes(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_pair();
    world->turn.is_open = false;
    world->turn.open_at_ms = 2000;
    struct turn_choice choice = turn_choose(&world->turn, 1500);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 2000);
    assert_int_equal(turn_choose(&world->turn, 2000).kind, TURN_OPEN);
    turn_world_free(world);
}

static void test_stopping_leaves_only_commands(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_pair();
    world->turn.is_stopping = true;
    world->turn.job_ms = 3000;
    struct turn_choice choice = turn_choose(&world->turn, 1500);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 3000);
    turn_world_free(world);
}

static void test_units_take_turns_at_the_same_date(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_pair();
    struct turn_choice first = turn_choose(&world->turn, 1000);
    assert_int_equal(first.kind, TURN_POLL);
    struct turn_choice second = turn_choose(&world->turn, 1000);
    assert_int_not_equal(first.unit, second.unit);
    for (int i = 0; i < 3; i++) { // the one that waits longest
        assert_int_equal(turn_choose(&world->turn, 1000).unit, first.unit);
        assert_int_equal(turn_choose(&world->turn, 1000).unit, second.unit);
    }
    turn_world_free(world);
}

static void test_a_pause_of_one_unit_is_used_by_another(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_pair();
    world->units[0].free_ms = 1200;
    struct turn_choice choice = turn_choose(&world->turn, 1000);
    assert_int_equal(choice.kind, TURN_POLL);
    assert_int_equal(choice.unit, 1);
    agenda_settle(&world->agenda, choice.entry, AGENDA_READ, 1010);
    choice = turn_choose(&world->turn, 1010);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 1200);
    turn_world_free(world);
}

static void test_no_poll_between_the_frames_of_a_command(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_pair();
    world->units[0].in_command = true;
    world->turn.job_ms = 1900;
    struct turn_choice choice = turn_choose(&world->turn, 1000);
    assert_int_equal(choice.unit, 1);
    agenda_settle(&world->agenda, choice.entry, AGENDA_READ, 1010);
    choice = turn_choose(&world->turn, 1010);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 1500); // the other unit's date
    turn_world_free(world);
}

static void test_a_late_answer_keeps_only_its_shape_away(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_new(1);
    turn_world_add(world, 0, 1000);
    turn_world_add(world, 0, 1000);
    world->health[0].state = HEALTH_ONLINE;
    turn_world_begin(world, 1000);
    world->turn.late = &world->late;
    struct request lost = {.unit_id = 1, .function = 3, .address = 7, .count = 1};
    late_add(&world->late, &lost, 3000 * 1000, 1000 * 1000);
    struct turn_choice choice = turn_choose(&world->turn, 1000);
    assert_int_equal(choice.kind, TURN_POLL);
    assert_int_equal(choice.entry->block->count, 2);
    agenda_settle(&world->agenda, choice.entry, AGENDA_READ, 1010);
    choice = turn_choose(&world->turn, 1010);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 2000); // the second block's date
    choice = turn_choose(&world->turn, 3001);
    assert_int_equal(choice.entry->block->count, 2);
    agenda_settle(&world->agenda, choice.entry, AGENDA_READ, 3005);
    choice = turn_choose(&world->turn, 3005);
    assert_int_equal(choice.entry->block->count, 1);
    assert_int_equal(choice.entry->due_ms, 1000);
    turn_world_free(world);
}

static void test_probes_wait_for_their_date_and_their_share(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_pair();
    turn_world_kill(world, 1, 1300);
    struct turn_choice choice = turn_choose(&world->turn, 1000);
    assert_int_equal(choice.unit, 0);
    agenda_settle(&world->agenda, choice.entry, AGENDA_READ, 1010);
    choice = turn_choose(&world->turn, 1010);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 1300);
    choice = turn_choose(&world->turn, 1300);
    assert_int_equal(choice.kind, TURN_PROBE);
    assert_int_equal(choice.unit, 1);
    probing_note(&world->turn.probing, 1300, 1350);
    assert_int_equal(turn_choose(&world->turn, 1400).until_ms, 2000);
    assert_int_equal(turn_choose(&world->turn, 2300).kind, TURN_PROBE); // 20 x 50 ms later
    world->health[0].state = HEALTH_OFFLINE;
    world->health[0].retry_at_ms = 9000;
    assert_int_equal(turn_choose(&world->turn, 1400).kind, TURN_PROBE); // nobody waits
    turn_world_free(world);
}

static void test_the_dead_unit_that_waits_longest_is_probed(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_pair();
    turn_world_kill(world, 0, 1200);
    turn_world_kill(world, 1, 1100);
    assert_int_equal(turn_choose(&world->turn, 1300).unit, 1);
    world->units[1].can_be_probed = false;
    assert_int_equal(turn_choose(&world->turn, 1300).unit, 0);
    turn_world_free(world);
}

static void test_a_search_uses_what_dates_leave(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_pair();
    world->units[0].searches = true;
    for (int i = 0; i < 2; i++) {
        struct turn_choice choice = turn_choose(&world->turn, 1000);
        assert_int_equal(choice.kind, TURN_POLL);
        agenda_settle(&world->agenda, choice.entry, AGENDA_READ, 1000);
    }
    struct turn_choice choice = turn_choose(&world->turn, 1000);
    assert_int_equal(choice.kind, TURN_SEARCH);
    assert_int_equal(choice.unit, 0);
    world->units[0].search_ms = 1400;
    assert_int_equal(turn_choose(&world->turn, 1000).until_ms, 1400);
    turn_world_free(world);
}

static void test_a_guest_goes_behind_commands_and_what_is_due(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_pair();
    world->turn.guest_ms = 900;
    world->turn.guest_rest_ms = 5000;
    world->turn.guest_cost_ms = 100;
    for (int i = 0; i < 2; i++) {
        struct turn_choice choice = turn_choose(&world->turn, 1000);
        assert_int_equal(choice.kind, TURN_POLL);
        agenda_settle(&world->agenda, choice.entry, AGENDA_READ, 1000);
    }
    assert_int_equal(turn_choose(&world->turn, 1010).kind, TURN_GUEST);
    world->turn.job_ms = 1010;
    assert_int_equal(turn_choose(&world->turn, 1010).kind, TURN_JOB);
    world->turn.job_ms = INT64_MAX;
    world->turn.is_stopping = true;
    assert_int_equal(turn_choose(&world->turn, 1010).kind, TURN_WAIT);
    world->turn.is_stopping = false;
    world->turn.is_open = false;
    world->turn.open_at_ms = 3000;
    assert_int_equal(turn_choose(&world->turn, 1010).kind, TURN_WAIT);
    turn_world_free(world);
}

static void test_a_guest_that_would_make_a_date_late_waits_for_its_rest(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_pair();
    for (int i = 0; i < 2; i++)
        agenda_settle(&world->agenda, turn_choose(&world->turn, 1000).entry, AGENDA_READ, 1000);
    world->turn.guest_ms = 900;
    world->turn.guest_rest_ms = 1300;
    world->turn.guest_cost_ms = 491; // the next date is 1500
    struct turn_choice choice = turn_choose(&world->turn, 1010);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 1300);
    assert_int_equal(turn_choose(&world->turn, 1009).kind, TURN_GUEST);
    assert_int_equal(turn_choose(&world->turn, 1300).kind, TURN_GUEST);
    assert_int_equal(turn_choose(&world->turn, 1500).kind, TURN_GUEST); // before what is due
    world->turn.guest_ms = 1200; // its unit wants a pause
    choice = turn_choose(&world->turn, 1010);
    assert_int_equal(choice.kind, TURN_WAIT);
    assert_int_equal(choice.until_ms, 1300);
    turn_world_free(world);
}

static void test_a_guest_in_its_rest_goes_behind_what_has_no_date(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_pair();
    for (int i = 0; i < 2; i++)
        agenda_settle(&world->agenda, turn_choose(&world->turn, 1000).entry, AGENDA_READ, 1000);
    world->turn.guest_ms = 900;
    world->turn.guest_rest_ms = 5000;
    world->turn.guest_cost_ms = 1;
    world->units[0].searches = true;
    assert_int_equal(turn_choose(&world->turn, 1010).kind, TURN_SEARCH);
    assert_int_equal(world->units[0].served, world->turn.count);
    world->units[0].searches = false;
    assert_int_equal(turn_choose(&world->turn, 1010).kind, TURN_GUEST);
    turn_world_free(world);
    world = turn_world_new(1);
    turn_world_add(world, 0, 0);
    world->health[0].state = HEALTH_ONLINE;
    turn_world_begin(world, 1000);
    world->turn.guest_ms = 900;
    world->turn.guest_rest_ms = 5000;
    assert_int_equal(turn_choose(&world->turn, 1010).kind, TURN_POLL);
    assert_int_equal(world->units[0].served, world->turn.count);
    turn_world_free(world);
}

static void test_overload_leaves_one_request_in_twenty_to_the_undated(void **state)
{
    (void)state;
    struct turn_world *world = turn_world_new(1);
    turn_world_add(world, 0, 10);
    turn_world_add(world, 0, 10);
    turn_world_add(world, 0, 0);
    world->health[0].state = HEALTH_ONLINE;
    turn_world_begin(world, 0);
    int undated = 0;
    for (int64_t now_ms = 0; now_ms < 200000; now_ms += 100) {
        struct turn_choice choice = turn_choose(&world->turn, now_ms);
        assert_int_equal(choice.kind, TURN_POLL);
        undated += choice.entry->block->every_ms == 0;
        agenda_settle(&world->agenda, choice.entry, AGENDA_READ, now_ms + 100);
    }
    assert_int_equal(undated, 100);
    assert_true(world->agenda.units[0].missed > 1000);
    turn_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_command_goes_before_everything),
        cmocka_unit_test(test_a_hold_goes_behind_commands_and_before_polls),
        cmocka_unit_test(test_a_hold_goes_between_the_moves_of_a_command),
        cmocka_unit_test(test_a_closed_link_is_opened_when_its_time_comes),
        cmocka_unit_test(test_a_link_is_opened_before_a_command_goes_on),
        cmocka_unit_test(test_stopping_leaves_only_commands),
        cmocka_unit_test(test_units_take_turns_at_the_same_date),
        cmocka_unit_test(test_a_pause_of_one_unit_is_used_by_another),
        cmocka_unit_test(test_no_poll_between_the_frames_of_a_command),
        cmocka_unit_test(test_a_late_answer_keeps_only_its_shape_away),
        cmocka_unit_test(test_probes_wait_for_their_date_and_their_share),
        cmocka_unit_test(test_the_dead_unit_that_waits_longest_is_probed),
        cmocka_unit_test(test_a_search_uses_what_dates_leave),
        cmocka_unit_test(test_a_guest_goes_behind_commands_and_what_is_due),
        cmocka_unit_test(test_a_guest_that_would_make_a_date_late_waits_for_its_rest),
        cmocka_unit_test(test_a_guest_in_its_rest_goes_behind_what_has_no_date),
        cmocka_unit_test(test_overload_leaves_one_request_in_twenty_to_the_undated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
