// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "base/mem.h"
#include "support/random.h"
#include "support/store_world.h"

static const struct cloud_settings clouds[] = {{.name = "plant"}, {.name = "other"}};

static void rows_init(struct store_world *world)
{
    world_init(world);
    world->site.clouds = clouds;
    world->site.cloud_count = ARRAY_LENGTH(clouds);
}

// The payload of a row tells which one it is, so that a wrong one is seen.
static void payload_of(int64_t id, size_t length, char *ret_text)
{
    int used = snprintf(ret_text, length + 40, "{\"row\":%lld,\"fill\":\"", (long long)id);
    memset(ret_text + used, 'a' + (int)(id % 26), length);
    memcpy(ret_text + used + length, "\"}", 3);
}

static uint64_t put_row(struct store_world *world, int64_t id, enum outbox_kind kind,
                        int connection, size_t length)
{
    char *payload = mem_new(length + 64, 1);
    payload_of(id, length, payload);
    struct outbox_row row = {
        .id = id,
        .kind = kind,
        .connection = connection,
        .stamp = {kind == OUTBOX_RESPONSE ? STAMP_NONE : STAMP_PRESENT, clock_boot_ms()},
        .topic = "v1/from/HW/meter/v1/telemetry",
        .payload = payload,
    };
    uint64_t ticket = store_put_row(world->store, &row, false);
    free(payload);
    return ticket;
}

static struct store_rows *load(struct store_world *world, int connection, enum outbox_lane lane,
                               int64_t after, size_t count)
{
    struct outbox_wish wish = {.connection = connection,
                               .lane = lane,
                               .after = after,
                               .before = INT64_MAX,
                               .count = count};
    store_wish(world->store, &wish);
    struct store_event event;
    for (int turn = 0; turn < WORLD_PATIENCE_MS / 100; turn++) {
        while (mailbox_take(world->events, &event)) {
            world_note_event(world, &event);
            if (event.kind == STORE_LOADED)
                return event.loaded;
        }
        struct pollfd wake = {.fd = mailbox_descriptor(world->events), .events = POLLIN};
        (void)poll(&wake, 1, 100);
    }
    fail_msg("the wish was not fulfilled");
    return NULL;
}

// Loads everything of a lane; checks that each row is what was put; returns how many there are.
static size_t count_rows(struct store_world *world, int connection, enum outbox_lane lane,
                         size_t length)
{
    char *expected = mem_new(length + 64, 1);
    size_t count = 0;
    bool is_all = false;
    for (int64_t after = 0; !is_all;) {
        struct store_rows *rows = load(world, connection, lane, after, 50);
        for (size_t i = 0; i < rows->count; i++) {
            if (!rows->rows[i].message.payload)
                continue; // damaged
            payload_of(rows->rows[i].id, length, expected);
            assert_string_equal(rows->rows[i].message.payload, expected);
            count++;
        }
        is_all = rows->is_all;
        after = rows->last;
        store_rows_free(rows);
    }
    free(expected);
    return count;
}

static void keeps_rows_over_a_restart(void **state)
{
    (void)state;
    struct store_world world;
    rows_init(&world);
    world_start(&world);
    (void)put_row(&world, 1, OUTBOX_TELEMETRY, 0, 10);
    (void)put_row(&world, 2, OUTBOX_TELEMETRY, 1, 10);
    (void)put_row(&world, 3, OUTBOX_RESPONSE, 0, 10);
    (void)put_row(&world, 4, OUTBOX_LOG, 0, 10);
    store_delete_row(world.store, LANE_DATA, 1);
    assert_true(world_await(&world, put_row(&world, 5, OUTBOX_TELEMETRY, 0, 10)));
    assert_int_equal(world.stats.rows, 4);
    world_stop(&world);
    // Connections are known by name: their order in the site may change.
    struct cloud_settings swapped[] = {clouds[1], clouds[0]};
    world.site.clouds = swapped;
    world_open(&world);
    assert_int_equal(store_last_row(world.store), 5);
    assert_int_equal(store_start(world.store, &world.err), 0);
    assert_int_equal(count_rows(&world, 1, LANE_DATA, 10), 2);
    assert_int_equal(count_rows(&world, 1, LANE_RESPONSES, 10), 1);
    struct store_rows *rows = load(&world, 0, LANE_DATA, 0, 10);
    assert_int_equal(rows->count, 1);
    assert_int_equal(rows->rows[0].id, 2);
    assert_int_equal(rows->rows[0].message.kind, OUTBOX_TELEMETRY);
    assert_int_equal(rows->rows[0].message.stamp.kind, STAMP_PRESENT);
    store_rows_free(rows);
    world_stop(&world);
    world_done(&world);
}

static void takes_a_connection_that_comes_later(void **state)
{
    (void)state;
    struct store_world world;
    rows_init(&world);
    world.site.cloud_count = 1;
    world_start(&world);
    (void)put_row(&world, 1, OUTBOX_TELEMETRY, 0, 10);
    store_name_connection(world.store, 3, "later"); // places between may be empty
    assert_int_equal(count_rows(&world, 3, LANE_DATA, 10), 0);
    assert_true(world_await(&world, put_row(&world, 2, OUTBOX_RESPONSE, 3, 10)));
    assert_true(world_await(&world, put_row(&world, 3, OUTBOX_TELEMETRY, 3, 10)));
    assert_int_equal(count_rows(&world, 3, LANE_DATA, 10), 1);
    world_stop(&world);
    const struct cloud_settings there[] = {{.name = "later"}};
    world.site.clouds = there;
    world_start(&world);
    assert_int_equal(count_rows(&world, 0, LANE_DATA, 10), 1);
    assert_int_equal(count_rows(&world, 0, LANE_RESPONSES, 10), 1);
    world_stop(&world);
    world_done(&world);
}

static void change(const struct store_world *world, const char *sql)
{
    char path[400];
    world_path(world, "modbridge.db", path);
    sqlite3 *handle = NULL;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void dates_rows_of_a_former_start_of_the_system(void **state)
{
    (void)state;
    struct store_world world;
    rows_init(&world);
    world_start(&world);
    store_set_offset(world.store, 1700000000000);
    assert_true(world_await(&world, put_row(&world, 1, OUTBOX_TELEMETRY, 0, 10)));
    world_stop(&world);
    change(&world, "UPDATE boots SET boot = 'former'; UPDATE outbox SET at_ms = 5500;"
                   "UPDATE outbox SET crc = crc"); // the checksum covers the time
    world_start(&world);
    struct store_rows *rows = load(&world, 0, LANE_DATA, 0, 10);
    assert_int_equal(rows->count, 1);
    assert_null(rows->rows[0].message.payload);
    assert_int_equal(world.stats.dropped_damaged, 1);
    store_rows_free(rows);
    assert_true(world_await(&world, put_row(&world, 2, OUTBOX_TELEMETRY, 0, 10)));
    world_stop(&world);
    change(&world,
           "UPDATE boots SET boot = 'earlier', offset_ms = 1000 WHERE boot <> 'former'");
    world.site.outbox.max_age_ms = INT64_MAX / 4;
    world_start(&world);
    rows = load(&world, 0, LANE_DATA, 0, 10);
    assert_int_equal(rows->count, 1);
    assert_non_null(rows->rows[0].message.payload);
    assert_int_equal(rows->rows[0].message.stamp.kind, STAMP_WALL);
    assert_true(rows->rows[0].message.stamp.ms <= clock_boot_ms() + 1000);
    store_rows_free(rows);
    world_stop(&world);
    world_done(&world);
}

static void drops_and_counts_rows_that_can_never_be_dated(void **state)
{
    (void)state;
    struct store_world world;
    rows_init(&world);
    world_start(&world);
    (void)put_row(&world, 1, OUTBOX_RESPONSE, 0, 10); // needs no date
    assert_true(world_await(&world, put_row(&world, 2, OUTBOX_TELEMETRY, 0, 10)));
    world_stop(&world);
    change(&world, "UPDATE boots SET boot = 'former'");
    world_start(&world);
    assert_int_equal(count_rows(&world, 0, LANE_DATA, 10), 0);
    assert_int_equal(count_rows(&world, 0, LANE_RESPONSES, 10), 1);
    assert_int_equal(world.stats.dropped_undated, 1);
    world_stop(&world);
    world_done(&world);
}

static void drops_what_is_too_old(void **state)
{
    (void)state;
    struct store_world world;
    rows_init(&world);
    world_start(&world);
    (void)put_row(&world, 1, OUTBOX_RESPONSE, 0, 10);
    assert_true(world_await(&world, put_row(&world, 2, OUTBOX_TELEMETRY, 0, 10)));
    world_stop(&world);
    world.site.outbox.max_age_ms = 0;
    (void)usleep(5000);
    world_start(&world);
    assert_int_equal(count_rows(&world, 0, LANE_RESPONSES, 10), 1);
    assert_int_equal(count_rows(&world, 0, LANE_DATA, 10), 0);
    assert_int_equal(world.stats.dropped_old, 1);
    world_stop(&world);
    world_done(&world);
}

static int64_t file_bytes(const struct store_world *world, const char *name)
{
    char path[400];
    world_path(world, name, path);
    struct stat status;
    return stat(path, &status) == 0 ? status.st_size : 0;
}

static void stays_within_its_size(void **state)
{
    (void)state;
    enum { ROWS = 12000, LENGTH = 300 };
    struct store_world world;
    rows_init(&world);
    world.site.outbox.max_bytes = 1 << 20;
    world_start(&world);
    (void)put_row(&world, 1, OUTBOX_RESPONSE, 0, LENGTH);
    uint64_t ticket = 0;
    for (int64_t id = 2; id <= ROWS; id++) {
        ticket = put_row(&world, id, OUTBOX_TELEMETRY, 0, LENGTH);
        if (id % 500 == 0 || id == ROWS)
            assert_true(world_await(&world, ticket));
    }
    assert_true(world.stats.bytes <= 1 << 20);
    assert_int_equal(world.stats.rows + world.stats.dropped_full, ROWS);
    size_t left = count_rows(&world, 0, LANE_DATA, LENGTH);
    assert_in_range(left, 1500, 3400); // most of the room is used
    assert_int_equal(count_rows(&world, 0, LANE_RESPONSES, LENGTH), 1);
    struct store_rows *rows = load(&world, 0, LANE_DATA, ROWS - 1, 10);
    assert_int_equal(rows->count, 1); // the newest is there
    store_rows_free(rows);
    int64_t before = file_bytes(&world, "modbridge.db");
    assert_true(before <= (1 << 20) + (1 << 18));
    // Drained and filled again, the file does not grow.
    for (int64_t id = 1; id <= ROWS; id++)
        store_delete_row(world.store, LANE_DATA, id);
    for (int64_t id = ROWS + 1; id < ROWS + 1000; id++)
        ticket = put_row(&world, id, OUTBOX_TELEMETRY, 0, LENGTH);
    assert_true(world_await(&world, ticket));
    assert_int_equal(world.stats.rows, 1000);
    assert_true(file_bytes(&world, "modbridge.db") <= before + (1 << 16));
    assert_true(file_bytes(&world, "modbridge.db-wal") <= 8 << 20);
    world_stop(&world);
    world_done(&world);
}

static void drops_the_backlog_of_one_connection(void **state)
{
    (void)state;
    struct store_world world;
    rows_init(&world);
    world_start(&world);
    for (int64_t id = 1; id <= 10; id++)
        (void)put_row(&world, id, OUTBOX_TELEMETRY, (int)(id % 2), 10);
    store_drop_backlog(world.store, 1, 7);
    assert_true(world_await(&world, put_row(&world, 11, OUTBOX_RESPONSE, 1, 10)));
    assert_int_equal(count_rows(&world, 0, LANE_DATA, 10), 5);
    assert_int_equal(count_rows(&world, 1, LANE_DATA, 10), 1);
    assert_int_equal(world.stats.dropped_replay, 4);
    world_stop(&world);
    world_done(&world);
}

// Damage
// ----------------------------------------------------------------------------------------

enum { DAMAGED_ROWS = 400, DAMAGED_LENGTH = 120, DAMAGES = 24 };

static void damage(const struct store_world *world, uint64_t *random)
{
    char path[400];
    world_path(world, "modbridge.db", path);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    uint32_t size = (uint32_t)ftell(file);
    char zeros[4096] = {0};
    uint32_t page = random_below(random, size / 4096);
    switch (random_below(random, 5)) {
    case 0: // flipped bits
        for (int i = 0; i < 20; i++) {
            long at = (long)random_below(random, size);
            assert_int_equal(fseek(file, at, SEEK_SET), 0);
            int byte = fgetc(file);
            assert_int_equal(fseek(file, at, SEEK_SET), 0);
            (void)fputc(byte ^ (1 << random_below(random, 8)), file);
        }
        break;
    case 1: // a page of zeros
        assert_int_equal(fseek(file, (long)page * 4096, SEEK_SET), 0);
        (void)fwrite(zeros, 1, sizeof zeros, file);
        break;
    case 2: // truncated
        assert_int_equal(ftruncate(fileno(file), random_below(random, size)), 0);
        break;
    case 3: // another magic
        (void)fwrite("SQLite format 4", 1, 16, file);
        break;
    default: // empty
        assert_int_equal(ftruncate(fileno(file), 0), 0);
        break;
    }
    assert_int_equal(fclose(file), 0);
}

static void survives_damage(void **state)
{
    (void)state;
    size_t survived = 0;
    for (uint64_t seed = 1; seed <= DAMAGES; seed++) {
        uint64_t random = seed;
        struct store_world world;
        rows_init(&world);
        world_start(&world);
        uint64_t ticket = 0;
        for (int64_t id = 1; id <= DAMAGED_ROWS; id++)
            ticket = put_row(&world, id, OUTBOX_TELEMETRY, 0, DAMAGED_LENGTH);
        assert_true(world_await(&world, ticket));
        world_stop(&world);
        damage(&world, &random);
        world_start(&world);
        // Nothing garbled comes out, new rows are taken, and another start finds all well.
        size_t found = count_rows(&world, 0, LANE_DATA, DAMAGED_LENGTH);
        assert_true(found <= DAMAGED_ROWS);
        survived += found;
        ticket = put_row(&world, 1000, OUTBOX_TELEMETRY, 0, DAMAGED_LENGTH);
        assert_true(world_await(&world, ticket));
        bool is_noticed = world.stats.damaged > 0 || world.stats.dropped_damaged > 0;
        assert_true(is_noticed || found == DAMAGED_ROWS);
        world_stop(&world);
        world_start(&world);
        assert_int_equal(count_rows(&world, 0, LANE_DATA, DAMAGED_LENGTH), found + 1);
        assert_int_equal(world.stats.damaged, 0);
        world_stop(&world);
        world_done(&world);
    }
    // Half of the files (empty ones and those with another magic) cannot be read at all.
    assert_true(survived > (size_t)DAMAGES * DAMAGED_ROWS / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_rows_over_a_restart),
        cmocka_unit_test(takes_a_connection_that_comes_later),
        cmocka_unit_test(dates_rows_of_a_former_start_of_the_system),
        cmocka_unit_test(drops_and_counts_rows_that_can_never_be_dated),
        cmocka_unit_test(drops_what_is_too_old),
        cmocka_unit_test(stays_within_its_size),
        cmocka_unit_test(drops_the_backlog_of_one_connection),
        cmocka_unit_test(survives_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
