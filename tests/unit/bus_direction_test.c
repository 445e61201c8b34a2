// SPDX-License-Identifier: MIT
// Who switches the direction of an RS-485 line: the choice as a table, then the calls that a
// port gets, and in which order, on a pseudo-terminal. It has neither a mode nor modem lines;
// where a test gives it some, this file's ioctl answers for the kernel.
#include "bus/direction.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/serial.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "bus/link.h"

enum { SHORT_MS = 20, NOBODY = 65534 };

// What the port under test is given, and what it was told.
static struct direction_means given;
static struct serial_rs485 mode;
static char calls[200];

static void note_call(const char *call)
{
    (void)strncat(calls, call, sizeof calls - strlen(calls) - 1);
}

static int refuse(void)
{
    errno = ENOTTY;
    return -1;
}

#ifdef __GLIBC__
typedef unsigned long ioctl_request;
#else
typedef int ioctl_request; // POSIX's
#endif

// In the place of the C library's, for the program's own calls.
int ioctl(int descriptor, ioctl_request request, ...)
{
    va_list args;
    va_start(args, request);
    void *argument = va_arg(args, void *);
    va_end(args);
    switch ((unsigned)request) {
    case TIOCGRS485:
        if (given.has_mode)
            *(struct serial_rs485 *)argument = mode;
        return given.has_mode ? 0 : refuse();
    case TIOCSRS485:
        if (given.has_mode)
            mode = *(const struct serial_rs485 *)argument;
        return given.has_mode ? 0 : refuse();
    case TIOCMGET:
        return given.has_rts ? 0 : (int)syscall(SYS_ioctl, descriptor, request, argument);
    case TIOCMBIS:
    case TIOCMBIC:
        assert_int_equal(*(const int *)argument, TIOCM_RTS);
        note_call(request == TIOCMBIS ? "up " : "down ");
        return 0;
    default:
        return (int)syscall(SYS_ioctl, descriptor, request, argument);
    }
}

ssize_t write(int descriptor, const void *bytes, size_t length)
{
    if (isatty(descriptor))
        note_call("write ");
    return syscall(SYS_write, descriptor, bytes, length);
}

int tcdrain(int descriptor)
{
    note_call("drain ");
    return (int)syscall(SYS_ioctl, descriptor, TCSBRK, 1);
}

static void test_the_choice(void **state)
{
    (void)state;
    static const struct {
        enum rs485 wanted;
        struct direction_means means; // mode, RTS
        enum direction direction;
        const char *advice; // what is to be written
    } rows[] = {
        {RS485_OFF, {false, false}, DIRECTION_ADAPTER, NULL},
        {RS485_OFF, {true, true}, DIRECTION_ADAPTER, NULL},
        {RS485_ON, {true, true}, DIRECTION_DRIVER, NULL},
        {RS485_ON, {true, false}, DIRECTION_DRIVER, NULL},
        {RS485_ON, {false, true}, DIRECTION_RTS, NULL},
        {RS485_ON, {false, false}, DIRECTION_IMPOSSIBLE, "rs485: off"},
        {RS485_KERNEL, {true, true}, DIRECTION_DRIVER, NULL},
        {RS485_KERNEL, {false, true}, DIRECTION_IMPOSSIBLE, "rs485: rts"},
        {RS485_KERNEL, {false, false}, DIRECTION_IMPOSSIBLE, "rs485: off"},
        {RS485_RTS, {true, true}, DIRECTION_RTS, NULL},
        {RS485_RTS, {false, true}, DIRECTION_RTS, NULL},
        {RS485_RTS, {true, false}, DIRECTION_IMPOSSIBLE, "rs485: on"},
        {RS485_RTS, {false, false}, DIRECTION_IMPOSSIBLE, "rs485: off"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const char *advice = direction_advice(rows[i].wanted, rows[i].means);
        assert_int_equal(direction_choose(rows[i].wanted, rows[i].means), rows[i].direction);
        if (!rows[i].advice)
            assert_null(advice);
        else if (!advice || !strstr(advice, rows[i].advice))
            fail_msg("row %zu: '%s' does not say '%s'", i, advice, rows[i].advice);
    }
}

// A pseudo-terminal and the settings of a bus on it.
struct line {
    int master;
    int slave;
    char path[64];
    struct bus_settings settings;
    struct link *link;
    struct error err;
};

static void start(struct line *line, enum rs485 wanted, struct direction_means means)
{
    *line = (struct line){0};
    assert_int_equal(openpty(&line->master, &line->slave, line->path, NULL, NULL), 0);
    line->settings = (struct bus_settings){.transport = TRANSPORT_RTU,
                                           .path = line->path,
                                           .baud = 115200,
                                           .stop_bits = 1,
                                           .rs485 = wanted};
    given = means;
    calls[0] = '\0';
    line->link = link_new(&line->settings, -1, &line->err);
    assert_non_null(line->link);
}

static void finish(struct line *line)
{
    given = (struct direction_means){0};
    link_free(line->link);
    (void)close(line->master);
    (void)close(line->slave);
}

static void assert_opens_and_asks(struct line *line, const char *expected)
{
    const struct request request = {.unit_id = 7, .function = 3, .address = 100, .count = 1};
    struct answer answer;
    if (link_open(line->link, SHORT_MS, &line->err) != FAULT_NONE)
        fail_msg("%s", line->err.text);
    assert_int_equal(link_transact(line->link, &request, SHORT_MS, &answer), FAULT_TIMEOUT);
    assert_string_equal(calls, expected);
}

static void test_rts_is_up_only_while_a_frame_is_sent(void **state)
{
    (void)state;
    static const enum rs485 wanted[] = {RS485_RTS, RS485_ON};
    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        struct line line;
        start(&line, wanted[i], (struct direction_means){.has_rts = true});
        assert_opens_and_asks(&line, "down up write drain down ");
        finish(&line);
    }
}

static void test_a_driver_that_can_is_left_to_it(void **state)
{
    (void)state;
    static const enum rs485 wanted[] = {RS485_KERNEL, RS485_ON};
    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        struct line line;
        mode =
            (struct serial_rs485){.flags = SER_RS485_RTS_AFTER_SEND | SER_RS485_TERMINATE_BUS,
                                  .delay_rts_after_send = 3};
        start(&line, wanted[i], (struct direction_means){.has_mode = true, .has_rts = true});
        assert_opens_and_asks(&line, "write ");
        assert_int_equal(mode.flags,
                         SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND | SER_RS485_TERMINATE_BUS);
        assert_int_equal(mode.delay_rts_after_send, 3); // as the driver had it
        finish(&line);
    }
}

static void test_nothing_is_switched_unless_asked_for(void **state)
{
    (void)state;
    struct line line;
    mode = (struct serial_rs485){0};
    start(&line, RS485_OFF, (struct direction_means){.has_mode = true, .has_rts = true});
    assert_opens_and_asks(&line, "write ");
    assert_int_equal(mode.flags, 0);
    finish(&line);
}

// The kernel itself answers here: a pseudo-terminal has neither.
static void test_a_port_that_cannot_says_so(void **state)
{
    (void)state;
    static const enum rs485 wanted[] = {RS485_ON, RS485_KERNEL, RS485_RTS};
    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        struct line line;
        int is_exclusive = 1;
        start(&line, wanted[i], (struct direction_means){0});
        assert_int_equal(link_open(line.link, SHORT_MS, &line.err), FAULT_LINK);
        assert_int_equal(line.err.code, ERROR_FAILED);
        assert_int_equal(strncmp(line.err.text, line.path, strlen(line.path)), 0);
        assert_non_null(strstr(line.err.text, "write rs485: off"));
        // and is left as it was
        assert_int_equal(flock(line.slave, LOCK_EX | LOCK_NB), 0);
        assert_int_equal(ioctl(line.slave, (ioctl_request)TIOCGEXCL, &is_exclusive), 0);
        assert_false(is_exclusive);
        finish(&line);
    }
}

static void test_an_open_port_is_locked(void **state)
{
    (void)state;
    struct line line;
    int is_exclusive = 0;
    start(&line, RS485_OFF, (struct direction_means){0});
    assert_int_equal(link_open(line.link, SHORT_MS, &line.err), FAULT_NONE);
    assert_int_equal(flock(line.slave, LOCK_EX | LOCK_NB), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    assert_int_equal(ioctl(line.slave, (ioctl_request)TIOCGEXCL, &is_exclusive), 0);
    assert_true(is_exclusive);
    link_close(line.link);
    assert_int_equal(flock(line.slave, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(ioctl(line.slave, (ioctl_request)TIOCGEXCL, &is_exclusive), 0);
    assert_false(is_exclusive);
    finish(&line);
}

// A program that does not ask for the lock, as terminal programs do not: only the kernel keeps
// it and us apart, and not for root.
static void test_a_port_that_another_program_has_for_itself(void **state)
{
    (void)state;
    struct line line;
    int status = 0;
    start(&line, RS485_OFF, (struct direction_means){0});
    assert_int_equal(fchmod(line.slave, 0666), 0);
    assert_int_equal(ioctl(line.slave, (ioctl_request)TIOCEXCL, NULL), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && setuid(NOBODY) != 0)
            _exit(9);
        enum fault fault = link_open(line.link, SHORT_MS, &line.err);
        bool is_told = strstr(line.err.text, "used by another program") != NULL;
        _exit(fault == FAULT_LINK && is_told ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    finish(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_choice),
        cmocka_unit_test(test_rts_is_up_only_while_a_frame_is_sent),
        cmocka_unit_test(test_a_driver_that_can_is_left_to_it),
        cmocka_unit_test(test_nothing_is_switched_unless_asked_for),
        cmocka_unit_test(test_a_port_that_cannot_says_so),
        cmocka_unit_test(test_an_open_port_is_locked),
        cmocka_unit_test(test_a_port_that_another_program_has_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
