// SPDX-License-Identifier: MIT
// One end of a line: a serial port or a TCP connection. Opens and closes it, sends one request
// and waits for its answer; a value comes only from the answer to this request. It repeats
// nothing, holds no opinion on units and does not reopen by itself. One thread owns a link.
#ifndef BUS_LINK_H
#define BUS_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "bus/late.h"
#include "model/message.h"
#include "model/site.h"
#include "wire/pdu.h"

struct link;

// Since link_new.
struct link_counters {
    uint64_t requests; // frames sent
    uint64_t answers;  // exceptions included
    uint64_t exceptions;
    uint64_t timeouts;
    uint64_t garbled;           // transactions that ended so
    uint64_t foreign;           // whole frames that answered something else, and were skipped
    uint64_t unsolicited_bytes; // dropped: noise, and what came when nothing was asked
};

// About the last transaction, for health and logs.
struct link_note {
    bool sent;           // a byte of the request left: a write may have been executed
    int64_t response_us; // from the last byte asked to the last byte answered, less the
                         // answer's time on the wire; 0 without an answer
    unsigned foreign;    // frames skipped
    size_t noise;        // bytes dropped
    char text[160];      // what went wrong, for people; "" when nothing
};

// A link, closed. `settings` stay the caller's and must outlive it. `stop_descriptor` readable
// ends every wait at once (-1: none); it is only polled. NULL when the settings cannot work: an
// unknown baud rate, a malformed address (code ERROR_CONFIG).
struct link *link_new(const struct bus_settings *settings, int stop_descriptor,
                      struct error *err);

// Closes and frees it. NULL is allowed.
void link_free(struct link *link);

// Opens the port or connects; does nothing when it is open. Looking up a host name and
// connecting take `timeout_ms` each at most. FAULT_LINK: err is a text for the installer: what
// was tried and what to check (ERROR_NO_ANSWER: nobody there; ERROR_FAILED: the port).
// FAULT_STOPPED: the stop descriptor became readable.
enum fault link_open(struct link *link, int64_t timeout_ms, struct error *err);

enum link_progress { LINK_OPENING, LINK_OPENED, LINK_NOT_OPENED };

// The same for who has more to wait for: begins to open it or goes on with it, without waiting.
// err is written for LINK_NOT_OPENED.
enum link_progress link_go_on_opening(struct link *link, int64_t timeout_ms, struct error *err);

// While it is LINK_OPENING: a descriptor that is readable when opening can go on, and when it
// has to at the latest. -1, and nothing written: it is not opening.
int link_opening(const struct link *link, int64_t *ret_until_ms);

// Closes it, or gives up opening it.
void link_close(struct link *link);
bool link_is_open(const struct link *link);

// Sends a valid request and waits for its answer, at most `timeout_ms` and the time both frames
// take on the wire. `ret_answer` is written for FAULT_NONE and FAULT_EXCEPTION.
//
// After FAULT_TIMEOUT a TCP connection stays open - a late answer is told by its transaction id
// - and a serial line is silent before the next request. FAULT_LINK: the link is closed, or
// was. FAULT_GARBLED on TCP closes it. FAULT_STOPPED: the stop descriptor became readable.
//
// A serial line has no transaction ids: after a timeout the same unit must not be asked for the
// same function and count until its late answer can no longer come: see link_late.
//
// A write to unit 0 of a serial line is a broadcast: nobody answers, FAULT_NONE says that it
// was sent.
enum fault link_transact(struct link *link, const struct request *request, int64_t timeout_ms,
                         struct answer *ret_answer);

// The late answer to a request that has just ended with FAULT_TIMEOUT is awaited for so long
// from now on; on TCP, and when an answer came but was garbled, nothing is.
void link_await_late(struct link *link, const struct request *request, int64_t for_ms);

// What may still come; NULL on TCP, where the transaction tells.
const struct late *link_late(const struct link *link);

// What is known of the last transaction; valid until the next.
const struct link_note *link_last_note(const struct link *link);

// Since link_new; borrowed.
const struct link_counters *link_counters(const struct link *link);

#endif
