// SPDX-License-Identifier: MIT
// Final responses that are not on disk yet: whose they are.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "base/mem.h"
#include "daemon/requests_state.h"
#include "support/store_world.h"

struct bench {
    struct store_world world;
    struct requests requests;
};

static int set_up(void **state)
{
    struct bench *bench = mem_new(1, sizeof *bench);
    world_init(&bench->world);
    bench->world.store = store_open(&bench->world.site, bench->world.events, &bench->world.err);
    assert_non_null(bench->world.store);
    assert_int_equal(store_start(bench->world.store, &bench->world.err), 0);
    bench->requests.store = bench->world.store;
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    requests_finals_done(&bench->requests);
    assert_true(store_stop(bench->world.store, WORLD_PATIENCE_MS));
    world_done(&bench->world);
    free(bench);
    return 0;
}

static struct open_request request(const char *key, const char *id, const char *digest)
{
    struct open_request open = {.is_local = true};
    (void)snprintf(open.key, sizeof open.key, "%s", key);
    (void)snprintf(open.id, sizeof open.id, "%s", id);
    (void)snprintf(open.digest, sizeof open.digest, "%s", digest);
    return open;
}

static void the_same_command_is_answered_again(void **state)
{
    struct bench *bench = *state;
    struct open_request open = request("/meter", "a", "1");
    requests_respond_finally(&bench->requests, &open, mem_copy_text("first"));
    open.device = 7; // where it stands in the site says nothing: a reload may have moved it
    assert_string_equal(requests_find_final(&bench->requests, &open), "first");
    requests_settle_finals(&bench->requests, 0, UINT64_MAX, true, 0);
    assert_null(requests_find_final(&bench->requests, &open));
}

// Another origin, another device, another id, other arguments.
static void an_id_alone_is_no_command(void **state)
{
    struct bench *bench = *state;
    const struct open_request others[] = {
        request("HW/meter", "a", "1"),
        request("/pump", "a", "1"),
        request("/meter", "b", "1"),
        request("/meter", "a", "2"),
    };
    struct open_request open = request("/meter", "a", "1");
    requests_respond_finally(&bench->requests, &open, mem_copy_text("first"));
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
        assert_null(requests_find_final(&bench->requests, &others[i]));
}

static void the_latest_of_an_id_counts(void **state)
{
    struct bench *bench = *state;
    struct open_request old = request("/meter", "a", "1");
    struct open_request now = request("/meter", "a", "2");
    requests_respond_finally(&bench->requests, &old, mem_copy_text("old"));
    requests_respond_finally(&bench->requests, &now, mem_copy_text("now"));
    requests_respond_finally(&bench->requests, &old, mem_copy_text("again"));
    assert_string_equal(requests_find_final(&bench->requests, &now), "now");
    assert_string_equal(requests_find_final(&bench->requests, &old), "again");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_command_is_answered_again),
        TEST(an_id_alone_is_no_command),
        TEST(the_latest_of_an_id_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
