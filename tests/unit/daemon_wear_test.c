// SPDX-License-Identifier: MIT
// Writes of what wears out are counted, over restarts.
#include "daemon/wear.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mailbox.h"
#include "base/mem.h"

static struct point points[] = {
    {.key = "mode"}, {.key = "limit", .wear = true}, {.key = "offset", .wear = true}};
static struct map map = {
    .name = "meter", .points = points, .point_count = ARRAY_LENGTH(points)};
static const struct map other = {.name = "other", .points = points, .point_count = 1};
static const struct device devices[] = {{.name = "one", .map = &map},
                                        {.name = "two", .map = &map},
                                        {.name = "three", .map = &other}};
static char folder[] = "/tmp/wear_XXXXXX";
static const struct site site = {
    .state_path = folder, .devices = devices, .device_count = ARRAY_LENGTH(devices)};

enum { MODE, LIMIT, OFFSET };

static void take(struct wear *wear, uint16_t device, int point, int times)
{
    struct wear_note note = {device, point};
    for (int i = 0; i < times; i++)
        wear_take(wear, &note);
}

static void test_each_device_and_entry_has_its_count(void **state)
{
    (void)state;
    struct wear wear;
    wear_init(&wear, &site, NULL);
    take(&wear, 0, LIMIT, 3);
    take(&wear, 0, OFFSET, 1);
    take(&wear, 1, LIMIT, 2);
    assert_int_equal(wear_writes(&wear, 0, LIMIT), 3);
    assert_int_equal(wear_writes(&wear, 0, OFFSET), 1);
    assert_int_equal(wear_writes(&wear, 1, LIMIT), 2);
    assert_int_equal(wear_writes(&wear, 1, OFFSET), 0);
    assert_int_equal(wear_writes(&wear, 2, MODE), 0); // nothing of it wears out
    wear_done(&wear);
}

// One life of the program: loads, counts, ends. Returns what `limit` of the device had before.
static uint64_t live(uint16_t device, int times)
{
    struct error err;
    struct wear wear;
    struct mailbox *to_main = mailbox_new(sizeof(struct store_event), 0, STORE_EVENT_SLOTS);
    struct store *store = store_open(&site, to_main, &err);
    assert_non_null(store);
    wear_init(&wear, &site, store);
    uint64_t before = wear_writes(&wear, device, LIMIT);
    assert_int_equal(store_start(store, &err), 0);
    take(&wear, device, LIMIT, times);
    wear_done(&wear);
    assert_true(store_stop(store, 10000));
    mailbox_free(to_main);
    return before;
}

static void test_counts_outlive_the_process(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(live(0, 3), 0);
    assert_int_equal(live(0, 2), 3);
    assert_int_equal(live(1, 1), 0);
    points[LIMIT].key = "renamed"; // another entry: its count is its own
    assert_int_equal(live(0, 7), 0);
    points[LIMIT].key = "limit"; // and what the first had is kept
    assert_int_equal(live(0, 0), 5);
    assert_int_equal(live(1, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_device_and_entry_has_its_count),
        cmocka_unit_test(test_counts_outlive_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
