// SPDX-License-Identifier: MIT
// Who of the guests is next, what it is expected to cost, and the share of a bus that guests
// get beside polls, in a bus of numbers.
#include "bus/guests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "bus/turn.h"

static struct guest *new_guest(uint64_t ticket, uint8_t unit_id)
{
    struct guest *guest = mem_new(1, sizeof *guest);
    *guest = (struct guest){
        .ticket = ticket,
        .request = {.unit_id = unit_id, .function = 3, .count = 1},
        .until_ms = 1000 + (int64_t)ticket,
    };
    return guest;
}

static void fill(struct guests *guests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_true(guests_add(guests, new_guest(i, (uint8_t)i)));
}

static int64_t from_table(void *context, const struct guest *guest)
{
    const int64_t *from_ms = context;
    return from_ms[guest->request.unit_id];
}

static void test_no_more_than_a_bus_takes(void **state)
{
    (void)state;
    struct guests guests = {0};
    fill(&guests, MAX_GUESTS);
    struct guest *late = new_guest(99, 1);
    assert_false(guests_add(&guests, late));
    free(guests_take(&guests, 3));
    assert_true(guests_add(&guests, late));
    assert_int_equal(guests.waiting[3]->ticket, 4);
    assert_ptr_equal(guests.waiting[MAX_GUESTS - 1], late);
    guests_done(&guests);
}

static void test_one_is_put_back_where_it_was(void **state)
{
    (void)state;
    struct guests guests = {0};
    fill(&guests, 4);
    for (size_t i = 0; i < 4; i++)
        guests_put_back(&guests, i, guests_take(&guests, i));
    assert_int_equal(guests.count, 4);
    for (uint64_t i = 0; i < 4; i++)
        assert_int_equal(guests.waiting[i]->ticket, i);
    guests_done(&guests);
}

static void test_one_is_found_by_its_sender_and_ticket(void **state)
{
    (void)state;
    struct guests guests = {0};
    struct mailbox *others = mailbox_new(sizeof(struct guest *), 0, 1);
    fill(&guests, 4);
    guests.waiting[2]->answers = others;
    assert_int_equal(guests_find(&guests, others, 2), 2);
    assert_int_equal(guests_find(&guests, NULL, 2), MAX_GUESTS);
    assert_int_equal(guests_find(&guests, NULL, 3), 3);
    guests_done(&guests);
    mailbox_free(others);
}

static void test_the_first_that_may_be_asked_goes_first(void **state)
{
    (void)state;
    struct guests guests = {0};
    int64_t from_ms[4] = {INT64_MAX, 700, 500, 400};
    struct guests_asking asking = {from_ms, from_table};
    int64_t at_ms = 0;
    assert_int_equal(guests_next(&guests, &asking, 500, &at_ms), MAX_GUESTS);
    assert_true(at_ms == INT64_MAX);
    fill(&guests, 4);
    assert_int_equal(guests_next(&guests, &asking, 600, &at_ms), 2); // it came before the third
    assert_int_equal(at_ms, 500);
    assert_int_equal(guests_next(&guests, &asking, 300, &at_ms), 3); // nobody yet: the soonest
    assert_int_equal(at_ms, 400);
    from_ms[1] = from_ms[2] = from_ms[3] = INT64_MAX;
    assert_int_equal(guests_next(&guests, &asking, 600, &at_ms), 0);
    assert_true(at_ms == INT64_MAX);
    guests_done(&guests);
}

static void test_a_unit_that_was_silent_is_expected_to_be_silent_again(void **state)
{
    (void)state;
    struct guests guests = {0};
    assert_int_equal(guests_cost_ms(&guests, 7, 300), 300);
    guests_note(&guests, 7, 1000, 1900);
    assert_int_equal(guests_cost_ms(&guests, 7, 300), 900);
    assert_int_equal(guests_cost_ms(&guests, 8, 300), 300);
    guests_note(&guests, 7, 2000, 2000);
    assert_int_equal(guests_cost_ms(&guests, 7, 300), 1);
    guests_done(&guests);
}

static void test_the_next_rests_three_times_as_long_as_one_took(void **state)
{
    (void)state;
    struct guests guests = {0};
    guests_note(&guests, 7, 1000, 1040);
    assert_int_equal(guests.rest_until_ms, 1160);
    guests_done(&guests);
}

static void test_the_first_whose_time_is_over(void **state)
{
    (void)state;
    struct guests guests = {0};
    assert_true(guests_until_ms(&guests) == INT64_MAX);
    fill(&guests, 3);
    guests.waiting[1]->until_ms = 5;
    assert_int_equal(guests_until_ms(&guests), 5);
    guests_done(&guests);
}

// ---- a bus of one unit whose polls take `load` of its time, and guests who never stop ----

struct bus_of_numbers {
    struct health health;
    struct turn_unit unit;
    struct block block;
    struct plan plan;
    struct agenda agenda;
    struct turn turn;
    struct guests guests;
    int64_t poll_ms; // what a request takes
    int64_t guest_ms;
    int64_t polls;
    int64_t asked_ms; // what guests took
    int64_t latest_ms;
};

static void run(struct bus_of_numbers *bus, int64_t every_ms, int64_t lasts_ms)
{
    bus->health = (struct health){.state = HEALTH_ONLINE};
    bus->unit = (struct turn_unit){.health = &bus->health, .unit_id = 1};
    bus->block = (struct block){.unit_id = NO_INDEX, .count = 1, .every_ms = every_ms};
    bus->plan = (struct plan){.blocks = &bus->block, .block_count = 1};
    agenda_init(&bus->agenda, 1);
    agenda_set_plan(&bus->agenda, 0, &bus->plan, 0);
    agenda_spread(&bus->agenda, 0);
    bus->turn = (struct turn){.agenda = &bus->agenda,
                              .units = &bus->unit,
                              .is_open = true,
                              .job_ms = INT64_MAX,
                              .hold_ms = INT64_MAX};
    for (int64_t now_ms = 0; now_ms < lasts_ms;) {
        bus->turn.guest_ms = now_ms; // there is always one
        bus->turn.guest_rest_ms = bus->guests.rest_until_ms;
        bus->turn.guest_cost_ms = guests_cost_ms(&bus->guests, 1, bus->guest_ms);
        struct turn_choice choice = turn_choose(&bus->turn, now_ms);
        int64_t began_ms = now_ms;
        switch (choice.kind) {
        case TURN_GUEST:
            now_ms += bus->guest_ms;
            bus->asked_ms += bus->guest_ms;
            guests_note(&bus->guests, 1, began_ms, now_ms);
            break;
        case TURN_POLL:
            if (now_ms - choice.entry->due_ms > bus->latest_ms && bus->polls > 1)
                bus->latest_ms = now_ms - choice.entry->due_ms;
            now_ms += bus->poll_ms;
            bus->polls++;
            agenda_settle(&bus->agenda, choice.entry, AGENDA_READ, now_ms);
            break;
        case TURN_WAIT:
            assert_true(choice.until_ms > now_ms);
            now_ms = choice.until_ms;
            break;
        case TURN_OPEN:
        case TURN_JOB:
        case TURN_HOLD:
        case TURN_PROBE:
        case TURN_SEARCH:
            fail_msg("nothing asked for it");
        }
    }
    agenda_done(&bus->agenda);
    guests_done(&bus->guests);
}

enum { LASTS_MS = 1000 * 1000 };

static void test_a_bus_without_rest_leaves_a_quarter(void **state)
{
    (void)state;
    static const int64_t guests_ms[] = {10, 20, 100, 1000};
    for (size_t i = 0; i < 4; i++) {
        struct bus_of_numbers bus = {.poll_ms = 20, .guest_ms = guests_ms[i]};
        run(&bus, 0, LASTS_MS);
        assert_in_range(bus.asked_ms, LASTS_MS * 16 / 100, LASTS_MS * 26 / 100);
        assert_in_range(bus.polls * bus.poll_ms, LASTS_MS * 74 / 100, LASTS_MS * 84 / 100);
    }
}

static void test_guests_that_are_quick_get_all_that_polls_leave(void **state)
{
    (void)state;
    struct bus_of_numbers bus = {.poll_ms = 200, .guest_ms = 20};
    run(&bus, 1000, LASTS_MS);
    assert_in_range(bus.asked_ms, LASTS_MS * 76 / 100, LASTS_MS * 80 / 100);
    assert_in_range(bus.polls, 999, 1001);
    assert_in_range(bus.latest_ms, 0, 20);
}

static void test_guests_that_are_slow_get_their_share_and_no_more(void **state)
{
    (void)state;
    struct bus_of_numbers bus = {.poll_ms = 200, .guest_ms = 950};
    run(&bus, 1000, LASTS_MS);
    assert_in_range(bus.asked_ms, LASTS_MS * 20 / 100, LASTS_MS * 26 / 100);
    assert_in_range(bus.latest_ms, 0, 950);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_more_than_a_bus_takes),
        cmocka_unit_test(test_one_is_put_back_where_it_was),
        cmocka_unit_test(test_one_is_found_by_its_sender_and_ticket),
        cmocka_unit_test(test_the_first_that_may_be_asked_goes_first),
        cmocka_unit_test(test_a_unit_that_was_silent_is_expected_to_be_silent_again),
        cmocka_unit_test(test_the_next_rests_three_times_as_long_as_one_took),
        cmocka_unit_test(test_the_first_whose_time_is_over),
        cmocka_unit_test(test_a_bus_without_rest_leaves_a_quarter),
        cmocka_unit_test(test_guests_that_are_quick_get_all_that_polls_leave),
        cmocka_unit_test(test_guests_that_are_slow_get_their_share_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
