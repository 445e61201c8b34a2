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
        .refusal = {
            REFUSAL_RANGE, NO_INDEX, {TABLE_HOLDING, address, 2, SUNSPEC_NONE}, 0, 2, false}};
}

static size_t count_of(const struct learned *learned)
{
    size_t count = 0;
    free(learned_of_bus(learned, 0, &count));
    return count;
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
    assert_int_equal(count_of(&learned), 2);
    first.is_forgotten = true;
    learned_take(&learned, &first);
    size_t count = 0;
    struct learned_refusal *left = learned_of_bus(&learned, 0, &count);
    assert_int_equal(count, 1);
    assert_int_equal(left[0].device, 1);
    free(left);
    learned_take(&learned, &first);
    assert_int_equal(count_of(&learned), 1);
    learned_done(&learned);
}

static void test_what_comes_back_is_known(void **state)
{
    (void)state;
    static struct point other_point = {
        .source = SOURCE_WORDS, .unit_id = NO_INDEX, .address = 7, .word_count = 1};
    static const struct map other = {.name = "other", .points = &other_point, .point_count = 1};
    const struct device places[] = {{.name = "", .map = &other, .bus = NO_INDEX},
                                    {.name = "two", .map = &map, .bus = 3},
                                    {.name = "one", .map = &other, .bus = 3}};
    const struct site with = {.devices = places, .device_count = ARRAY_LENGTH(places)};
    const struct site without = {.devices = places, .device_count = 1};
    const struct learned_refusal takes[] = {range_of(0, 10), range_of(1, 20)};
    struct learned learned;
    size_t count = 0;
    learned_init(&learned, &site, NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(takes); i++)
        learned_take(&learned, &takes[i]);
    learned.site = &without;
    assert_int_equal(count_of(&learned), 0);
    learned.site = &with; // one has another map, two another place and another bus
    assert_int_equal(count_of(&learned), 0);
    struct learned_refusal *found = learned_of_bus(&learned, 3, &count);
    assert_int_equal(count, 1);
    assert_int_equal(found[0].device, 1);
    assert_int_equal(found[0].refusal.span.address, 20);
    free(found);
    learned.site = &site;
    assert_int_equal(count_of(&learned), 2);
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
    assert_int_equal(count_of(&learned), expected);
    assert_int_equal(store_start(store, &err), 0);
    for (size_t i = 0; i < count; i++)
        learned_take(&learned, &takes[i]);
    learned_done(&learned);
    assert_true(store_stop(store, 10000));
    mailbox_free(to_main);
}

// A length, a border, and the same range of a unit of its own.
static const struct learned_refusal others[] = {
    {1, {REFUSAL_LENGTH, NO_INDEX, {TABLE_INPUT, 0, 51, SUNSPEC_NONE}, 50, 3, false}, false},
    {1, {REFUSAL_BORDER, NO_INDEX, {TABLE_COIL, 98, 4, SUNSPEC_NONE}, 100, 2, false}, false},
    {1, {REFUSAL_RANGE, 7, {TABLE_HOLDING, 10, 2, SUNSPEC_NONE}, 0, 1, false}, false},
};

static void check_others(void)
{
    struct error err;
    struct learned learned;
    struct mailbox *to_main = mailbox_new(sizeof(struct store_event), 0, STORE_EVENT_SLOTS);
    struct store *store = store_open(&site, to_main, &err);
    assert_non_null(store);
    learned_init(&learned, &site, store);
    size_t count = 0;
    struct learned_refusal *known = learned_of_bus(&learned, 0, &count);
    assert_int_equal(count, 5);
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        size_t k = 0;
        while (k < count && (known[k].refusal.kind != others[i].refusal.kind ||
                             known[k].refusal.unit_id != others[i].refusal.unit_id))
            k++;
        assert_true(k < count);
        const struct refusal *found = &known[k].refusal;
        assert_int_equal(known[k].device, 1);
        assert_int_equal(found->span.table, others[i].refusal.span.table);
        assert_int_equal(found->span.address, others[i].refusal.span.address);
        assert_int_equal(found->span.count, others[i].refusal.span.count);
        assert_int_equal(found->split, others[i].refusal.split);
        assert_int_equal(found->exception, others[i].refusal.exception);
    }
    free(known);
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
        cmocka_unit_test_setup(test_what_comes_back_is_known, set_up),
        cmocka_unit_test_setup(test_a_map_with_other_registers_has_another_fingerprint, set_up),
        cmocka_unit_test_setup(test_what_was_learned_outlives_the_process, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
