// SPDX-License-Identifier: MIT
#include "web/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "web/routes.h"

static const struct access_rules alone = {.address = "127.0.0.1"};
static const struct access_rules guarded = {
    .address = "0.0.0.0", .token = "0123456789abcdef", .session = "feedbeef"};

static void without_token_only_this_machine_is_our_host(void **state)
{
    (void)state;
    static const char *const ours[] = {"127.0.0.1", "127.0.0.1:8080", "localhost:8080",
                                       "LOCALHOST", "[::1]:8080",     "127.0.0.2:1"};
    static const char *const others[] = {
        "",
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost.",
        "localhost:80:80",
        "127.0.0.1:80@x",
        "[::1",
        "127.evil",
        "192.168.1.5:8080",
        "localhost/..",
        ":8080",
        "[]:1",
        "127.0.0.1:8080 evil",
        "[::1]x",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(ours); i++)
        assert_true(access_is_our_host(&alone, ours[i]));
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
        assert_false(access_is_our_host(&alone, others[i]));
    assert_false(access_is_our_host(&alone, NULL));
}

static void with_a_token_any_host_is_ours(void **state)
{
    (void)state;
    struct access_rules v6 = {.address = "fd00::5"};
    assert_true(access_is_our_host(&guarded, "gateway.local:8080"));
    assert_false(access_is_our_host(&guarded, "gateway:x"));
    assert_false(access_is_our_host(&guarded, NULL));
    assert_true(access_is_our_host(&v6, "[fd00::5]:8080"));
    assert_false(access_is_our_host(&v6, "[fd00::6]:8080"));
}

static struct request from_our_page(void)
{
    return (struct request){
        .host = "127.0.0.1:8080",
        .origin = "http://127.0.0.1:8080",
        .fetch_site = "same-origin",
        .content_type = "application/json",
        .marker = "1",
    };
}

static void only_our_page_may_change_anything(void **state)
{
    (void)state;
    struct request request = from_our_page();
    assert_true(access_is_our_page(&request));
    request.content_type = "Application/JSON; charset=utf-8";
    assert_true(access_is_our_page(&request));
    request.origin = NULL;
    request.fetch_site = NULL;
    assert_true(access_is_our_page(&request)); // a program
}

static void other_pages_may_not(void **state)
{
    (void)state;
    static const char *const origins[] = {"null",
                                          "http://evil.example",
                                          "http://127.0.0.1:8081",
                                          "http://127.0.0.1:8080.evil.example",
                                          "file://127.0.0.1:8080",
                                          "127.0.0.1:8080",
                                          ""};
    static const char *const types[] = {NULL, "text/plain", "application/x-www-form-urlencoded",
                                        "application/jsonp", "multipart/form-data"};
    for (size_t i = 0; i < ARRAY_LENGTH(origins); i++) {
        struct request request = from_our_page();
        request.origin = origins[i];
        assert_false(access_is_our_page(&request));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        struct request request = from_our_page();
        request.content_type = types[i];
        assert_false(access_is_our_page(&request));
    }
    struct request request = from_our_page();
    request.marker = NULL;
    assert_false(access_is_our_page(&request));
    request = from_our_page();
    request.fetch_site = "cross-site";
    assert_false(access_is_our_page(&request));
    request = from_our_page();
    request.fetch_site = "same-site";
    assert_false(access_is_our_page(&request));
    request = from_our_page();
    request.host = NULL;
    assert_false(access_is_our_page(&request));
}

static bool is_known(const char *authorization, const char *cookie)
{
    struct request request = {.authorization = authorization, .cookie = cookie};
    return access_is_known(&guarded, &request);
}

static void the_token_or_its_cookie_must_be_given(void **state)
{
    (void)state;
    struct request nothing = {0};
    assert_true(access_is_known(&alone, &nothing));
    assert_false(is_known(NULL, NULL));
    assert_true(is_known("Bearer 0123456789abcdef", NULL));
    assert_true(is_known("bearer 0123456789abcdef", NULL));
    assert_false(is_known("Bearer 0123456789abcdeg", NULL));
    assert_false(is_known("Bearer 0123456789abcde", NULL));
    assert_false(is_known("Bearer ", NULL));
    assert_false(is_known("Basic 0123456789abcdef", NULL));
    assert_false(is_known("0123456789abcdef", NULL));
    assert_true(is_known(NULL, "modbridge_session=feedbeef"));
    assert_true(is_known(NULL, "a=b; modbridge_session=feedbeef; c"));
    assert_true(is_known("Bearer wrong", "modbridge_session=feedbeef"));
    assert_false(is_known(NULL, "modbridge_session=feedbeee"));
    assert_false(is_known(NULL, "modbridge_session="));
    assert_false(is_known(NULL, "xmodbridge_session=feedbeef"));
    assert_false(is_known(NULL, "modbridge_session=0123456789abcdef"));
    assert_true(access_is_token(&guarded, "0123456789abcdef"));
    assert_false(access_is_token(&guarded, ""));
    assert_false(access_is_token(&alone, "")); // there is none
}

static void only_paths_of_the_table_lead_somewhere(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *path;
        enum route route;
    } rows[] = {
        {"GET", "/", ROUTE_ASSET},
        {"HEAD", "/", ROUTE_ASSET},
        {"POST", "/", ROUTE_NO_METHOD},
        {"GET", "/index.html", ROUTE_NONE},
        {"GET", "/../etc/passwd", ROUTE_NONE},
        {"GET", "//", ROUTE_NONE},
        {"GET", "", ROUTE_NONE},
        {"GET", "/api", ROUTE_NONE},
        {"GET", "/api/status", ROUTE_STATUS},
        {"GET", "/api/status/", ROUTE_NONE},
        {"GET", "/API/status", ROUTE_NONE},
        {"GET", "/api/events", ROUTE_EVENTS},
        {"GET", "/metrics", ROUTE_METRICS},
        {"GET", "/api/command", ROUTE_NO_METHOD},
        {"POST", "/api/command", ROUTE_COMMAND},
        {"OPTIONS", "/api/command", ROUTE_NO_METHOD},
        {"post", "/api/command", ROUTE_NO_METHOD},
        {"POST", "/api/status", ROUTE_NO_METHOD},
        {"DELETE", "/nothing", ROUTE_NONE},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        assert_int_equal(route_find(rows[i].method, rows[i].path).route, rows[i].route);
}

static void what_says_something_of_the_plant_needs_the_token(void **state)
{
    (void)state;
    static const char *const open[] = {"/", "/healthz"};
    static const char *const shut[] = {"/metrics",    "/api/status",  "/api/devices",
                                       "/api/values", "/api/history", "/api/events",
                                       "/api/command"};
    for (size_t i = 0; i < ARRAY_LENGTH(open); i++)
        assert_true(route_find("GET", open[i]).is_public);
    for (size_t i = 0; i < ARRAY_LENGTH(shut); i++)
        assert_false(route_find("GET", shut[i]).is_public);
    assert_true(route_find("POST", "/api/login").changes);
    assert_true(route_find("POST", "/api/command").changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_token_only_this_machine_is_our_host),
        cmocka_unit_test(with_a_token_any_host_is_ours),
        cmocka_unit_test(only_our_page_may_change_anything),
        cmocka_unit_test(other_pages_may_not),
        cmocka_unit_test(the_token_or_its_cookie_must_be_given),
        cmocka_unit_test(only_paths_of_the_table_lead_somewhere),
        cmocka_unit_test(what_says_something_of_the_plant_needs_the_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
