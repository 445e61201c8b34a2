// SPDX-License-Identifier: MIT
// modbridge scan: which units a line has and what they say they are. Only reads are made. Main
// thread.
#ifndef CLI_SCAN_H
#define CLI_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "bus/fitting.h"
#include "bus/hunt.h"
#include "cli/map_shelf.h"
#include "cli/progress.h"
#include "model/site.h"

// A map that fits a unit, or is of its vendor and cannot tell.
struct scan_fit {
    const struct map *map;
    struct fit fit;
};

// What a unit said to the question it was found by.
struct scan_heard {
    uint8_t unit_id;
    bool is_garbled; // nothing that could be understood, and nothing else is known of it
    enum table table;
    uint8_t exception; // 0: `word` is what it holds at address 0
    uint16_t word;
    int64_t response_us;
};

struct scan_unit {
    const struct bus_settings *bus; // as it was found
    const char *bus_name;           // in the site; NULL: there is none
    struct scan_heard heard;
    bool is_any; // it answers to every unit id
    struct account account;
    const struct scan_fit *fits; // the best first, then those of the vendor that cannot tell
    size_t fit_count;
    const struct map_shelf *shelf;
};

// How a scan goes on. Fill the first part, zero the rest.
struct scan {
    int first; // unit ids, or NO_INDEX for all
    int last;
    bool all;           // all settings, though units were found
    int64_t timeout_ms; // 0: the usual
    int stop_descriptor;
    const char *bus_name; // NULL: not of a site
    const char *site;     // its file, where a running daemon is looked for; or NULL
    struct map_shelf *shelf;
    void (*report)(const struct scan_unit *unit);

    struct progress progress;
    size_t done;  // of several lines
    size_t total; // lines
    size_t found; // units
    size_t garbled;
    size_t unfitted; // units that no map fits
    bool saw_others;
    bool is_stopped;
};

// Settings of a serial line to be tried; NULL and 0: as the bus has them.
struct scan_settings {
    const struct line_settings *rows;
    size_t count;
};

// Scans one line and reports each unit as soon as it is known. A line that a running daemon has
// is asked through it, with the daemon's settings. -1: the line cannot be used, err
// says why; what was reported before is still true.
int scan_line(struct scan *scan, const struct bus_settings *bus,
              const struct scan_settings *settings, struct error *err);

// "/dev/ttyUSB0, 9600 8N1" or "192.168.1.61:502".
void scan_name_line(const struct bus_settings *bus, char *ret_text, size_t size);

// Prints a unit for people, or as a line of JSON (docs/operations.md).
void scan_print_text(const struct scan_unit *unit);
void scan_print_json(const struct scan_unit *unit);

#endif
