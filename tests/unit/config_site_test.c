// SPDX-License-Identifier: MIT
#include "config_support.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/config.h"

// A folder with a site, its map and a password file; removed with it.
struct place {
    struct desk *desk;
    char folder[64];
    char site[96];
    char map[96];
    char password[96];
    const struct site *loaded;
};

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static struct place *place_new(const char *site)
{
    struct place *place = calloc(1, sizeof *place);
    assert_non_null(place);
    place->desk = desk_new();
    (void)snprintf(place->folder, sizeof place->folder, "/tmp/modbridge_site_XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    (void)snprintf(place->site, sizeof place->site, "%s/site.yaml", place->folder);
    (void)snprintf(place->map, sizeof place->map, "%s/meter.yaml", place->folder);
    (void)snprintf(place->password, sizeof place->password, "%s/secret", place->folder);
    write_file(place->site, site, 0644);
    write_file(place->map,
               "modbridge: map/1\nparameters: {base: {default: 0}}\nmodbus: {timeout: 2s}\n"
               "telemetry:\n  power: {holding: base + 1, type: u16}\n",
               0644);
    write_file(place->password, "s3cret pass\n", 0600);
    return place;
}

static void place_free(struct place *place)
{
    (void)unlink(place->site);
    (void)unlink(place->map);
    (void)unlink(place->password);
    (void)rmdir(place->folder);
    desk_free(place->desk);
    free(place);
}

static int place_load(struct place *place)
{
    return config_load_site(place->desk->arena, place->site, &place->desk->diagnostics,
                            &place->loaded);
}

static void expect_finding(struct place *place, const char *finding)
{
    char *printed = desk_print(place->desk);
    if (!strstr(printed, finding))
        print_error("%s", printed);
    assert_non_null(strstr(printed, finding));
    free(printed);
}

static const char whole_site[] =
    "modbridge: site/1\n"
    "state: here\n"
    "outbox: {max_size: 5MB, max_age: 2d, write: spill, replay: false}\n"
    "publish: {interval: 5s, keys: changed}\n"
    "web: {listen: \"127.0.0.1:8080\"}\n"
    "cloud:\n"
    "  plant: {host: mqtt.example.com, port: 1884, username: me, password_file: secret, "
    "properties_topic: register}\n"
    "buses:\n"
    "  cabinet: {rtu: /dev/ttyUSB0, baud: 19200, parity: even, stop_bits: 2, rs485: kernel}\n"
    "  moxa: {rtu_over_tcp: \"10.0.0.3:4001\", baud: 4800}\n"
    "devices:\n"
    "  a: {map: meter, bus: cabinet, unit: 4, cloud: plant, hardware_id: HW-1, channel_id: a}\n"
    "  b: {map: meter, bus: cabinet, unit: 0x05}\n"
    "  c: {map: meter, tcp: 192.168.1.61, parameters: {base: 100}, modbus: {timeout: 300ms}, "
    "every: {power: 10s}}\n"
    "  d: {map: meter.yaml, tcp: \"192.168.1.61:502\", unit: 2}\n"
    "  e: {map: ./meter, tcp: \"[::1]:1502\"}\n"
    "  f: {map: meter, bus: moxa, unit: 255}\n";

static void everything_is_read(void **state)
{
    (void)state;
    struct place *place = place_new(whole_site);
    int result = place_load(place);
    desk_expect(place->desk, "");
    assert_int_equal(result, 0);
    const struct site *site = place->loaded;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/here", place->folder);
    assert_string_equal(site->state_path, path);
    assert_int_equal(site->outbox.max_bytes, 5000000);
    assert_int_equal(site->outbox.max_age_ms, 2 * 86400000LL);
    assert_int_equal(site->outbox.write, OUTBOX_SPILL);
    assert_false(site->outbox.replay);
    assert_int_equal(site->publish_interval_ms, 5000);
    assert_int_equal(site->publish_keys, PUBLISH_CHANGED);
    assert_string_equal(site->web.listen, "127.0.0.1:8080");
    assert_string_equal(site->web.host, "127.0.0.1");
    assert_int_equal(site->web.port, 8080);
    assert_null(site->web.token_path);
    assert_false(site->web.allows_commands);
    assert_int_equal(site->cloud_count, 1);
    assert_string_equal(site->clouds[0].host, "mqtt.example.com");
    assert_int_equal(site->clouds[0].port, 1884);
    assert_string_equal(site->clouds[0].username, "me");
    char password_path[128];
    (void)snprintf(password_path, sizeof password_path, "%s/secret", place->folder);
    assert_string_equal(site->clouds[0].password.path, password_path);
    assert_int_equal(site->clouds[0].properties_topic, PROPERTIES_TOPIC_REGISTER);
    place_free(place);
}

static void buses_are_shared_by_endpoint(void **state)
{
    (void)state;
    struct place *place = place_new(whole_site);
    assert_int_equal(place_load(place), 0);
    const struct site *site = place->loaded;
    assert_int_equal(site->bus_count, 4);
    const struct bus_settings *cabinet = &site->buses[0];
    assert_int_equal(cabinet->transport, TRANSPORT_RTU);
    assert_string_equal(cabinet->path, "/dev/ttyUSB0");
    assert_int_equal(cabinet->baud, 19200);
    assert_int_equal(cabinet->parity, PARITY_EVEN);
    assert_int_equal(cabinet->stop_bits, 2);
    assert_int_equal(cabinet->rs485, RS485_KERNEL);
    assert_int_equal(site->buses[1].transport, TRANSPORT_RTU_OVER_TCP);
    assert_int_equal(site->buses[1].port, 4001);
    assert_int_equal(site->buses[1].baud, 4800);
    assert_int_equal(site->device_count, 6);
    const struct device *c = &site->devices[2];
    const struct device *d = &site->devices[3];
    assert_int_equal(c->bus, d->bus); // one connection per endpoint
    assert_int_equal(site->buses[c->bus].transport, TRANSPORT_TCP);
    assert_string_equal(site->buses[c->bus].host, "192.168.1.61");
    assert_int_equal(site->buses[c->bus].port, 502);
    const struct device *e = &site->devices[4];
    assert_string_equal(site->buses[e->bus].host, "::1");
    assert_int_equal(site->buses[e->bus].port, 1502);
    place_free(place);
}

static void devices_have_their_own_map_when_they_change_it(void **state)
{
    (void)state;
    struct place *place = place_new(whole_site);
    assert_int_equal(place_load(place), 0);
    const struct site *site = place->loaded;
    const struct device *a = &site->devices[0];
    const struct device *c = &site->devices[2];
    assert_string_equal(a->name, "a");
    assert_int_equal(a->at.line, 12);
    assert_int_equal(a->bus, 0);
    assert_int_equal(a->unit_id, 4);
    assert_int_equal(a->cloud, 0);
    assert_string_equal(a->hardware_id, "HW-1");
    assert_string_equal(a->channel_id, "a");
    assert_int_equal(site->devices[1].unit_id, 5);
    assert_int_equal(site->devices[1].cloud, NO_INDEX);
    assert_ptr_equal(a->map, site->devices[1].map);
    assert_int_equal(a->map->points[0].address, 1);
    assert_int_equal(a->modbus.timeout_ms, 2000);
    assert_ptr_not_equal(a->map, c->map);
    assert_int_equal(c->map->points[0].address, 101);
    assert_int_equal(c->map->points[0].every_ms, 10000);
    assert_int_equal(c->modbus.timeout_ms, 300);
    assert_int_equal(c->unit_id, 1);
    assert_int_equal(site_find_device(site, "f"), 5);
    place_free(place);
}

static void defaults(void **state)
{
    (void)state;
    struct place *place =
        place_new("modbridge: site/1\ndevices:\n  a: {map: meter, tcp: plc.local}\n");
    assert_int_equal(unsetenv("STATE_DIRECTORY"), 0);
    assert_int_equal(place_load(place), 0);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/state", place->folder);
    assert_string_equal(place->loaded->state_path, path);
    assert_int_equal(place->loaded->publish_interval_ms, 1000);
    assert_int_equal(place->loaded->publish_keys, PUBLISH_ALL);
    assert_int_equal(place->loaded->outbox.max_bytes, 256000000);
    assert_int_equal(place->loaded->outbox.write, OUTBOX_ALWAYS);
    assert_true(place->loaded->outbox.replay);
    assert_null(place->loaded->web.listen);
    assert_int_equal(setenv("STATE_DIRECTORY", "/var/lib/one:/var/lib/two", 1), 0);
    assert_int_equal(place_load(place), 0);
    assert_string_equal(place->loaded->state_path, "/var/lib/one");
    assert_int_equal(unsetenv("STATE_DIRECTORY"), 0);
    place_free(place);
}

static void a_password_file_is_for_its_owner(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mode_t mode;
        const char *finding;
    } cases[] = {
        {"x\n", 0640, "others than its owner may read"},
        {"x\n", 0604, "others than its owner may read"},
        {"", 0600, "is empty"},
        {"one\ntwo\n", 0600, "must hold one line, the password"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct place *place = place_new(whole_site);
        write_file(place->password, cases[i].text, cases[i].mode);
        assert_int_equal(place_load(place), -1);
        expect_finding(place, "site.yaml:7:76: error: password_file: ");
        expect_finding(place, cases[i].finding);
        assert_int_equal(place->desk->diagnostics.error_count, 1); // devices are fine
        place_free(place);
    }
}

static void a_parameter_without_default_must_be_given(void **state)
{
    (void)state;
    struct place *place =
        place_new("modbridge: site/1\ndevices:\n  a: {map: meter, tcp: plc.local}\n");
    write_file(place->map,
               "modbridge: map/1\nparameters: {base: {description: first address}}\n"
               "telemetry:\n  power: {holding: base + 1, type: u16}\n",
               0644);
    assert_int_equal(place_load(place), -1);
    expect_finding(place, "site.yaml:3:3: error: the map needs the parameter 'base', the first "
                          "address: give it under parameters:");
    place_free(place);
}

static void any_file_is_what_it_says(void **state)
{
    (void)state;
    struct place *place = place_new(whole_site);
    const struct map *map = NULL;
    const struct site *site = NULL;
    struct diagnostics *diagnostics = &place->desk->diagnostics;
    assert_int_equal(config_load_any(place->desk->arena, place->site, diagnostics, &map, &site),
                     0);
    assert_true(site && !map);
    assert_int_equal(config_load_any(place->desk->arena, place->map, diagnostics, &map, &site),
                     0);
    assert_true(map && !site);
    desk_expect(place->desk, "");
    place_free(place);
}

static void a_broken_map_is_reported_once(void **state)
{
    (void)state;
    struct place *place = place_new("modbridge: site/1\ndevices:\n"
                                    "  a: {map: meter, tcp: plc.local}\n"
                                    "  b: {map: meter, tcp: plc.local, unit: 2}\n"
                                    "  c: {map: meter, tcp: plc.local, unit: 3, modbus: "
                                    "{timeout: 1s}}\n");
    write_file(place->map, "modbridge: map/1\ntelemetry:\n  p: {holding: 1}\n", 0644);
    assert_int_equal(place_load(place), -1);
    expect_finding(place, "meter.yaml:3:3: error: 'p' needs a type");
    assert_int_equal(place->desk->diagnostics.error_count, 1);
    place_free(place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(buses_are_shared_by_endpoint),
        cmocka_unit_test(devices_have_their_own_map_when_they_change_it),
        cmocka_unit_test(defaults),
        cmocka_unit_test(a_password_file_is_for_its_owner),
        cmocka_unit_test(a_parameter_without_default_must_be_given),
        cmocka_unit_test(any_file_is_what_it_says),
        cmocka_unit_test(a_broken_map_is_reported_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
