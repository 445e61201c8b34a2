// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/resource.h>

#include "support/store_world.h"

static uint64_t put(struct store_world *world, const char *key, const char *text)
{
    struct note note = {.kind = "hole", .device = "meter", .key = key, .text = text};
    return store_put_note(world->store, &note, true);
}

static void keeps_notes_over_a_restart(void **state)
{
    (void)state;
    struct store_world world;
    world_init(&world);
    world_start(&world);
    (void)put(&world, "holding:1", "3");
    (void)put(&world, "holding:9", "1");
    uint64_t ticket = put(&world, "holding:1", "4");
    assert_true(world_await(&world, ticket));
    assert_true(world_await(
        &world, store_delete_note(world.store, "hole", "meter", "holding:9", true)));
    (void)store_put_note(world.store,
                         &(struct note){"hold", "meter", "power", "a 'quoted' text"}, false);
    world_stop(&world);
    world_open(&world);
    assert_string_equal(world_notes(&world, "hole").text, "meter.holding:1=4 ");
    assert_string_equal(world_notes(&world, "hold").text, "meter.power=a 'quoted' text ");
    assert_int_equal(world_notes(&world, "other").count, 0);
    world_stop(&world);
    assert_string_equal(world.told, "");
    world_done(&world);
}

static void carries_out_more_than_its_mailbox_holds(void **state)
{
    (void)state;
    struct store_world world;
    world_init(&world);
    world_start(&world);
    for (int i = 0; i < 5000; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "%d", i);
        (void)store_put_note(world.store, &(struct note){"hole", "meter", key, "1"}, false);
    }
    world_stop(&world);
    world_open(&world);
    assert_int_equal(world_notes(&world, "hole").count, 5000);
    world_stop(&world);
    world_done(&world);
}

static void works_in_memory(void **state)
{
    (void)state;
    struct store_world world;
    world_init(&world);
    world.site.state_path = ":memory:";
    world_start(&world);
    assert_true(world_await(&world, put(&world, "a", "1")));
    assert_true(world.stats.is_in_memory);
    world_stop(&world);
    assert_string_equal(world.told, "");
    char path[400];
    world_path(&world, "modbridge.db", path);
    assert_int_equal(access(path, F_OK), -1);
    world_done(&world);
}

static void works_without_a_usable_folder_and_says_so(void **state)
{
    (void)state;
    struct store_world world;
    world_init(&world);
    char path[400];
    world_path(&world, "file", path);
    FILE *file = fopen(path, "w");
    (void)fclose(file);
    world.site.state_path = path; // not a folder
    world_start(&world);
    assert_true(world_await(&world, put(&world, "a", "1")));
    assert_non_null(strstr(world.told, "cannot be used"));
    world_stop(&world);
    world_done(&world);
}

static void belongs_to_one_program(void **state)
{
    (void)state;
    struct store_world world;
    world_init(&world);
    world_start(&world);
    struct error err;
    assert_null(store_open(&world.site, world.events, &err));
    assert_non_null(strstr(err.text, "another modbridge"));
    world_stop(&world);
    world_open(&world);
    world_stop(&world);
    world_done(&world);
}

static void makes_its_folder_for_its_user_only(void **state)
{
    (void)state;
    struct store_world world;
    world_init(&world);
    char inner[400];
    world_path(&world, "state", inner);
    world.site.state_path = inner;
    world_start(&world);
    struct stat status;
    assert_int_equal(stat(inner, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    world_stop(&world);
    (void)snprintf(world.folder + strlen(world.folder), 8, "/state");
    world_done(&world);
    *strrchr(world.folder, '/') = '\0';
    (void)rmdir(world.folder);
}

// What is found in a state folder
// ----------------------------------------------------------------

static void write_file(const struct store_world *world, const char *name, const char *bytes,
                       size_t length)
{
    char path[400];
    world_path(world, name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static size_t count_files(const struct store_world *world, const char *start)
{
    DIR *folder = opendir(world->folder);
    size_t count = 0;
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        count += strncmp(entry->d_name, start, strlen(start)) == 0;
    (void)closedir(folder);
    return count;
}

static void sets_a_file_aside_that_is_no_database(void **state)
{
    (void)state;
    struct store_world world;
    world_init(&world);
    char garbage[8192];
    memset(garbage, 'x', sizeof garbage);
    write_file(&world, "modbridge.db", garbage, sizeof garbage);
    world_start(&world);
    assert_true(world_await(&world, put(&world, "a", "1")));
    assert_int_equal(world.stats.damaged, 1);
    assert_non_null(strstr(world.told, "set aside"));
    assert_int_equal(count_files(&world, "modbridge-damaged-"), 1);
    world_stop(&world);
    world.told[0] = '\0';
    world_open(&world);
    assert_string_equal(world_notes(&world, "hole").text, "meter.a=1 ");
    world_stop(&world);
    assert_string_equal(world.told, "");
    world_done(&world);
}

static void says_that_an_empty_file_lost_something(void **state)
{
    (void)state;
    struct store_world world;
    world_init(&world);
    write_file(&world, "modbridge.db", "", 0);
    world_start(&world);
    assert_true(world_await(&world, put(&world, "a", "1")));
    assert_non_null(strstr(world.told, "was empty"));
    world_stop(&world);
    world_done(&world);
}

static void does_not_touch_what_a_later_version_wrote(void **state)
{
    (void)state;
    struct store_world world;
    world_init(&world);
    world_start(&world);
    assert_true(world_await(&world, put(&world, "a", "1")));
    world_stop(&world);
    char path[400];
    world_path(&world, "modbridge.db", path);
    FILE *file = fopen(path, "r+");
    // user_version: SQLite file format, section 1.3, offset 60, big-endian.
    assert_int_equal(fseek(file, 60, SEEK_SET), 0);
    assert_int_equal(fwrite("\0\0\0\x63", 1, 4, file), 4);
    assert_int_equal(fclose(file), 0);
    struct error err;
    assert_null(store_open(&world.site, world.events, &err));
    assert_non_null(strstr(err.text, "later modbridge"));
    assert_int_equal(count_files(&world, "modbridge-damaged-"), 0);
    world_done(&world);
}

// The disk
// ----------------------------------------------------------------------------------------

// Nothing may be written beyond what files have now, as on a full disk (errno differs: EFBIG).
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void survives_a_disk_that_refuses_and_recovers(void **state)
{
    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    struct store_world world;
    world_init(&world);
    world_start(&world);
    assert_true(world_await(&world, put(&world, "before", "1")));
    limit_files(1);
    assert_false(world_await(&world, put(&world, "during", "2")));
    assert_int_equal(world.stats.health, STORE_FAILING);
    assert_false(world_await(&world, put(&world, "during", "3")));
    limit_files(RLIM_INFINITY);
    assert_true(world_await(&world, put(&world, "after", "4")));
    world_stop(&world);
    assert_int_equal(world.stats.health, STORE_GOOD);
    char *first = strstr(world.told, "refuses to write");
    assert_non_null(first);
    assert_null(strstr(first + 1, "refuses to write"));
    assert_non_null(strstr(world.told, "takes data again"));
    world_open(&world);
    assert_string_equal(world_notes(&world, "hole").text, "meter.after=4 meter.before=1 ");
    world_stop(&world);
    world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_notes_over_a_restart),
        cmocka_unit_test(carries_out_more_than_its_mailbox_holds),
        cmocka_unit_test(works_in_memory),
        cmocka_unit_test(works_without_a_usable_folder_and_says_so),
        cmocka_unit_test(belongs_to_one_program),
        cmocka_unit_test(makes_its_folder_for_its_user_only),
        cmocka_unit_test(sets_a_file_aside_that_is_no_database),
        cmocka_unit_test(says_that_an_empty_file_lost_something),
        cmocka_unit_test(does_not_touch_what_a_later_version_wrote),
        cmocka_unit_test(survives_a_disk_that_refuses_and_recovers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
