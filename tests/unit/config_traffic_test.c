// SPDX-License-Identifier: MIT
// How many messages a site makes, and what keeping them writes to the storage.
#include "config/traffic.h"

#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config_support.h"

struct place {
    struct desk *desk;
    char folder[64];
    const struct site *site;
    const struct budget **budgets;
    struct traffic traffic;
};

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

// A site of one or more devices `d` of a map with these entries. `head` are keys of the site.
static struct place *place_new(const char *entries, const char *head, const char *devices)
{
    struct place *place = calloc(1, sizeof *place);
    char text[2000];
    assert_non_null(place);
    place->desk = desk_new();
    (void)snprintf(place->folder, sizeof place->folder, "/tmp/modbridge_traffic_XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    (void)snprintf(text, sizeof text, "modbridge: map/1\n%s", entries);
    write_file(place->folder, "m.yaml", text);
    (void)snprintf(text, sizeof text,
                   "modbridge: site/1\ncloud: {c: {host: localhost}}\n%sdevices:\n%s", head,
                   devices);
    write_file(place->folder, "site.yaml", text);
    (void)snprintf(text, sizeof text, "%s/site.yaml", place->folder);
    if (config_load_site(place->desk->arena, text, &place->desk->diagnostics, &place->site) !=
        0)
        fail_msg("%s", desk_print(place->desk));
    size_t count = place->site->bus_count;
    place->budgets = ARENA_NEW_ARRAY(place->desk->arena, count, const struct budget *);
    for (size_t i = 0; i < count; i++)
        place->budgets[i] = budget_of_bus(place->desk->arena, place->site, (int)i, -1);
    place->traffic = traffic_of(place->site, place->budgets);
    return place;
}

static void place_free(struct place *place)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/m.yaml", place->folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/site.yaml", place->folder);
    (void)unlink(path);
    (void)rmdir(place->folder);
    desk_free(place->desk);
    free(place);
}

// Double, as cmocka's assert_float_equal is not.
static void assert_near(double found, double expected, double within)
{
    if (!(found >= expected - within && found <= expected + within))
        fail_msg("%g is not %g within %g", found, expected, within);
}

static double rate_of(const char *entries, const char *head, const char *devices)
{
    struct place *place = place_new(entries, head, devices);
    double rate = place->traffic.messages_per_second;
    place_free(place);
    return rate;
}

#define ONE   "  d: {map: ./m.yaml, tcp: 127.0.0.1, cloud: c, hardware_id: H, channel_id: C}\n"
#define LOCAL "  e: {map: ./m.yaml, tcp: 127.0.0.2}\n"
#define SLOW  "telemetry: {a: {holding: 0, type: u16, every: 5s}}\n"

static void test_a_second_of_reading_is_a_message(void **state)
{
    (void)state;
    assert_near(rate_of(SLOW, "", ONE), 0.2, 1e-9);
    assert_near(rate_of(SLOW, "", LOCAL), 0, 1e-9); // published nowhere
    assert_near(rate_of("telemetry: {a: {holding: 0, type: u16, every: 100ms}}\n", "", ONE), 1,
                1e-9);
    assert_near(rate_of("telemetry: {a: {holding: 0, type: u16, every: 100ms}}\n",
                        "publish: {interval: 4s}\n", ONE),
                0.25, 1e-9);
    // Two requests of one period come in the same second; those of another one do not.
    assert_near(rate_of("telemetry:\n  a: {holding: 0, type: u16, every: 5s}\n"
                        "  b: {input: 0, type: u16, every: 5s}\n"
                        "  c: {coil: 0, every: 10s}\n",
                        "", ONE),
                0.3, 1e-9);
    // Once per connection is no rate.
    assert_near(rate_of("properties: {a: {holding: 0, type: u16, every: connect}}\n", "", ONE),
                0, 1e-9);
}

static void test_a_message_is_as_long_as_its_keys_and_values(void **state)
{
    (void)state;
    struct place *short_one = place_new(SLOW, "", ONE);
    struct place *long_one =
        place_new("telemetry: {a: {holding: 0, type: u16, every: 5s, enum: "
                  "{0: off, 1: twelve_bytes}}}\n",
                  "", ONE);
    // "twelve_bytes" in quotes instead of a number.
    assert_near(long_one->traffic.message_bytes - short_one->traffic.message_bytes, 14 - 6,
                1e-9);
    assert_in_range((uint64_t)short_one->traffic.message_bytes, 60, 90);
    assert_true(short_one->traffic.row_bytes > short_one->traffic.message_bytes);
    place_free(short_one);
    place_free(long_one);
}

// Against tests/bench/outbox_wear.py: rows as measured, bytes a day as measured.
static void test_what_was_measured(void **state)
{
    (void)state;
    static const struct {
        double messages, message_bytes, always, away;
    } rows[] = {
        {1, 203, 0.73e9, 0},       {1, 803, 0.73e9, 0},       {3, 803, 0.73e9, 0},
        {10, 203, 0.73e9, 0},      {10, 353, 0.72e9, 1.76e9}, {10, 803, 2.24e9, 0},
        {50, 203, 2.65e9, 0},      {50, 353, 3.02e9, 4.75e9}, {50, 803, 6.04e9, 0},
        {50, 653, 5.29e9, 8.55e9},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct traffic traffic = {.messages_per_second = rows[i].messages,
                                  .message_bytes = rows[i].message_bytes,
                                  .row_bytes = rows[i].message_bytes + 48};
        double always = traffic_written_per_day(&traffic, OUTBOX_ALWAYS, false);
        assert_near(always / rows[i].always, 1, 0.2);
        assert_near(traffic_written_per_day(&traffic, OUTBOX_SPILL, false), 0, 1e-9);
        if (rows[i].away > 0)
            assert_near(traffic_written_per_day(&traffic, OUTBOX_SPILL, true) / rows[i].away, 1,
                        0.2);
    }
    // A message every ten seconds is a commit every ten seconds.
    struct traffic rare = {.messages_per_second = 0.1, .message_bytes = 200, .row_bytes = 250};
    assert_near(traffic_written_per_day(&rare, OUTBOX_ALWAYS, false), 70778880, 1);
    struct traffic none = {0};
    assert_near(traffic_written_per_day(&none, OUTBOX_ALWAYS, true), 0, 1e-9);
}

static void test_what_an_outage_leaves(void **state)
{
    (void)state;
    struct place *place = place_new(SLOW, "outbox: {max_size: 100MB, max_age: 7d}\n", ONE);
    double a_day = place->traffic.row_bytes * 0.2 * 86400;
    assert_true(a_day * 7 < 100e6);
    assert_near(traffic_days_kept(&place->traffic, place->site), 7, 1e-9);
    struct traffic many = place->traffic;
    many.messages_per_second = 100;
    double days = traffic_days_kept(&many, place->site);
    assert_true(days * many.row_bytes * 100 * 86400 < 100e6);
    assert_true(days * many.row_bytes * 100 * 86400 > 70e6);
    assert_true(traffic_is_kept(place->site));
    place_free(place);
    place = place_new(SLOW, "outbox: {replay: false}\n", ONE);
    assert_false(traffic_is_kept(place->site));
    place_free(place);
    place = place_new(SLOW, "state: \":memory:\"\n", ONE);
    assert_false(traffic_is_kept(place->site));
    place_free(place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_second_of_reading_is_a_message),
        cmocka_unit_test(test_a_message_is_as_long_as_its_keys_and_values),
        cmocka_unit_test(test_what_was_measured),
        cmocka_unit_test(test_what_an_outage_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
