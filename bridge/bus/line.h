// SPDX-License-Identifier: MIT
// A link and the units behind it: opened when needed, with the pauses each unit wants, and what
// is known of each unit. Used by polling, commands, the daemon's bus threads and the command
// line alike. One thread owns a line.
#ifndef BUS_LINE_H
#define BUS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/pulse.h"
#include "bus/breaks.h"
#include "bus/busy.h"
#include "bus/health.h"
#include "bus/link.h"
#include "bus/record.h"
#include "bus/refused.h"
#include "bus/response.h"
#include "bus/search.h"
#include "model/site.h"
#include "registers/block.h"
#include "registers/image.h"
#include "wire/pdu.h"

// One device on the line.
struct unit {
    const struct device *device;
    uint16_t index;               // of the device in the site
    struct plan_request planning; // what its plan and those of commands are made of
    const struct plan *plan;
    struct image *image;
    struct health health;
    struct record record;       // of its requests, for status
    struct response response;   // how long to wait for it
    const struct block *probe;  // what to ask to see whether it is there; NULL: nothing
    int64_t free_us;            // the pause it wants is over
    bool waited_long;           // the last wait was the longest the map allows
    bool has_granted;           // a read
    bool is_other;              // not the device of its map: what was learned is void
    struct refused refused;     // what it is known to refuse
    struct search search;       // for what it refuses
    int64_t search_ms;          // the next question is not asked before
    unsigned search_tries;      // of that question
    int64_t unsaid_since_ms;    // since when it is too busy to say who it is; 0: it is not
    int64_t unsaid_until_ms;    // ... and not asked again before
    uint32_t silences;          // time-outs in a row over the present connection
    uint64_t identified_serial; // the connection its identity is settled on; 0: none
    uint64_t told_serial;       // the connection whose SunSpec models were told of; 0: none
    uint64_t link_serial;       // the line's connection it was last asked over
};

struct line {
    const struct bus_settings *settings;
    struct link *link;
    int stop_descriptor;
    struct unit *units;
    size_t unit_count;
    struct unit stranger; // stands for every unit id that no device has
    uint64_t link_serial; // counts connections
    int64_t opened_ms;
    bool has_answered; // somebody did, over the present or last connection
    int64_t backoff_ms;
    struct breaks breaks;
    int64_t retry_at_ms; // not opened again before
    bool is_hurried;     // what breaks is made anew at once
    struct error why;    // why it could not be opened last; code ERROR_NONE: it is or was open
    int64_t written_ms;  // when something was written last, to whatever unit; 0: nothing yet
    bool was_sent;       // whether a byte of the last request left
    uint64_t seed;       // for jitter
    struct busy busy;    // how much of its time the link is used
    struct busy dead;    // how much of it for units that are offline
    struct pulse pulse;  // of the thread that owns it
};

// A line for the devices of one bus of the site; plans and images are made here, `arena` holds
// the plans. `stop_descriptor` readable ends every wait (-1: none). -1 when the settings are
// unusable.
int line_init(struct line *line, struct arena *arena, const struct site *site, int bus,
              int stop_descriptor, struct error *err);
void line_done(struct line *line);

// Whether a unit's device has this unit id, itself or for some of its entries.
bool line_has_id(const struct unit *unit, uint8_t unit_id);

// The first unit with this unit id, or NULL.
struct unit *line_unit_of_id(struct line *line, uint8_t unit_id);

// The unit of a device (index in the site), or NULL.
struct unit *line_unit(struct line *line, uint16_t device);

// Opens the link unless it is open; one that rests is waited for. FAULT_LINK when it cannot be
// opened or may not yet, FAULT_STOPPED when the stop descriptor ended the wait.
enum fault line_open(struct line *line);

// The same without waiting: begins to open it, or goes on with it.
enum link_progress line_go_on_opening(struct line *line);

// A network connection broke, somebody had answered over it, and it is not made anew before
// this. 0: that is not so. May be past.
int64_t line_rests_until_ms(const struct line *line);

// From here on a connection that breaks is made anew at once: the program is about to stop, or
// somebody waits for what it does.
void line_hurry(struct line *line);

// Sends one request to a unit and waits for its answer; opens the link when it is closed and
// may be opened again. The pauses of the link and of the unit are kept, and so is the time in
// which a late answer could be taken for this one. `ret_answer` is written for FAULT_NONE and
// FAULT_EXCEPTION. Never repeats anything.
enum fault line_transact(struct line *line, struct unit *unit, const struct request *request,
                         struct answer *ret_answer);

// The same, waiting no longer than the unit's usual response time warrants. A unit that has
// just failed is waited for as long as the map allows.
enum fault line_poll(struct line *line, struct unit *unit, const struct request *request,
                     struct answer *ret_answer);

// The same for somebody else, waiting at most `timeout_ms` (0: as long as the map allows).
// `unit` NULL: no device has that unit id, and the line's defaults apply. It is counted for the
// line but not for the unit, whose health, response time and faults are not judged by what
// others ask of it.
enum fault line_ask(struct line *line, struct unit *unit, const struct request *request,
                    int64_t timeout_ms, struct answer *ret_answer);

// What a transaction says about the unit: the word of a gateway that it does not answer is no
// sign of its life but FAULT_TIMEOUT. `answer` is looked at for FAULT_EXCEPTION only.
enum fault line_fault_of_unit(enum fault fault, const struct answer *answer);

// When this read may be sent as far as late answers go; 0: at once.
int64_t line_late_until_us(const struct line *line, const struct request *request);

// Closes the link; the next transaction opens it again, at once.
void line_close(struct line *line);

// Notes how a unit answered; true when its health changed.
bool line_note(struct line *line, struct unit *unit, enum fault fault, int64_t now_ms);

// Whether all units that are asked anything have been silent twice in a row over a network
// connection, which may then lead nowhere.
bool line_is_deserted(const struct line *line);

// The modbus unit id of a block or request of a unit.
uint8_t line_unit_id(const struct unit *unit, int unit_id);

#endif
