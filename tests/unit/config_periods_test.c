// SPDX-License-Identifier: MIT
#include "config_support.h"

#include "base/mem.h"
#include "config/periods.h"

// An entry of `section` with a period (or PERIOD_OPEN) that is a view of or scaled by another.
static struct point entry(enum section section, int64_t every_ms, int from, int sf)
{
    return (struct point){.section = section,
                          .every_ms = every_ms,
                          .from = from,
                          .sf = sf,
                          .access = ACCESS_READ};
}

static void resolve(struct point *points, size_t count, const struct map *map)
{
    struct arena *arena = arena_new();
    struct dependencies needs = dependencies_collect(arena, points, count);
    periods_resolve(points, count, &needs, map);
    arena_free(arena);
}

static void the_fastest_user_decides(void **state)
{
    (void)state;
    struct map map = {.modbus = {.every_ms = 1000}};
    struct point points[] = {
        [0] = entry(SECTION_REGISTERS, PERIOD_OPEN, NO_INDEX, NO_INDEX),
        [1] = entry(SECTION_TELEMETRY, 5000, 0, NO_INDEX),
        [2] = entry(SECTION_PROPERTIES, PERIOD_OPEN, 0, 3),
        [3] = entry(SECTION_REGISTERS, PERIOD_OPEN, NO_INDEX, NO_INDEX),
        [4] = entry(SECTION_REGISTERS, PERIOD_OPEN, NO_INDEX, NO_INDEX),
    };
    resolve(points, ARRAY_LENGTH(points), &map);
    assert_int_equal(points[0].every_ms, 5000);
    assert_int_equal(points[2].every_ms, PROPERTIES_EVERY_MS);
    assert_int_equal(points[3].every_ms, PROPERTIES_EVERY_MS);
    assert_int_equal(points[4].every_ms, EVERY_NEED); // nobody asks
}

static void demand_runs_along_chains_in_any_order(void **state)
{
    (void)state;
    struct map map = {.modbus = {.every_ms = 1000}};
    enum { COUNT = 50 };
    struct point points[COUNT];
    for (int i = 0; i < COUNT; i++)
        points[i] = entry(SECTION_REGISTERS, PERIOD_OPEN, NO_INDEX, i + 1);
    points[COUNT - 1] = entry(SECTION_REGISTERS, PERIOD_OPEN, NO_INDEX, NO_INDEX);
    points[0].section = SECTION_TELEMETRY;
    points[25].every_ms = 60000; // given: it stays, and slows what it alone needs
    resolve(points, COUNT, &map);
    assert_int_equal(points[24].every_ms, 1000);
    assert_int_equal(points[25].every_ms, 60000);
    assert_int_equal(points[COUNT - 1].every_ms, 60000);
}

static void as_often_as_possible_is_the_fastest_and_connect_the_slowest(void **state)
{
    (void)state;
    struct map map = {.modbus = {.every_ms = 1000}};
    struct point points[] = {
        [0] = entry(SECTION_REGISTERS, PERIOD_OPEN, NO_INDEX, NO_INDEX),
        [1] = entry(SECTION_TELEMETRY, 0, NO_INDEX, 0),
        [2] = entry(SECTION_TELEMETRY, PERIOD_OPEN, NO_INDEX, 0),
        [3] = entry(SECTION_REGISTERS, PERIOD_OPEN, NO_INDEX, NO_INDEX),
        [4] = entry(SECTION_PROPERTIES, EVERY_CONNECT, NO_INDEX, 3),
        [5] = entry(SECTION_REGISTERS, PERIOD_OPEN, NO_INDEX, NO_INDEX),
        [6] = entry(SECTION_TELEMETRY, EVERY_CONNECT, 5, NO_INDEX),
        [7] = entry(SECTION_TELEMETRY, PERIOD_OPEN, 5, NO_INDEX),
    };
    resolve(points, ARRAY_LENGTH(points), &map);
    assert_int_equal(points[0].every_ms, 0);
    assert_int_equal(points[3].every_ms, EVERY_CONNECT);
    assert_int_equal(points[5].every_ms, 1000);
}

static void alerts_and_identify_ask_too_but_not_of_what_is_written_only(void **state)
{
    (void)state;
    struct alert alert = {.from = 0};
    struct identify identify = {.point = 1};
    struct map map = {.modbus = {.every_ms = 2000},
                      .alerts = &alert,
                      .alert_count = 1,
                      .identify = &identify,
                      .identify_count = 1};
    struct point points[] = {
        [0] = entry(SECTION_REGISTERS, PERIOD_OPEN, NO_INDEX, NO_INDEX),
        [1] = entry(SECTION_REGISTERS, PERIOD_OPEN, NO_INDEX, NO_INDEX),
        [2] = entry(SECTION_REGISTERS, 1000, NO_INDEX, NO_INDEX),
        [3] = entry(SECTION_TELEMETRY, PERIOD_OPEN, NO_INDEX, 2),
    };
    points[2].access = ACCESS_WRITE;
    resolve(points, ARRAY_LENGTH(points), &map);
    assert_int_equal(points[0].every_ms, 2000);
    assert_int_equal(points[1].every_ms, EVERY_CONNECT);
    assert_int_equal(points[2].every_ms, EVERY_NEED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fastest_user_decides),
        cmocka_unit_test(demand_runs_along_chains_in_any_order),
        cmocka_unit_test(as_often_as_possible_is_the_fastest_and_connect_the_slowest),
        cmocka_unit_test(alerts_and_identify_ask_too_but_not_of_what_is_written_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
