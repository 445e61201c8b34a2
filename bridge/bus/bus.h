// SPDX-License-Identifier: MIT
// The thread of one bus: takes jobs, asks the agenda, polls, posts what came of it. Everything
// it knows of the outside are two mailboxes; everything it owns (line, images, jobs) is its
// own.
#ifndef BUS_BUS_H
#define BUS_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mailbox.h"
#include "base/pulse.h"
#include "model/message.h"
#include "model/site.h"
#include "model/status.h"
#include "wire/guest.h"

struct bus;

// Commands that wait per device, beside the one that runs (docs/commands.md).
enum { MAX_WAITING_JOBS = 16 };

// Starts the thread of bus `index` of the site. It posts struct message into `to_main`:
// readings as readings, the rest as sure messages. The site must outlive it. NULL with err on
// failure.
// `known` is what earlier runs have learned of refused registers, of any devices; it is copied.
// What is learned comes as MESSAGE_LEARNED.
struct bus *bus_start(const struct site *site, uint16_t index,
                      const struct learned_refusal *known, size_t known_count,
                      struct mailbox *to_main, struct error *err);

// Hands a job over; ownership moves on true. False when the bus takes no more ("busy").
bool bus_post_job(struct bus *bus, struct job_request *request);

// Answers MESSAGE_JOB_NOTE. False when the bus takes no more at the moment: try again.
bool bus_post_noted(struct bus *bus, const struct job_noted *noted);

// Asks for its status: it fills what is handed over, which has room for the units of the bus,
// and posts it back as MESSAGE_STATUS, between two transactions. Ownership moves on true; false
// when the bus takes no more at the moment.
bool bus_post_status(struct bus *bus, struct bus_status *status);

// Hands over the end of a hold of an earlier life of the process: it is written once the device
// answers. Ownership moves on true; false when the bus takes no more now.
bool bus_post_hold_end(struct bus *bus, struct hold_end *end);

// Hands over a valid request of somebody else (bus/guests.h); it comes back by its own mailbox
// when it was made, once, or cannot be. A sender has at most MAX_GUESTS under way per bus.
// Ownership moves on true; false when the bus takes no more at the moment. Any thread.
bool bus_post_guest(struct bus *bus, struct guest *guest);

// A guest is not waited for any more: unless it is being asked it comes back without. False
// when the bus takes no more at the moment: try again. Any thread.
bool bus_post_withdrawal(struct bus *bus, const struct mailbox *answers, uint64_t ticket);

// The signs of life of its thread.
struct pulse *bus_pulse(struct bus *bus);

// Asks it to end: no new step of a command starts, open on_failure steps run, ends of holds are
// written, results are posted, then MESSAGE_BUS_STOPPED.
void bus_stop(struct bus *bus);

// Ends every wait at once: what still runs fails with FAULT_STOPPED.
void bus_interrupt(struct bus *bus);

// Waits up to `within_ms` for the thread. False when it hangs (in a resolver, say): then the
// bus is left alone, the process is about to end.
bool bus_join(struct bus *bus, int64_t within_ms);

// Frees a bus that has been joined, and with it the blocks its readings name: what is left of
// its messages may not be looked at any more.
void bus_free(struct bus *bus);

#endif
