// SPDX-License-Identifier: MIT
#include "daemon/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/mem.h"
#include "cloud/stamp.h"
#include "registers/block.h"
#include "support/plain_point.h"

enum { MAX_SENT = 16 };

struct sent {
    enum topic_kind kind;
    char *payload;
};

struct world {
    struct arena *arena;
    const struct plan *plan;
    struct point points[2];
    struct map map;
    struct device device;
    struct site site;
    struct feed feed;
    struct sent sent[MAX_SENT];
    size_t count;
    struct feed_outlet outlet;
};

static void keep(void *context, const struct device *device, enum topic_kind kind,
                 char *payload, int64_t at_ms)
{
    (void)device;
    struct world *world = context;
    assert_true(world->count < MAX_SENT);
    // The 1970 clock is five seconds ahead of the monotonic one.
    world->sent[world->count++] =
        (struct sent){kind, stamp_payload(payload, (at_ms + 5000) / 1000)};
    free(payload);
}

static struct point entry(const char *key, enum section section, uint16_t address)
{
    return (struct point){
        .key = key,
        .section = section,
        .source = SOURCE_WORDS,
        .table = TABLE_HOLDING,
        .address = address,
        .word_count = 1,
        .type = TYPE_U16,
        .access = ACCESS_READ,
        .decimals = DECIMALS_SHORTEST,
        .publish = PUBLISH_INTEGER,
        .every_ms = 1000,
        PLAIN_POINT,
    };
}

static int setup(void **state)
{
    struct world *world = mem_new(1, sizeof *world);
    world->arena = arena_new();
    world->points[0] = entry("power", SECTION_TELEMETRY, 0);
    world->points[1] = entry("serial", SECTION_PROPERTIES, 10);
    world->map = (struct map){
        .vendor = "Acme", .model = "Sun", .points = world->points, .point_count = 2};
    world->device = (struct device){
        .name = "inverter",
        .map = &world->map,
        .modbus = {.max_registers = 125, .timeout_ms = 500},
    };
    world->site = (struct site){.publish_interval_ms = 1000, .publish_keys = PUBLISH_ALL};
    struct plan_request planning = {.map = &world->map, .modbus = &world->device.modbus};
    world->plan = block_plan(world->arena, &planning);
    feed_init(&world->feed, &world->site, &world->device);
    world->outlet = (struct feed_outlet){world, keep};
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    feed_done(&world->feed);
    arena_free(world->arena);
    for (size_t i = 0; i < world->count; i++)
        free(world->sent[i].payload);
    free(world);
    return 0;
}

// The monotonic clock reads 5 s less than the wall clock here.
static void read_block(struct world *world, size_t block, uint16_t word, int64_t wall_ms)
{
    struct reading reading = {
        .block = &world->plan->blocks[block],
        .fault = FAULT_NONE,
        .word_count = 1,
        .monotonic_ms = wall_ms - 5000,
        .wall_ms = wall_ms,
        .words = {word},
    };
    feed_take_reading(&world->feed, &reading, &world->outlet);
}

static void publish(struct world *world, int64_t wall_ms)
{
    feed_publish(&world->feed, wall_ms - 5000, wall_ms, &world->outlet);
}

// When what was read in the second before is published.
#define ENDED(second) ((second)*1000 + READING_GRACE_MS)

static size_t count_of(const struct world *world, enum topic_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < world->count; i++)
        count += world->sent[i].kind == kind;
    return count;
}

static void test_one_message_when_the_second_ends(void **state)
{
    struct world *world = *state;
    assert_true(feed_next_ms(&world->feed) == INT64_MAX);
    feed_take_health(&world->feed, HEALTH_ONLINE, 5000, 10000, &world->outlet);
    read_block(world, 0, 7, 10200);
    read_block(world, 0, 8, 10700);
    assert_int_equal(world->count, 0);
    assert_int_equal(feed_next_ms(&world->feed), 6000 + READING_GRACE_MS);
    publish(world, ENDED(11));
    assert_int_equal(count_of(world, TOPIC_TELEMETRY), 1);
    assert_non_null(strstr(world->sent[0].payload, "{\"timestamp\":10,\"power\":8,"));
    publish(world, 11500);
    assert_int_equal(count_of(world, TOPIC_TELEMETRY), 1);
}

static void test_a_late_main_thread_mixes_no_seconds(void **state)
{
    struct world *world = *state;
    feed_take_health(&world->feed, HEALTH_ONLINE, 5000, 10000, &world->outlet);
    read_block(world, 0, 7, 10900);
    read_block(world, 0, 9, 11050); // the next second, before anybody asked to publish
    assert_int_equal(count_of(world, TOPIC_TELEMETRY), 1);
    assert_non_null(strstr(world->sent[0].payload, "{\"timestamp\":10,\"power\":7,"));
    publish(world, ENDED(12));
    assert_int_equal(count_of(world, TOPIC_TELEMETRY), 2);
}

// Main, or the bus, did not get a processor in time: the second has had its message.
static void test_a_second_has_one_message_however_late_its_readings_are(void **state)
{
    struct world *world = *state;
    feed_take_health(&world->feed, HEALTH_ONLINE, 5000, 10000, &world->outlet);
    read_block(world, 0, 7, 10500);
    publish(world, ENDED(11));
    read_block(world, 0, 8, 10999); // told after that
    assert_int_equal(feed_next_ms(&world->feed), 7000 + READING_GRACE_MS);
    publish(world, ENDED(11) + 500);
    assert_int_equal(world->count, 2); // with the properties
    publish(world, ENDED(12));
    assert_int_equal(count_of(world, TOPIC_TELEMETRY), 2);
    assert_non_null(strstr(world->sent[2].payload, "{\"timestamp\":11,\"power\":8,"));
    read_block(world, 0, 9, 11990); // late again
    read_block(world, 0, 10, 12300);
    publish(world, ENDED(13));
    assert_int_equal(count_of(world, TOPIC_TELEMETRY), 3);
    assert_non_null(strstr(world->sent[3].payload, "{\"timestamp\":12,\"power\":10,"));
}

// The 1970 clock was set back by an hour: these are other seconds.
static void test_a_clock_that_is_set_back_makes_nothing_late(void **state)
{
    struct world *world = *state;
    feed_take_health(&world->feed, HEALTH_ONLINE, 5000, 10000, &world->outlet);
    read_block(world, 0, 7, 10500);
    publish(world, ENDED(11));
    struct reading reading = {
        .block = &world->plan->blocks[0],
        .word_count = 1,
        .monotonic_ms = 6500,
        .wall_ms = 10500,
        .words = {8},
    };
    feed_take_reading(&world->feed, &reading, &world->outlet);
    assert_int_equal(feed_next_ms(&world->feed), 7000 + READING_GRACE_MS);
}

static void test_properties_once_then_on_change(void **state)
{
    struct world *world = *state;
    feed_take_health(&world->feed, HEALTH_ONLINE, 5000, 10000, &world->outlet);
    read_block(world, 0, 7, 10100);
    read_block(world, 1, 42, 10200);
    publish(world, ENDED(11));
    assert_int_equal(count_of(world, TOPIC_PROPERTIES), 1);
    read_block(world, 1, 42, 11200); // the same again
    publish(world, ENDED(12));
    assert_int_equal(count_of(world, TOPIC_PROPERTIES), 1);
    read_block(world, 1, 43, 12200);
    publish(world, ENDED(13));
    assert_int_equal(count_of(world, TOPIC_PROPERTIES), 2);
    feed_cloud_connected(&world->feed);
    read_block(world, 0, 7, 13200);
    publish(world, ENDED(14));
    assert_int_equal(count_of(world, TOPIC_PROPERTIES), 3);
}

static void test_properties_every_ten_minutes(void **state)
{
    struct world *world = *state;
    feed_take_health(&world->feed, HEALTH_ONLINE, 5000, 10000, &world->outlet);
    read_block(world, 1, 42, 10200);
    publish(world, ENDED(11));
    for (int64_t second = 11; second < 11 + 599; second += 100) {
        read_block(world, 0, 7, second * 1000);
        publish(world, ENDED(second + 1));
    }
    assert_int_equal(count_of(world, TOPIC_PROPERTIES), 1);
    read_block(world, 0, 7, 610500);
    publish(world, 611100);
    assert_int_equal(count_of(world, TOPIC_PROPERTIES), 2);
}

static void test_offline_is_said_at_once_and_every_ten_seconds(void **state)
{
    struct world *world = *state;
    feed_take_health(&world->feed, HEALTH_OFFLINE, 5000, 10000, &world->outlet);
    assert_int_equal(world->count, 1);
    assert_string_equal(world->sent[0].payload, "{\"timestamp\":10,\"alerts\":null,"
                                                "\"conn_alerts\":[\"communication_failed\"]}");
    publish(world, 19999);
    assert_int_equal(world->count, 1);
    assert_int_equal(feed_next_ms(&world->feed), 15000);
    publish(world, 20000);
    assert_int_equal(world->count, 2);
    feed_take_health(&world->feed, HEALTH_ONLINE, 16000, 21000, &world->outlet);
    assert_true(feed_next_ms(&world->feed) == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_message_when_the_second_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_late_main_thread_mixes_no_seconds, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_a_second_has_one_message_however_late_its_readings_are, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_clock_that_is_set_back_makes_nothing_late, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_properties_once_then_on_change, setup, teardown),
        cmocka_unit_test_setup_teardown(test_properties_every_ten_minutes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_offline_is_said_at_once_and_every_ten_seconds,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
