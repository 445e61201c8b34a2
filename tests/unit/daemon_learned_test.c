// SPDX-License-Identifier: MIT
#include "daemon/learned.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mailbox.h"
#include "base/mem.h"

static struct point points[2];
static struct map map = {.name = "meter", .points = points, .point_count = 2};
static const struct device devices[] = {{.name = "one", .map = &map},
                                        {.name = "two", .map = &map}};
static char folder[] = "/tmp/learned_XXXXXX";
static const struct site site = {
    .state_path = folder, .devices = devices, .device_count = ARRAY_LENGTH(devices)};

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(points); i++)
        points[i] = (struct point){.source = SOURCE_WORDS,
                                   .table = TABLE_HOLDING,
                                   .unit_id = NO_INDEX,
                                   .address = (uint16_t)(100 * i),
                                   .word_count = 2};
    return 0;
}

static struct learned_refusal range_of(uint16_t device, uint16_t address)
{
    return (struct learned_refusal){
        .device = device,
        .refusal = {REFUSAL_RANGE, NO_INDEX, {TABLE_HOLDING, address, 2, SUNSPEC_NONE}, 0, 2}};
}

static void test_learned_and_forgotten(void **state)
{
    (void)state;
    struct learned learned;
    struct learned_refusal first = range_of(0, 10);
    struct learned_refusal second = range_of(1, 10);
    learned_init(&learned, &site, NULL);
    learned_take(&learned, &first);
    learned_take(&learned, &second);
    learned_take(&learned, &first);
    assert_int_equal(learned.count, 2);
    first.is_forgotten = true;
    learned_take(&learned, &first);
    assert_int_equal(learned.count, 1);
    assert_int_equal(learned.refusals[0].device, 1);
    learned_take(&learned, &first);
    assert_int_equal(learned.count, 1);
    learned_done(&learned);
}

static void test_a_map_with_other_registers_has_another_fingerprint(void **state)
{
    (void)state;
    uint64_t before = learned_fingerprint(&map);
    assert_true(learned_fingerprint(&map) == before);
    points[1].address++;
    assert_true(learned_fingerprint(&map) != before);
    points[1].address--;
    points[0].table = TABLE_INPUT;
    assert_true(learned_fingerprint(&map) != before);
}

// One life of the program: loads, takes, ends.
static void live(const struct learned_refusal *takes, size_t count, size_t expected)
{
    struct error err;
    struct learned learned;
    struct mailbox *to_main = mailbox_new(sizeof(struct store_event), 0, STORE_EVENT_SLOTS);
    struct store *store = store_open(&site, to_main, &err);
    assert_non_null(store);
    learned_init(&learned, &site, store);
    assert_int_equal(learned.count, expected);
    assert_int_equal(store_start(store, &err), 0);
    for (size_t i = 0; i < count; i++)
        learned_take(&learned, &takes[i]);
    learned_done(&learned);
    assert_true(store_stop(store, 10000));
    mailbox_free(to_main);
}

// A length, a border, and the same range of a unit of its own.
static const struct learned_refusal others[] = {
    {1, {REFUSAL_LENGTH, NO_INDEX, {TABLE_INPUT, 0, 51, SUNSPEC_NONE}, 50, 3}, false},
    {1, {REFUSAL_BORDER, NO_INDEX, {TABLE_COIL, 98, 4, SUNSPEC_NONE}, 100, 2}, false},
    {1, {REFUSAL_RANGE, 7, {TABLE_HOLDING, 10, 2, SUNSPEC_NONE}, 0, 1}, false},
};

static void check_others(void)
{
    struct error err;
    struct learned learned;
    struct mailbox *to_main = mailbox_new(sizeof(struct store_event), 0, STORE_EVENT_SLOTS);
    struct store *store = store_open(&site, to_main, &err);
    assert_non_null(store);
    learned_init(&learned, &site, store);
    assert_int_equal(learned.count, 5);
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        size_t k = 0;
        while (k < learned.count &&
               (learned.refusals[k].refusal.kind != others[i].refusal.kind ||
                learned.refusals[k].refusal.unit_id != others[i].refusal.unit_id))
            k++;
        assert_true(k < learned.count);
        const struct refusal *found = &learned.refusals[k].refusal;
        assert_int_equal(learned.refusals[k].device, 1);
        assert_int_equal(found->span.table, others[i].refusal.span.table);
        assert_int_equal(found->span.address, others[i].refusal.span.address);
        assert_int_equal(found->span.count, others[i].refusal.span.count);
        assert_int_equal(found->split, others[i].refusal.split);
        assert_int_equal(found->exception, others[i].refusal.exception);
    }
    learned_done(&learned);
    assert_int_equal(store_start(store, &err), 0);
    assert_true(store_stop(store, 10000));
    mailbox_free(to_main);
}

static void test_what_was_learned_outlives_the_process(void **state)
{
    (void)state;
    const struct learned_refusal ranges[] = {range_of(0, 10), range_of(0, 20), range_of(1, 10)};
    struct learned_refusal over = range_of(0, 10);
    over.is_forgotten = true;
    assert_non_null(mkdtemp(folder));
    live(ranges, ARRAY_LENGTH(ranges), 0);
    live(&over, 1, 3);
    live(NULL, 0, 2);
    live(others, ARRAY_LENGTH(others), 2);
    check_others();
    points[0].word_count = 4; // another map: what was learned is void
    live(NULL, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_learned_and_forgotten, set_up),
        cmocka_unit_test_setup(test_a_map_with_other_registers_has_another_fingerprint, set_up),
        cmocka_unit_test_setup(test_what_was_learned_outlives_the_process, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
