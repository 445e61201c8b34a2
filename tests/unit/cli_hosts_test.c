// SPDX-License-Identifier: MIT
// Lists, ranges and networks of hosts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "cli/hosts.h"

static void test_lists(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        const char *first;
        uint16_t first_port;
        const char *last;
        uint16_t last_port;
    } rows[] = {
        {"10.0.0.5", 1, "10.0.0.5", 502, "10.0.0.5", 502},
        {"plc.local:1502", 1, "plc.local", 1502, "plc.local", 1502},
        {"inverter-2", 1, "inverter-2", 502, "inverter-2", 502},
        {"[fe80::1]:503", 1, "fe80::1", 503, "fe80::1", 503},
        {"192.168.1.10-40:1502", 31, "192.168.1.10", 1502, "192.168.1.40", 1502},
        {"192.168.1.250-255", 6, "192.168.1.250", 502, "192.168.1.255", 502},
        {"192.168.1.7-7", 1, "192.168.1.7", 502, "192.168.1.7", 502},
        {"192.168.1.0/28", 14, "192.168.1.1", 502, "192.168.1.14", 502},
        {"192.168.1.9/28:503", 14, "192.168.1.1", 503, "192.168.1.14", 503},
        {"10.1.2.3/32", 1, "10.1.2.3", 502, "10.1.2.3", 502},
        {"10.1.2.2/31", 2, "10.1.2.2", 502, "10.1.2.3", 502},
        {"10.0.4.0/22", 1022, "10.0.4.1", 502, "10.0.7.254", 502},
        {"255.255.255.254/31", 2, "255.255.255.254", 502, "255.255.255.255", 502},
        {"10.0.0.1,10.0.0.1:502,10.0.0.1:503,10.0.0.1-2", 3, "10.0.0.1", 502, "10.0.0.2", 502},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct arena *arena = arena_new();
        struct hosts *hosts = ARENA_NEW(arena, struct hosts);
        struct error err = {0};
        if (hosts_parse(arena, rows[i].text, 502, hosts, &err) != 0)
            fail_msg("%s: %s", rows[i].text, err.text);
        const struct host *last = &hosts->items[hosts->count - 1];
        assert_int_equal(hosts->count, rows[i].count);
        assert_string_equal(hosts->items[0].name, rows[i].first);
        assert_int_equal(hosts->items[0].port, rows[i].first_port);
        assert_string_equal(last->name, rows[i].last);
        assert_int_equal(last->port, rows[i].last_port);
        arena_free(arena);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *said;
    } rows[] = {
        {"", "host is missing"},
        {"10.0.0.1,", "host is missing"},
        {"10.0.0.300", "not an IPv4 address"},
        {"10.0.0.40-10", "no range"},
        {"10.0.0.40-256", "no range"},
        {"10.0.0.1-10.0.0.9", "no range"},
        {"10.0.0.0/21", "no network"},
        {"10.0.0.0/33", "no network"},
        {"10.0.0.0/", "no network"},
        {"plc/24", "no network"},
        {"10.0.0.1:0", "not a port"},
        {"10.0.0.1-5:99999", "not a port"},
        {"10.0.0.0/22,10.1.0.1-9", "more than 1024 hosts"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct arena *arena = arena_new();
        struct hosts *hosts = ARENA_NEW(arena, struct hosts);
        struct error err = {0};
        assert_int_equal(hosts_parse(arena, rows[i].text, 502, hosts, &err), -1);
        assert_int_equal(err.code, ERROR_USAGE);
        if (!strstr(err.text, rows[i].said))
            fail_msg("%s: %s", rows[i].text, err.text);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
