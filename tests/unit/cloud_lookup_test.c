// SPDX-License-Identifier: MIT
// The uplink while the system's resolver hangs: lookup.h is answered here, and names never come
// back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lookup.h"
#include "base/mem.h"
#include "cloud/uplink.h"
#include "support/thread_count.h"

enum { NAMES = 20, MOST_LOOKUPS = 8, PATIENCE_MS = 60000 };

static atomic_int hanging;

bool lookup_numeric(const char *host, struct addresses *ret_addresses)
{
    if (strcmp(host, "127.0.0.1") != 0)
        return false;
    ret_addresses->count = 1;
    (void)snprintf(ret_addresses->texts[0], LOOKUP_ADDRESS_SIZE, "%s", host);
    return true;
}

int lookup_name(const char *host, int stop_descriptor, struct addresses *ret_addresses,
                struct error *err)
{
    (void)host;
    (void)stop_descriptor;
    (void)ret_addresses;
    (void)err;
    hanging++;
    for (;;)
        (void)pause();
}

static void await_lookups(int count)
{
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (atomic_load(&hanging) < count) {
        assert_true(clock_monotonic_ms() < until_ms);
        (void)poll(NULL, 0, 10);
    }
}

// The site must outlive the process: threads are left behind on purpose.
static struct cloud_settings clouds[NAMES + 1];
static struct site site = {.clouds = clouds, .cloud_count = NAMES + 1};
static struct site other_site = {.clouds = clouds, .cloud_count = NAMES + 1};
static bool is_new[NAMES + 1];

// Connections whose names hang are exchanged: the lookups are left to end some day, and count.
static void exchange(struct uplink *uplink, struct mailbox *mailbox)
{
    struct uplink_event event = {0};
    struct pollfd polled = {.fd = mailbox_descriptor(mailbox), .events = POLLIN};
    memset(is_new, true, sizeof is_new);
    struct uplink_site next = {&other_site, is_new};
    assert_true(uplink_reload(uplink, &next));
    while (event.kind != UPLINK_RELOADED) {
        assert_int_equal(poll(&polled, 1, PATIENCE_MS), 1);
        assert_true(mailbox_take(mailbox, &event));
    }
}

static void names_that_hang_delay_no_other_host_and_not_the_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAMES; i++)
        clouds[i] = (struct cloud_settings){.name = "named", .host = "host.example", .port = 1};
    // Nobody listens there: it is tried and told of at once.
    clouds[NAMES] = (struct cloud_settings){.name = "numeric", .host = "127.0.0.1", .port = 1};
    struct mailbox *mailbox = mailbox_new(sizeof(struct uplink_event), 0, 64);
    size_t before = count_threads();
    struct error err;
    struct uplink *uplink = uplink_start(&site, mailbox, &err);
    assert_non_null(uplink);
    struct pollfd polled = {.fd = mailbox_descriptor(mailbox), .events = POLLIN};
    assert_int_equal(poll(&polled, 1, PATIENCE_MS), 1);
    struct uplink_event event = {0};
    assert_true(mailbox_take(mailbox, &event));
    assert_int_equal(event.kind, UPLINK_DISCONNECTED);
    assert_int_equal(event.connection, NAMES);
    await_lookups(MOST_LOOKUPS);
    assert_int_equal(count_threads(), before + 1 + MOST_LOOKUPS);
    exchange(uplink, mailbox);
    int64_t begun_ms = clock_monotonic_ms();
    assert_false(uplink_stop(uplink, 1500)); // it leaves them behind, and says so
    assert_in_range(clock_monotonic_ms() - begun_ms, 0, PATIENCE_MS); // they never end
    assert_int_equal(atomic_load(&hanging), MOST_LOOKUPS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_hang_delay_no_other_host_and_not_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
