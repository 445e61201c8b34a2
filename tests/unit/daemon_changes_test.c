// SPDX-License-Identifier: MIT
// What one site file changes of another, read as the program reads them.
#include "daemon/changes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "config/config.h"

static const char meter[] = "modbridge: map/1\n"
                            "telemetry:\n"
                            "  power: {input: 0, type: u16, unit: W}\n";
static const char other_meter[] = "modbridge: map/1\n"
                                  "telemetry:\n"
                                  "  power: {input: 0, type: u16, unit: W, scale: 0.1}\n";

struct world {
    struct arena *arena;
    char folder[32];
    char site[64];
    struct changes now;
    struct changes changes;
};

static void put_file(const struct world *world, const char *name, const char *text)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/%s", world->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, S_IRUSR | S_IWUSR), 0);
}

static const struct site *read_site(const struct world *world, const char *text)
{
    struct diagnostics diagnostics;
    const struct site *site = NULL;
    put_file(world, "site.yaml", text);
    diagnostics_init(&diagnostics, world->arena);
    int result = config_load_site(world->arena, world->site, &diagnostics, &site);
    diagnostics_print(&diagnostics, stderr);
    assert_int_equal(result, 0);
    return site;
}

// The first site, which runs from here on.
static void run(struct world *world, const char *text)
{
    changes_find(world->arena, NULL, read_site(world, text), &world->now);
}

static void reload(struct world *world, const char *text)
{
    changes_find(world->arena, world->now.site, read_site(world, text), &world->changes);
}

static const char *const words[CHANGE_COUNT] = {
    [CHANGE_EMPTY] = "empty",     [CHANGE_KEPT] = "kept",   [CHANGE_RESTARTED] = "restarted",
    [CHANGE_CHANGED] = "changed", [CHANGE_ADDED] = "added", [CHANGE_REMOVED] = "removed",
};

// "meter kept, pump added"; what is removed has its former name.
static void assert_devices(const struct world *world, const char *expected)
{
    struct strbuf text = {0};
    const struct site *site = world->changes.site;
    for (size_t i = 0; i < site->device_count; i++) {
        enum change change = world->changes.devices[i];
        const char *name =
            change == CHANGE_REMOVED ? world->now.site->devices[i].name : site->devices[i].name;
        strbuf_printf(&text, "%s%s%s%s", i ? ", " : "", name, name[0] ? " " : "",
                      words[change]);
    }
    assert_string_equal(strbuf_text(&text), expected);
    strbuf_done(&text);
}

static void assert_buses(const struct world *world, const char *expected)
{
    struct strbuf text = {0};
    for (size_t i = 0; i < world->changes.site->bus_count; i++)
        strbuf_printf(&text, "%s%s", i ? " " : "", words[world->changes.buses[i]]);
    assert_string_equal(strbuf_text(&text), expected);
    strbuf_done(&text);
}

static void assert_clouds(const struct world *world, const char *expected)
{
    struct strbuf text = {0};
    for (size_t i = 0; i < world->changes.site->cloud_count; i++)
        strbuf_printf(&text, "%s%s", i ? " " : "", words[world->changes.clouds[i]]);
    assert_string_equal(strbuf_text(&text), expected);
    strbuf_done(&text);
}

static int set_up(void **state)
{
    struct world *world = mem_new(1, sizeof *world);
    world->arena = arena_new();
    strcpy(world->folder, "/tmp/changes-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    (void)snprintf(world->site, sizeof world->site, "%s/site.yaml", world->folder);
    put_file(world, "meter.yaml", meter);
    put_file(world, "pump.yaml", meter);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    static const char *const names[] = {"site.yaml", "meter.yaml", "pump.yaml", "password"};
    char path[96];
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", world->folder, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(world->folder), 0);
    arena_free(world->arena);
    free(world);
    return 0;
}

static const char head[] = "modbridge: site/1\n";

#define METER               "  meter: {map: ./meter.yaml, tcp: 10.0.0.1}\n"
#define PUMP                "  pump: {map: ./pump.yaml, tcp: 10.0.0.2}\n"
#define VALVE               "  valve: {map: ./meter.yaml, tcp: 10.0.0.3}\n"
#define LINE                "buses: {line: {rtu: /dev/ttyS1, baud: 9600}}\n"
#define ON_LINE(name, unit) "  " name ": {map: ./meter.yaml, bus: line, unit: " unit "}\n"

static void test_the_same_is_kept(void **state)
{
    struct world *world = *state;
    run(world, "modbridge: site/1\ndevices:\n" METER PUMP);
    reload(world, "modbridge: site/1\n# moved, and said otherwise\n\ndevices:\n"
                  "  pump:\n    map: ./pump.yaml\n    tcp: 10.0.0.2\n" METER);
    assert_devices(world, "meter kept, pump kept");
    assert_buses(world, "kept kept");
    assert_false(changes_any(&world->changes));
    // What runs on has its map in its hands: to the pointer.
    assert_ptr_equal(world->changes.site->devices[0].map, world->now.site->devices[0].map);
}

static void test_a_device_on_a_bus_of_its_own_comes_and_goes(void **state)
{
    struct world *world = *state;
    run(world, "modbridge: site/1\ndevices:\n" METER);
    reload(world, "modbridge: site/1\ndevices:\n" PUMP METER);
    assert_devices(world, "meter kept, pump added");
    assert_buses(world, "kept added");
    assert_true(changes_any(&world->changes));
    world->now = world->changes;
    reload(world, "modbridge: site/1\ndevices:\n" PUMP);
    assert_devices(world, "meter removed, pump kept");
    assert_buses(world, "removed kept");
    assert_int_equal(world->changes.site->devices[0].bus, NO_INDEX);
    assert_int_equal(world->changes.site->devices[0].map->point_count, 0);
    assert_int_equal(site_find_device(world->changes.site, "meter"), NO_INDEX);
}

static void test_a_place_is_taken_by_the_next_but_not_at_once(void **state)
{
    struct world *world = *state;
    run(world, "modbridge: site/1\ndevices:\n" METER PUMP);
    reload(world, "modbridge: site/1\ndevices:\n" PUMP VALVE);
    assert_devices(world, "meter removed, pump kept, valve added");
    world->now = world->changes;
    reload(world, "modbridge: site/1\ndevices:\n" PUMP METER);
    assert_devices(world, "meter added, pump kept, valve removed");
    world->now = world->changes;
    reload(world, "modbridge: site/1\ndevices:\n" PUMP METER);
    assert_devices(world, "meter kept, pump kept, empty");
    assert_buses(world, "kept kept empty");
    assert_false(changes_any(&world->changes));
}

static void test_a_bus_is_its_devices(void **state)
{
    struct world *world = *state;
    run(world,
        "modbridge: site/1\n" LINE "devices:\n" ON_LINE("one", "1") ON_LINE("two", "2") PUMP);
    reload(world, "modbridge: site/1\n" LINE "devices:\n" ON_LINE("one", "1")
                      ON_LINE("two", "3") PUMP);
    assert_devices(world, "one restarted, two changed, pump kept");
    assert_buses(world, "changed kept");
    reload(world, "modbridge: site/1\n" LINE "devices:\n" ON_LINE("one", "1") PUMP);
    assert_devices(world, "one restarted, two removed, pump kept");
    assert_buses(world, "changed kept");
    reload(world, "modbridge: site/1\n" LINE "devices:\n" ON_LINE("two", "2")
                      ON_LINE("one", "1") ON_LINE("new", "4") PUMP);
    assert_devices(world, "one restarted, two restarted, pump kept, new added");
    assert_buses(world, "changed kept");
    reload(world, "modbridge: site/1\nbuses: {line: {rtu: /dev/ttyS1, baud: 19200}}\n"
                  "devices:\n" ON_LINE("one", "1") ON_LINE("two", "2") PUMP);
    assert_devices(world, "one restarted, two restarted, pump kept");
    assert_buses(world, "changed kept");
}

static void test_a_map_counts_by_what_it_says(void **state)
{
    struct world *world = *state;
    const char site[] = "modbridge: site/1\ndevices:\n" METER PUMP;
    run(world, site);
    put_file(world, "meter.yaml", other_meter);
    reload(world, site);
    assert_devices(world, "meter changed, pump kept");
    assert_buses(world, "changed kept");
    put_file(world, "meter.yaml", meter);
    reload(world, site);
    assert_devices(world, "meter kept, pump kept");
    put_file(world, "meter.yaml",
             "# a remark\nmodbridge: map/1\ntelemetry:\n"
             "    power: {input: 0, type: u16, unit: W}\n");
    reload(world, site);
    assert_devices(world, "meter kept, pump kept");
    put_file(world, "meter.yaml", "extends: ./pump.yaml\nmodbridge: map/1\n");
    reload(world, site);
    assert_devices(world, "meter changed, pump kept");
    world->now = world->changes;
    put_file(world, "pump.yaml", other_meter); // and what it extends
    reload(world, site);
    assert_devices(world, "meter changed, pump changed");
}

static void test_connections(void **state)
{
    struct world *world = *state;
    struct strbuf text = {0};
    const char *const devices = "devices:\n  meter: {map: ./meter.yaml, tcp: 10.0.0.1, "
                                "cloud: plant, hardware_id: A, channel_id: m}\n";
    put_file(world, "password", "secret\n");
    strbuf_printf(&text,
                  "%scloud: {spare: {host: b}, plant: {host: a, username: u, "
                  "password_file: password}}\n%s",
                  head, devices);
    run(world, strbuf_text(&text));
    reload(world, strbuf_text(&text));
    assert_clouds(world, "kept kept");
    put_file(world, "password", "another\n");
    reload(world, strbuf_text(&text));
    assert_clouds(world, "kept changed");
    assert_devices(world, "meter kept"); // its bus has nothing to do with it
    strbuf_done(&text);
    strbuf_printf(&text, "%scloud: {plant: {host: c}}\n%s", head, devices);
    reload(world, strbuf_text(&text));
    assert_clouds(world, "removed changed");
    assert_int_equal(world->changes.site->devices[0].cloud, 1);
    world->now = world->changes;
    // Messages may still wait for the one that is gone: nobody takes its place but itself.
    strbuf_done(&text);
    strbuf_printf(&text, "%scloud: {plant: {host: c}, new: {host: d}}\n%s", head, devices);
    reload(world, strbuf_text(&text));
    assert_clouds(world, "empty kept added");
    strbuf_done(&text);
}

// {"hardware_id":"HX1", ...: what Enapter issues (config/communication_config.h), in base64.
#define ISSUED_HX1 "eyJoYXJkd2FyZV9pZCI6IkhYMSIsImNoYW5uZWxfaWQiOiJjIiwi" ISSUED_REST
#define ISSUED_HX2 "eyJoYXJkd2FyZV9pZCI6IkhYMiIsImNoYW5uZWxfaWQiOiJjIiwi" ISSUED_REST
#define ISSUED_REST                                                                            \
    "bXF0dF9ob3N0IjoiaCIsIm1xdHRfcG9ydCI6MTg4MywibXF0dF9jcmVkZW50aWFscyI6eyJwcm90b2NvbCI6"     \
    "Im1xdHQiLCJ1c2VybmFtZSI6InUiLCJwYXNzd29yZCI6InAifX0="

static void test_ids_that_come_from_elsewhere(void **state)
{
    struct world *world = *state;
    const char *const site = "modbridge: site/1\n"
                             "cloud: {plant: {communication_config: password}}\ndevices:\n"
                             "  meter: {map: ./meter.yaml, tcp: 10.0.0.1, cloud: plant}\n" PUMP;
    put_file(world, "password", ISSUED_HX1);
    run(world, site);
    reload(world, site);
    assert_devices(world, "meter kept, pump kept");
    put_file(world, "password", ISSUED_HX2);
    reload(world, site);
    assert_clouds(world, "changed");
    assert_devices(world, "meter changed, pump kept");
}

static void test_what_only_a_restart_changes(void **state)
{
    struct world *world = *state;
    run(world, "modbridge: site/1\nstate: ./one\ndevices:\n" METER);
    reload(world, "modbridge: site/1\nstate: ./two\noutbox: {max_size: 1MB}\n"
                  "publish: {keys: changed}\ndevices:\n" METER);
    assert_true(world->changes.is_state_moved);
    assert_true(world->changes.is_outbox_changed);
    assert_true(world->changes.is_publish_changed);
    assert_true(changes_any(&world->changes));
    assert_devices(world, "meter kept");
    assert_string_equal(world->changes.site->state_path, world->now.site->state_path);
    assert_int_equal(world->changes.site->outbox.max_bytes, world->now.site->outbox.max_bytes);
    assert_int_equal(world->changes.site->publish_keys, PUBLISH_CHANGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_same_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_device_on_a_bus_of_its_own_comes_and_goes,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_place_is_taken_by_the_next_but_not_at_once,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_bus_is_its_devices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_map_counts_by_what_it_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_connections, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ids_that_come_from_elsewhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_only_a_restart_changes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
