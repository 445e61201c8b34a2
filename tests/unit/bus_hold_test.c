// SPDX-License-Identifier: MIT
// When a held frame is written again, what ends a hold, and what comes of its end. Time is an
// argument: nothing here waits.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "bus/hold_end.h"
#include "bus/holds.h"
#include "support/job_world.h"

enum { EVERY_MS = 30000, FOR_MS = 3600000, BEGIN_MS = 5000 };

static const struct map world_map = {.points = world_points, .point_count = WORLD_POINTS};

static struct request frame(uint8_t function, uint16_t address, uint16_t count)
{
    return (struct request){
        .unit_id = WORLD_UNIT, .function = function, .address = address, .count = count};
}

static struct hold_end *end_of(const int *points, size_t count)
{
    struct hold_end *end = hold_end_empty(42, 0);
    struct value zero = value_integer(0);
    for (size_t i = 0; i < count; i++)
        assert_true(hold_end_add(end, points[i], &zero));
    return end;
}

// A hold of pair_a and pair_b (holding 200 and 201).
static struct hold *pair(void)
{
    static const int points[] = {PAIR_A, PAIR_B};
    struct request request = frame(FUNCTION_WRITE_MULTIPLE_REGISTERS, 200, 2);
    world_fill_points();
    return hold_new(end_of(points, 2), "pair", &request, EVERY_MS, FOR_MS, BEGIN_MS);
}

static void test_a_frame_is_wanted_at_each_date(void **state)
{
    (void)state;
    struct hold *hold = pair();
    assert_int_equal(hold_wants(hold, BEGIN_MS), HOLD_WANTS_NOTHING);
    assert_int_equal(hold_wants(hold, BEGIN_MS + EVERY_MS - 1), HOLD_WANTS_NOTHING);
    for (int i = 1; i < FOR_MS / EVERY_MS; i++) {
        int64_t due_ms = BEGIN_MS + (int64_t)i * EVERY_MS;
        assert_int_equal(hold->due_ms, due_ms);
        assert_int_equal(hold_wants(hold, due_ms), HOLD_WANTS_FRAME);
        // Late by a little: the dates stay where they were.
        assert_false(hold_note_frame(hold, true, due_ms + 700));
    }
    assert_int_equal(hold->due_ms, BEGIN_MS + FOR_MS);
    assert_int_equal(hold_wants(hold, BEGIN_MS + FOR_MS - 1), HOLD_WANTS_NOTHING);
    assert_int_equal(hold_wants(hold, BEGIN_MS + FOR_MS), HOLD_WANTS_END);
    hold_free(hold);
}

static void test_dates_that_passed_are_not_made_up_for(void **state)
{
    (void)state;
    struct hold *hold = pair();
    int64_t back_ms = BEGIN_MS + 7 * EVERY_MS + 100;
    assert_int_equal(hold_wants(hold, back_ms), HOLD_WANTS_FRAME);
    (void)hold_note_frame(hold, true, back_ms);
    assert_int_equal(hold->due_ms, BEGIN_MS + 8 * EVERY_MS);
    hold_free(hold);
}

static void test_a_time_shorter_than_the_period_ends_in_time(void **state)
{
    static const int points[] = {PAIR_A};
    (void)state;
    struct request request = frame(FUNCTION_WRITE_SINGLE_REGISTER, 200, 1);
    struct hold *hold = hold_new(end_of(points, 1), "a", &request, EVERY_MS, 2000, 0);
    assert_int_equal(hold_wants(hold, 1999), HOLD_WANTS_NOTHING);
    assert_int_equal(hold_wants(hold, 2000), HOLD_WANTS_END);
    hold_free(hold);
}

static void test_a_loss_is_news_once_and_so_is_its_end(void **state)
{
    (void)state;
    struct hold *hold = pair();
    int64_t now_ms = BEGIN_MS + EVERY_MS;
    assert_true(hold_note_frame(hold, false, now_ms));
    assert_int_equal(hold->due_ms, BEGIN_MS + 2 * EVERY_MS); // tried at its next date
    assert_false(hold_note_frame(hold, false, now_ms + EVERY_MS));
    assert_true(hold_note_frame(hold, true, now_ms + 2 * EVERY_MS));
    assert_false(hold_note_frame(hold, true, now_ms + 3 * EVERY_MS));
    hold_free(hold);
}

// That frames were lost is another thing than that the end is late: both are said.
static void test_a_late_end_is_news_after_lost_frames_too(void **state)
{
    (void)state;
    struct hold *hold = pair();
    assert_true(hold_note_frame(hold, false, BEGIN_MS + EVERY_MS));
    hold_finish(hold, BEGIN_MS + EVERY_MS + 10);
    assert_true(hold_note_late(hold, BEGIN_MS + EVERY_MS + 20));
    int64_t due_ms = hold->due_ms;
    hold_finish(hold, BEGIN_MS + EVERY_MS + 30); // over it was already: its pause goes on
    assert_int_equal(hold->due_ms, due_ms);
    assert_false(hold_note_late(hold, due_ms));
    assert_int_equal(hold->due_ms - due_ms, 2 * HOLD_FIRST_PAUSE_MS);
    hold_free(hold);
}

static void test_an_end_is_tried_for_a_day(void **state)
{
    (void)state;
    struct hold *hold = pair();
    int64_t over_ms = BEGIN_MS + FOR_MS;
    int64_t now_ms = over_ms;
    int64_t last_pause_ms = 0;
    int tries = 0;
    while (hold_wants(hold, now_ms) == HOLD_WANTS_END) {
        hold_finish(hold, now_ms);
        hold->is_being_over = true;
        assert_int_equal(hold_wants(hold, now_ms), HOLD_WANTS_NOTHING);
        assert_int_equal(hold_note_late(hold, now_ms), tries == 0);
        int64_t pause_ms = hold->due_ms - now_ms;
        assert_in_range(pause_ms, HOLD_FIRST_PAUSE_MS, HOLD_LONGEST_PAUSE_MS);
        assert_true(pause_ms >= last_pause_ms);
        assert_int_equal(hold_wants(hold, hold->due_ms - 1), HOLD_WANTS_NOTHING);
        last_pause_ms = pause_ms;
        now_ms = hold->due_ms;
        tries++;
    }
    assert_int_equal(last_pause_ms, HOLD_LONGEST_PAUSE_MS);
    assert_int_equal(hold_wants(hold, now_ms), HOLD_WANTS_REST);
    assert_in_range(now_ms - over_ms, HOLD_LONGEST_END_MS, HOLD_LONGEST_END_MS + 60000);
    hold_free(hold);
}

static void test_what_was_finished_early_wants_its_end_at_once(void **state)
{
    (void)state;
    struct hold *hold = pair();
    hold_finish(hold, BEGIN_MS + 10);
    assert_int_equal(hold_wants(hold, BEGIN_MS + 10), HOLD_WANTS_END);
    assert_int_equal(hold_give_up_ms(hold), BEGIN_MS + 10 + HOLD_LONGEST_END_MS);
    hold_free(hold);
}

// What of a hold of pair_a and pair_b is left after a write.
static void test_another_write_ends_it(void **state)
{
    static const struct {
        uint8_t function;
        uint16_t address;
        uint16_t count;
        uint8_t unit_id;
        bool touched;
        size_t left;
    } cases[] = {
        {FUNCTION_WRITE_MULTIPLE_REGISTERS, 200, 2, WORLD_UNIT, true, 0},
        {FUNCTION_WRITE_MULTIPLE_REGISTERS, 100, 120, WORLD_UNIT, true, 0},
        {FUNCTION_WRITE_SINGLE_REGISTER, 200, 1, WORLD_UNIT, true, 1},
        {FUNCTION_WRITE_SINGLE_REGISTER, 201, 1, WORLD_UNIT, true, 1},
        {FUNCTION_WRITE_MULTIPLE_REGISTERS, 201, 5, WORLD_UNIT, true, 1},
        {FUNCTION_WRITE_SINGLE_REGISTER, 199, 1, WORLD_UNIT, false, 2},
        {FUNCTION_WRITE_SINGLE_REGISTER, 202, 1, WORLD_UNIT, false, 2},
        {FUNCTION_WRITE_SINGLE_COIL, 200, 1, WORLD_UNIT, false, 2},
        {FUNCTION_WRITE_SINGLE_REGISTER, 200, 1, WORLD_UNIT + 1, false, 2},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct hold *hold = pair();
        struct request request = frame(cases[i].function, cases[i].address, cases[i].count);
        request.unit_id = cases[i].unit_id;
        bool touched =
            hold_overwrite(hold, &world_map, WORLD_UNIT, &request, SUNSPEC_NONE, BEGIN_MS + 1);
        assert_int_equal(touched, cases[i].touched);
        assert_int_equal(hold->end->count, cases[i].left);
        assert_int_equal(hold_wants(hold, BEGIN_MS + 1),
                         touched ? HOLD_WANTS_END : HOLD_WANTS_NOTHING);
        hold_free(hold);
    }
}

static void test_what_is_not_in_the_end_is_held_too(void **state)
{
    static const int points[] = {PAIR_A};
    (void)state;
    world_fill_points();
    struct request request = frame(FUNCTION_WRITE_MULTIPLE_REGISTERS, 200, 2);
    struct hold *hold = hold_new(end_of(points, 1), "a", &request, EVERY_MS, FOR_MS, 0);
    struct request other = frame(FUNCTION_WRITE_SINGLE_REGISTER, 201, 1);
    assert_true(hold_overwrite(hold, &world_map, WORLD_UNIT, &other, SUNSPEC_NONE, 5));
    assert_int_equal(hold->end->count, 1);
    assert_int_equal(hold_wants(hold, 5), HOLD_WANTS_END);
    // Once it is over only what is still to be written matters.
    assert_false(hold_overwrite(hold, &world_map, WORLD_UNIT, &other, SUNSPEC_NONE, 6));
    hold_free(hold);
}

// Addresses count from the beginning of a SunSpec model: the same ones of another are
// elsewhere.
static void test_a_write_to_another_model_does_not_end_it(void **state)
{
    static const int points[] = {FAR_ONE};
    (void)state;
    world_fill_points();
    struct request request = frame(FUNCTION_WRITE_MULTIPLE_REGISTERS, 200, 2);
    struct hold *hold = hold_new(end_of(points, 1), "a", &request, EVERY_MS, FOR_MS, 0);
    hold->model = 1;
    assert_false(hold_overwrite(hold, &world_map, WORLD_UNIT, &request, SUNSPEC_NONE, 5));
    assert_int_equal(hold_wants(hold, 5), HOLD_WANTS_NOTHING);
    assert_true(hold_overwrite(hold, &world_map, WORLD_UNIT, &request, 1, 5));
    assert_int_equal(hold_wants(hold, 5), HOLD_WANTS_END);
    hold_free(hold);
}

static void test_the_end_is_one_frame_or_several(void **state)
{
    static const int together[] = {PAIR_A, PAIR_B};
    static const int apart[] = {PAIR_A, FAR_ONE};
    (void)state;
    world_fill_points();
    struct hold_end *end = end_of(together, 2);
    end->verify = false;
    struct job_request *request = hold_end_request(&world_map, end, 700);
    hold_end_free(end); // it goes before the request
    assert_true(request->ends_hold);
    assert_int_equal(request->serial, 42);
    assert_int_equal(request->command->timeout_ms, 700);
    assert_int_equal(request->command->step_count, 1);
    assert_int_equal(request->command->steps[0].write_count, 2);
    assert_false(request->command->steps[0].verify);
    job_request_free(request);
    end = end_of(apart, 2);
    request = hold_end_request(&world_map, end, 700);
    assert_int_equal(request->command->step_count, 2);
    assert_int_equal(request->command->steps[1].writes[0].point, FAR_ONE);
    assert_true(request->command->steps[1].verify);
    job_request_free(request);
    hold_end_free(end);
}

// --- which of several is next

static enum holds_access accesses[3];

static enum holds_access access_of(void *context, size_t unit)
{
    (void)context;
    return accesses[unit];
}

static const struct holds_asking asking = {.access = access_of};

static struct hold *add(struct holds *holds, size_t unit, int64_t every_ms, int64_t for_ms)
{
    static const int points[] = {PAIR_A};
    struct request request = frame(FUNCTION_WRITE_SINGLE_REGISTER, 200, 1);
    struct hold *hold = hold_new(end_of(points, 1), "a", &request, every_ms, for_ms, 0);
    holds_add(holds, unit, hold);
    return hold;
}

static void test_the_one_due_longest_is_next(void **state)
{
    (void)state;
    struct holds holds;
    size_t unit = 9;
    holds_init(&holds, 3);
    accesses[0] = accesses[1] = accesses[2] = HOLDS_FREE;
    assert_null(holds_next(&holds, &asking, FOR_EVER, &unit));
    assert_true(holds_next_ms(&holds, &asking, 0) == INT64_MAX);
    (void)add(&holds, 0, 3000, 100000);
    struct hold *first = add(&holds, 2, 2000, 100000);
    assert_int_equal(holds_next_ms(&holds, &asking, 0), 2000);
    assert_null(holds_next(&holds, &asking, 1999, &unit));
    assert_ptr_equal(holds_next(&holds, &asking, 5000, &unit), first);
    assert_int_equal(unit, 2);
    holds_take(&holds, 2, first);
    hold_free(first);
    assert_non_null(holds_next(&holds, &asking, 5000, &unit));
    assert_int_equal(unit, 0);
    holds_done(&holds);
}

static void test_a_busy_unit_gets_frames_but_no_end(void **state)
{
    (void)state;
    struct holds holds;
    size_t unit = 9;
    holds_init(&holds, 1);
    accesses[0] = HOLDS_BUSY;
    struct hold *hold = add(&holds, 0, 2000, 5000);
    assert_ptr_equal(holds_next(&holds, &asking, 2000, &unit), hold);
    assert_null(holds_next(&holds, &asking, 5000, &unit));
    assert_true(holds_next_ms(&holds, &asking, 5000) ==
                INT64_MAX);    // the command's end wakes it
    accesses[0] = HOLDS_TAKEN; // not even a frame
    assert_null(holds_next(&holds, &asking, 2000, &unit));
    assert_true(holds_next_ms(&holds, &asking, 2000) == INT64_MAX);
    accesses[0] = HOLDS_FREE;
    assert_ptr_equal(holds_next(&holds, &asking, 5000, &unit), hold);
    assert_ptr_equal(holds_find_end(&holds, 0, 5000), hold);
    assert_null(holds_find_ending(&holds, 0));
    hold->is_being_over = true;
    assert_ptr_equal(holds_find_ending(&holds, 0), hold);
    assert_null(holds_next(&holds, &asking, 5000, &unit));
    holds_done(&holds);
}

static void test_a_unit_that_is_away_waits(void **state)
{
    (void)state;
    struct holds holds;
    size_t unit = 9;
    holds_init(&holds, 1);
    accesses[0] = HOLDS_AWAY;
    struct hold *hold = add(&holds, 0, 2000, 50000);
    // The first frame that is missed is to be said, the others are not.
    assert_ptr_equal(holds_next(&holds, &asking, 2000, &unit), hold);
    assert_true(hold_note_frame(hold, false, 2000));
    assert_null(holds_next(&holds, &asking, 40000, &unit));
    assert_int_equal(holds_next_ms(&holds, &asking, 40000), 50000 + HOLD_LONGEST_END_MS);
    assert_null(holds_next(&holds, &asking, 60000, &unit)); // over meanwhile: the end waits too
    assert_false(holds_has_end(&holds, &asking, INT64_MAX));
    accesses[0] = HOLDS_FREE;
    assert_ptr_equal(holds_next(&holds, &asking, 60000, &unit), hold);
    assert_int_equal(hold_wants(hold, 60000), HOLD_WANTS_END);
    accesses[0] = HOLDS_AWAY;
    assert_ptr_equal(holds_next(&holds, &asking, 50000 + HOLD_LONGEST_END_MS, &unit), hold);
    holds_done(&holds);
}

static void test_frames_leave_the_bus_to_others(void **state)
{
    (void)state;
    struct holds holds;
    size_t unit = 9;
    int64_t now_ms = 0;
    int64_t busy_ms = 0;
    holds_init(&holds, 3);
    accesses[0] = accesses[1] = accesses[2] = HOLDS_FREE;
    for (size_t i = 0; i < 3; i++)
        (void)add(&holds, i, 100, FOR_EVER);
    while (now_ms < 100000) {
        struct hold *hold = holds_next(&holds, &asking, now_ms, &unit);
        if (!hold) {
            int64_t next_ms = holds_next_ms(&holds, &asking, now_ms);
            assert_true(next_ms > now_ms);
            now_ms = next_ms;
            continue;
        }
        now_ms += 80; // a slow line: three of them would need 240 % of it
        busy_ms += 80;
        (void)hold_note_frame(hold, true, now_ms);
        holds_note_cost(&holds, 80, now_ms);
    }
    assert_in_range(busy_ms, 24000, 25100);
    holds_done(&holds);
}

static void test_the_rest_after_a_slow_frame_delays_no_end(void **state)
{
    (void)state;
    struct holds holds;
    size_t unit = 9;
    holds_init(&holds, 3);
    accesses[0] = HOLDS_FREE;
    struct hold *hold = add(&holds, 0, 1000, 5000);
    holds_note_cost(&holds, 2000, 1000); // no frame before 7000
    assert_int_equal(holds_next_ms(&holds, &asking, 1000), 5000);
    assert_null(holds_next(&holds, &asking, 4999, &unit));
    assert_ptr_equal(holds_next(&holds, &asking, 5000, &unit), hold);
    holds_done(&holds);
}

static void test_all_are_over_when_the_program_stops(void **state)
{
    (void)state;
    struct holds holds;
    holds_init(&holds, 3);
    accesses[0] = accesses[1] = accesses[2] = HOLDS_FREE;
    assert_false(holds_has_end(&holds, &asking, 2000));
    struct hold *hold = add(&holds, 1, 30000, 50000);
    assert_false(holds_has_end(&holds, &asking, 2000));
    holds_finish_all(&holds, 1000);
    assert_true(holds_has_end(&holds, &asking, 2000));
    hold->is_being_over = true;
    (void)hold_note_late(hold, 1100); // not tried again in the second that is left
    assert_false(holds_has_end(&holds, &asking, 2000));
    holds_done(&holds);
}

// What a start finds left over: nothing is held any more, its end is due at once.
static void test_a_hold_that_is_left_over_wants_its_end(void **state)
{
    (void)state;
    char text[] = "AB";
    struct value name = value_text(text);
    struct hold_end *end = hold_end_empty(42, 0);
    assert_true(hold_end_add(end, NAME, &name));
    text[0] = 'X'; // it has a copy
    struct hold *hold = hold_new_over(end, "name", BEGIN_MS);
    assert_int_equal(hold_wants(hold, BEGIN_MS), HOLD_WANTS_END);
    assert_int_equal(hold_give_up_ms(hold), BEGIN_MS + HOLD_LONGEST_END_MS);
    struct value *kept = &hold->end->entries[0].value;
    assert_int_equal(kept->text.length, 2);
    assert_memory_equal(kept->text.bytes, "AB", 2);
    hold_free(hold);
}

static void add_period(void *context, const struct step *step)
{
    *(int64_t *)context += step->hold_every_ms;
}

static void test_holds_are_found_wherever_they_stand(void **state)
{
    (void)state;
    static const struct step in_failure[] = {{.kind = STEP_WRITE, .hold_every_ms = 100}};
    static const struct step inside[] = {{.kind = STEP_WRITE, .hold_every_ms = 10},
                                         {.kind = STEP_WAIT}};
    static const struct step steps[] = {{.kind = STEP_WRITE, .hold_every_ms = 1},
                                        {.kind = STEP_TRY,
                                         .steps = inside,
                                         .step_count = 2,
                                         .on_failure = in_failure,
                                         .on_failure_count = 1}};
    const struct command command = {.steps = steps, .step_count = 2};
    int64_t sum_ms = 0;
    hold_each_step(&command, add_period, &sum_ms);
    assert_int_equal(sum_ms, 111);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_frame_is_wanted_at_each_date),
        cmocka_unit_test(test_dates_that_passed_are_not_made_up_for),
        cmocka_unit_test(test_a_time_shorter_than_the_period_ends_in_time),
        cmocka_unit_test(test_a_loss_is_news_once_and_so_is_its_end),
        cmocka_unit_test(test_a_late_end_is_news_after_lost_frames_too),
        cmocka_unit_test(test_an_end_is_tried_for_a_day),
        cmocka_unit_test(test_what_was_finished_early_wants_its_end_at_once),
        cmocka_unit_test(test_another_write_ends_it),
        cmocka_unit_test(test_what_is_not_in_the_end_is_held_too),
        cmocka_unit_test(test_a_write_to_another_model_does_not_end_it),
        cmocka_unit_test(test_the_end_is_one_frame_or_several),
        cmocka_unit_test(test_the_one_due_longest_is_next),
        cmocka_unit_test(test_a_busy_unit_gets_frames_but_no_end),
        cmocka_unit_test(test_a_unit_that_is_away_waits),
        cmocka_unit_test(test_frames_leave_the_bus_to_others),
        cmocka_unit_test(test_the_rest_after_a_slow_frame_delays_no_end),
        cmocka_unit_test(test_all_are_over_when_the_program_stops),
        cmocka_unit_test(test_a_hold_that_is_left_over_wants_its_end),
        cmocka_unit_test(test_holds_are_found_wherever_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
