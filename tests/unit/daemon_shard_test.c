// SPDX-License-Identifier: MIT
#include "daemon/shard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static void test_what_is_a_shard(void **state)
{
    (void)state;
    struct shard shard;
    struct error err;
    assert_int_equal(shard_parse("3/4", &shard, &err), 0);
    assert_int_equal(shard.index, 3);
    assert_int_equal(shard.count, 4);
    assert_int_equal(shard_parse("0/1", &shard, &err), 0);
    static const char *const bad[] = {
        "", "1", "4/4", "-1/4", "0/0", "0/x", "1/2/3", "0/1025", "/2", "0x0/00000000000000002"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_int_equal(shard_parse(bad[i], &shard, &err), -1);
        assert_int_equal(err.code, ERROR_USAGE);
        assert_non_null(strstr(err.text, "as 0/4"));
    }
}

// Worked out apart from this program, in Python: what a shard keeps on disk depends on it.
static void test_the_shard_of_a_name_never_changes(void **state)
{
    (void)state;
    static const unsigned counts[] = {1, 2, 3, 10, 1024};
    static const struct {
        const char *name;
        unsigned shards[ARRAY_LENGTH(counts)];
    } rows[] = {
        {"meter", {0, 1, 1, 3, 236}},   {"cabinet", {0, 1, 1, 6, 694}},
        {"line_1", {0, 1, 1, 5, 492}},  {"electrolyser", {0, 1, 1, 4, 978}},
        {"pv.roof", {0, 0, 0, 6, 581}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        for (size_t k = 0; k < ARRAY_LENGTH(counts); k++)
            assert_int_equal(shard_of(rows[i].name, counts[k]), rows[i].shards[k]);
    }
}

static void test_one_more_shard_moves_few(void **state)
{
    (void)state;
    enum { NAMES = 1000, MOST = 12 };
    for (unsigned count = 1; count < MOST; count++) {
        unsigned moved = 0;
        unsigned sizes[MOST] = {0};
        for (int i = 0; i < NAMES; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "bus_%d", i);
            unsigned before = shard_of(name, count);
            unsigned after = shard_of(name, count + 1);
            assert_in_range(before, 0, count - 1);
            sizes[before]++;
            moved += before != after;
            assert_true(before == after || after == count); // to the new one, never elsewhere
        }
        assert_in_range(moved, NAMES / (count + 1) * 3 / 4, NAMES / (count + 1) * 5 / 4);
        for (unsigned i = 0; i < count; i++)
            assert_in_range(sizes[i], NAMES / count * 3 / 4, NAMES / count * 5 / 4);
    }
}

static const struct bus_settings buses[] = {{.name = "one"}, {.name = "two"}, {.name = "four"}};
static const struct cloud_settings clouds[] = {
    {.name = "spare"}, {.name = "plant"}, {.name = "kit", .has_ucm = true}};
static const struct device devices[] = {{.name = "a", .bus = 0, .cloud = 1},
                                        {.name = "b", .bus = 1, .cloud = 2},
                                        {.name = "c", .bus = 1, .cloud = NO_INDEX},
                                        {.name = "d", .bus = 2, .cloud = 2}};
static const struct site site = {
    .state_path = "/state",
    .buses = buses,
    .bus_count = ARRAY_LENGTH(buses),
    .clouds = clouds,
    .cloud_count = ARRAY_LENGTH(clouds),
    .devices = devices,
    .device_count = ARRAY_LENGTH(devices),
};

static void test_the_parts_of_a_site(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    // "two" is in shard 0, the others in 1.
    const struct site *first = shard_site(arena, &site, &(struct shard){0, 2});
    assert_string_equal(first->state_path, "/state/shard-0");
    assert_int_equal(first->bus_count, 1);
    assert_string_equal(first->buses[0].name, "two");
    assert_int_equal(first->cloud_count, 1);
    assert_string_equal(first->clouds[0].name, "kit");
    assert_true(first->clouds[0].has_ucm);
    assert_int_equal(first->device_count, 2);
    assert_string_equal(first->devices[0].name, "b");
    assert_int_equal(first->devices[0].bus, 0);
    assert_int_equal(first->devices[0].cloud, 0);
    assert_string_equal(first->devices[1].name, "c");
    assert_int_equal(first->devices[1].cloud, NO_INDEX);
    const struct site *second = shard_site(arena, &site, &(struct shard){1, 2});
    assert_int_equal(second->bus_count, 2);
    assert_int_equal(second->device_count, 2);
    assert_string_equal(second->devices[1].name, "d");
    assert_string_equal(second->buses[second->devices[1].bus].name, "four");
    assert_int_equal(second->cloud_count, 2);
    assert_string_equal(second->clouds[second->devices[0].cloud].name, "plant");
    assert_string_equal(second->clouds[second->devices[1].cloud].name, "kit");
    assert_false(second->clouds[1].has_ucm); // the other one serves that channel
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_a_shard),
        cmocka_unit_test(test_the_shard_of_a_name_never_changes),
        cmocka_unit_test(test_one_more_shard_moves_few),
        cmocka_unit_test(test_the_parts_of_a_site),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
