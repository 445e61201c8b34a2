// SPDX-License-Identifier: MIT
// A link and a fake server at the other end of its line, and what a test says to them. Include
// it after cmocka.h.
#ifndef SUPPORT_LINK_TALK_H
#define SUPPORT_LINK_TALK_H

#include "bus/link.h"
#include "support/fake_server.h"

// Time-outs: for what must come, and for what must not.
enum { AMPLE_MS = 5000, SHORT_MS = 30 };

enum line_kind { LINE_TCP, LINE_RTU_OVER_TCP, LINE_RTU, LINE_COUNT };

// Requests to unit 7.
extern const struct request read_100;
extern const struct request read_200;
extern const struct request write_100;
extern const struct request write_two;

// A link to the settings, open; `stop` as link_new takes it, -1 for none. Fails the test when
// it does not open.
struct link *open_link(const struct bus_settings *settings, int stop);

// The words are those that the fake server holds.
void assert_read(const struct request *request, const struct answer *answer);

// Asks and expects the right words.
void ask(struct link *link, const struct request *request);

// Asks and expects a fault; the answer is left alone.
void ask_in_vain(struct link *link, const struct request *request, int64_t timeout_ms,
                 enum fault expected);

// A fake server at the end of a line of this kind.
void start_line(struct fake_server *server, enum line_kind kind,
                void (*serve)(struct fake_server *), void *context);

// Closing the slave does not end the server's read: the last holder of it goes too.
void unplug(struct fake_server *server);

// Ends the link, then the server.
void finish(struct link *link, struct fake_server *server);

// Answers one request; then nobody is there any more.
void serve_once(struct fake_server *server);

#endif
