// SPDX-License-Identifier: MIT
// TARGET of the command line: SITE DEVICE, or a map and an endpoint given by options. Main
// thread.
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include "base/arena.h"
#include "base/error.h"
#include "bus/line.h"
#include "cli/options.h"
#include "cli/served.h"
#include "model/site.h"

struct target {
    struct arena *arena; // of the configuration and of everything made for this run
    const struct site *site;
    const struct device *device;
    uint16_t index;   // of the device in the site
    struct line line; // to the device's bus, not open yet
    struct unit *unit;
    struct served *served; // a running daemon that has the line; NULL: none is known
    int next;              // first positional behind the target
};

// Loads what the options name; findings are printed on standard error. ERROR_USAGE,
// ERROR_CONFIG. SIGINT and SIGTERM end the waits of `line` from here on. Where a running daemon
// has the line, all that is asked goes through it; it makes no writes for us.
int target_open(struct target *target, const struct options *options, struct error *err);

// The same, but a line may be given without --map: then the device has a map without entries.
int target_open_unmapped(struct target *target, const struct options *options,
                         struct error *err);

// The same for who writes: no daemon is looked for yet.
int target_open_alone(struct target *target, const struct options *options, struct error *err);

// Looks for a running daemon that has the line: `served` is it, or NULL.
void target_seek_daemon(struct target *target);

// Why the device could not be read, for people; valid until the line is used again.
const char *target_silence_text(const struct target *target, enum fault fault);

// The same with the device's name, as ERROR_NO_ANSWER. Returns -1.
int target_silence(const struct target *target, enum fault fault, struct error *err);

// Ends the connection, gives the port back and frees the map.
void target_close(struct target *target);

#endif
