// SPDX-License-Identifier: MIT
// What a line will be like under the requests that come back regularly: how much of its time
// they take, and how often each really comes when that is too much. Pure, any thread.
#ifndef REGISTERS_FORECAST_H
#define REGISTERS_FORECAST_H

#include <stddef.h>
#include <stdint.h>

// A request that comes back: what it takes, and its period (0: as often as the bus allows).
struct load {
    int64_t wire_ns;
    int64_t every_ns;
};

struct forecast {
    double utilisation;  // share of the line's time that requests with a period ask for
    int64_t cycle_ns;    // everything once
    int64_t interval_ns; // no request comes more often than this; 0: all keep their periods
};

// What part of the line's time is left to the living while others are dead: dead units share at
// most a twentieth (docs/bus.md).
#define FORECAST_BESIDE_DEAD 0.95

// The forecast when `share` of the line's time is there for these requests.
struct forecast forecast_of(const struct load *loads, size_t count, double share);

// How often a request comes.
int64_t forecast_refresh_ns(const struct forecast *forecast, int64_t every_ns);

// The period that brings a part of the load down so far that the whole fits: `part` of the
// line's time is asked for by requests of period `every_ms`, `rest` by the others. Rounded up
// to a figure that people write: 100 ms, 200 ms, ... 1 s, 2 s, 3 s, 5 s, 10 s ... 0: no period
// does.
int64_t forecast_longer_ms(double part, double rest, int64_t every_ms);

#endif
