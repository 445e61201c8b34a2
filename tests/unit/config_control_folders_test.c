// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "config/config.h"
#include "config/diagnostics.h"

// Writes the smallest site as NAME in a new folder and returns its path.
static const char *write_site(char *path, size_t size, const char *name)
{
    char folder[] = "/tmp/modbridge-folders-XXXXXX";
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, size, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs("modbridge: site/1\nstate: /var/lib/here\n"
                "devices: {a: {map: enapter_el41, tcp: 127.0.0.1}}\n",
                file);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void expect_folders(const char *site, const char *const *expected, size_t count)
{
    struct arena *arena = arena_new();
    struct diagnostics diagnostics;
    struct control_folders folders;
    diagnostics_init(&diagnostics, arena);
    assert_int_equal(config_control_folders(arena, site, &diagnostics, &folders), 0);
    assert_int_equal(folders.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(folders.items[i], expected[i]);
    arena_free(arena);
}

static void test_a_site_names_its_instance(void **state)
{
    (void)state;
    char path[100];
    static const char *const rows[][2] = {
        {"hall.yaml", "/run/modbridge-hall"},
        {"hall.yml", "/run/modbridge-hall.yml"},
        {".yaml", "/run/modbridge-.yaml"},
    };
    (void)unsetenv("RUNTIME_DIRECTORY");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const expected[] = {"/var/lib/here", rows[i][1], "/run/modbridge"};
        expect_folders(write_site(path, sizeof path, rows[i][0]), expected, 3);
        (void)unlink(path);
    }
}

static void test_what_the_service_manager_gave_comes_before(void **state)
{
    (void)state;
    char path[100];
    (void)setenv("RUNTIME_DIRECTORY", "/run/own:/run/other", 1);
    const char *const expected[] = {"/var/lib/here", "/run/own", "/run/modbridge-hall",
                                    "/run/modbridge"};
    expect_folders(write_site(path, sizeof path, "hall.yaml"), expected, 4);
    (void)unlink(path);
}

static void test_without_a_site(void **state)
{
    (void)state;
    (void)unsetenv("RUNTIME_DIRECTORY");
    const char *const expected[] = {"/run/modbridge", "state"};
    expect_folders(NULL, expected, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_site_names_its_instance),
        cmocka_unit_test(test_what_the_service_manager_gave_comes_before),
        cmocka_unit_test(test_without_a_site),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
