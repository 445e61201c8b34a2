// SPDX-License-Identifier: MIT
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "support/link_talk.h"

const struct request read_100 = {.unit_id = 7, .function = 3, .address = 100, .count = 2};
const struct request read_200 = {.unit_id = 7, .function = 3, .address = 200, .count = 2};
const struct request write_100 = {
    .unit_id = 7, .function = 6, .address = 100, .count = 1, .words = {1234}};
const struct request write_two = {
    .unit_id = 7, .function = 16, .address = 100, .count = 2, .words = {1, 2}};

struct link *open_link(const struct bus_settings *settings, int stop)
{
    struct error err = {0};
    struct link *link = link_new(settings, stop, &err);
    assert_non_null(link);
    if (link_open(link, AMPLE_MS, &err) != FAULT_NONE)
        fail_msg("%s", err.text);
    assert_true(link_is_open(link));
    // What it took to open it is nothing to wait for any more.
    int64_t until_ms = INT64_MAX;
    assert_int_equal(link_opening(link, &until_ms), -1);
    assert_true(until_ms == INT64_MAX);
    return link;
}

void assert_read(const struct request *request, const struct answer *answer)
{
    assert_int_equal(answer->exception, 0);
    assert_int_equal(answer->count, request->count);
    for (size_t i = 0; i < request->count; i++)
        assert_int_equal(answer->words[i], fake_word(request, i));
}

void ask(struct link *link, const struct request *request)
{
    struct answer answer = {.exception = 99};
    enum fault fault = link_transact(link, request, AMPLE_MS, &answer);
    if (fault != FAULT_NONE)
        fail_msg("%s: %s", fault_names[fault], link_last_note(link)->text);
    if (request->function <= 4)
        assert_read(request, &answer);
    assert_true(link_last_note(link)->sent);
    assert_true(link_last_note(link)->response_us > 0);
}

void ask_in_vain(struct link *link, const struct request *request, int64_t timeout_ms,
                 enum fault expected)
{
    struct answer answer = {.exception = 99, .count = 4711};
    assert_int_equal(link_transact(link, request, timeout_ms, &answer), expected);
    assert_int_equal(answer.exception, 99);
    assert_int_equal(answer.count, 4711);
}

void start_line(struct fake_server *server, enum line_kind kind,
                void (*serve)(struct fake_server *), void *context)
{
    if (kind == LINE_RTU)
        fake_start_pty(server, serve, context);
    else
        fake_start_tcp(server, kind == LINE_TCP ? FRAMING_TCP : FRAMING_RTU, serve, context);
}

void unplug(struct fake_server *server)
{
    (void)close(server->slave);
    server->slave = -1;
}

void finish(struct link *link, struct fake_server *server)
{
    link_free(link);
    if (server->slave >= 0)
        fake_signal(server->to_server);
    fake_join(server);
    fake_done(server);
}

void serve_once(struct fake_server *server)
{
    if (fake_read(server))
        fake_reply(server);
}
