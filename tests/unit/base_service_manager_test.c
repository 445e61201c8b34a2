// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/service_manager.h"

// A manager's socket without a file.
static int listen_abstract(char *ret_name, size_t size)
{
    int length = snprintf(ret_name, size, "@modbridge-test-%d", (int)getpid());
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path + 1, ret_name + 1, (size_t)length - 1);
    int listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_true(listener >= 0);
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, bytes), 0);
    return listener;
}

static void expect_datagram(int listener, const char *expected)
{
    char text[256] = {0};
    ssize_t length = recv(listener, text, sizeof text - 1, 0);
    assert_int_equal(length, (ssize_t)strlen(expected));
    assert_string_equal(text, expected);
}

static int forget(void **state)
{
    (void)state;
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    return 0;
}

static void test_without_a_manager_nothing_happens(void **state)
{
    (void)state;
    struct service_manager manager;
    service_manager_find(&manager);
    assert_int_equal(manager.socket, -1);
    assert_int_equal(manager.watchdog_ms, 0);
    assert_true(service_manager_tell(&manager, "READY=1"));
    service_manager_leave(&manager);
}

static void test_an_abstract_socket_gets_one_datagram_each(void **state)
{
    (void)state;
    char name[64];
    int listener = listen_abstract(name, sizeof name);
    (void)setenv("NOTIFY_SOCKET", name, 1);
    struct service_manager manager;
    service_manager_find(&manager);
    assert_true(service_manager_tell(&manager, "READY=1\nSTATUS=two words"));
    assert_true(service_manager_tell(&manager, "WATCHDOG=1"));
    expect_datagram(listener, "READY=1\nSTATUS=two words");
    expect_datagram(listener, "WATCHDOG=1");
    (void)close(listener);
    assert_false(service_manager_tell(&manager, "WATCHDOG=1")); // it is gone
    service_manager_leave(&manager);
}

// A manager that takes nothing is not waited for.
static void test_a_full_socket_is_said_and_not_waited_for(void **state)
{
    (void)state;
    char name[64];
    int listener = listen_abstract(name, sizeof name);
    (void)setenv("NOTIFY_SOCKET", name, 1);
    struct service_manager manager;
    service_manager_find(&manager);
    int sent = 0;
    while (sent < 100000 && service_manager_tell(&manager, "WATCHDOG=1"))
        sent++;
    assert_in_range(sent, 1, 99999);
    (void)close(listener);
    service_manager_leave(&manager);
}

static void test_the_watchdog_is_ours_alone(void **state)
{
    (void)state;
    static const struct {
        const char *usec;
        const char *pid; // "" stands for ours
        int64_t watchdog_ms;
    } rows[] = {
        {"30000000", NULL, 30000},
        {"30000000", "", 30000},
        {"30000000", "1", 0},
        {"0", NULL, 0},
        {"-5", NULL, 0},
        {"30 s", NULL, 0},
        {"", NULL, 0},
        {"2000000", "x", 0},
    };
    char own[32];
    (void)snprintf(own, sizeof own, "%d", (int)getpid());
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)forget(NULL);
        (void)setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
        (void)setenv("WATCHDOG_USEC", rows[i].usec, 1);
        if (rows[i].pid)
            (void)setenv("WATCHDOG_PID", rows[i].pid[0] ? rows[i].pid : own, 1);
        struct service_manager manager;
        service_manager_find(&manager);
        assert_int_equal(manager.watchdog_ms, rows[i].watchdog_ms);
        service_manager_leave(&manager);
    }
}

static void test_other_names_count_as_none(void **state)
{
    (void)state;
    char longest[200];
    memset(longest, 'x', sizeof longest);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    const char *const names[] = {"", "@", "/", "relative", "vsock:2:1234", longest};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)setenv("NOTIFY_SOCKET", names[i], 1);
        struct service_manager manager;
        service_manager_find(&manager);
        assert_int_equal(manager.socket, -1);
        service_manager_leave(&manager);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_without_a_manager_nothing_happens, forget),
        cmocka_unit_test_setup(test_an_abstract_socket_gets_one_datagram_each, forget),
        cmocka_unit_test_setup(test_a_full_socket_is_said_and_not_waited_for, forget),
        cmocka_unit_test_setup(test_the_watchdog_is_ours_alone, forget),
        cmocka_unit_test_setup(test_other_names_count_as_none, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
