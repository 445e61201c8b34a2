// SPDX-License-Identifier: MIT
#include "registers/forecast.h"

#include "base/mem.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS };

// The share of the line that is asked for when nothing comes more often than `interval_ns`.
static double asked(const struct load *loads, size_t count, int64_t interval_ns)
{
    double share = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t every_ns = loads[i].every_ns > interval_ns ? loads[i].every_ns : interval_ns;
        if (every_ns > 0)
            share += (double)loads[i].wire_ns / (double)every_ns;
    }
    return share;
}

// The shortest interval at which the line keeps up.
static int64_t find_interval(const struct load *loads, size_t count, double share,
                             int64_t cycle_ns)
{
    int64_t low = 0;
    // When each comes once in this time, it fits.
    int64_t high = (int64_t)((double)cycle_ns / share) + 1;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (asked(loads, count, middle) > share)
            low = middle;
        else
            high = middle;
    }
    return high;
}

struct forecast forecast_of(const struct load *loads, size_t count, double share)
{
    struct forecast forecast = {.utilisation = asked(loads, count, 0)};
    int64_t ceaseless_ns = 0;
    for (size_t i = 0; i < count; i++) {
        forecast.cycle_ns += loads[i].wire_ns;
        ceaseless_ns += loads[i].every_ns == 0 ? loads[i].wire_ns : 0;
    }
    if (forecast.utilisation > share || ceaseless_ns > 0)
        forecast.interval_ns = find_interval(loads, count, share, forecast.cycle_ns);
    return forecast;
}

int64_t forecast_refresh_ns(const struct forecast *forecast, int64_t every_ns)
{
    return every_ns > forecast->interval_ns ? every_ns : forecast->interval_ns;
}

static int64_t round_up_ms(double wanted_ms)
{
    static const int64_t steps[] = {1, 2, 3, 5, 10, 15, 20, 30};
    static const int64_t units[] = {SECOND_MS / 10, SECOND_MS, MINUTE_MS, HOUR_MS};
    for (size_t unit = 0; unit < ARRAY_LENGTH(units); unit++) {
        for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
            if (wanted_ms <= (double)(steps[i] * units[unit]) * (1 + 1e-9))
                return steps[i] * units[unit];
        }
    }
    return 0;
}

int64_t forecast_longer_ms(double part, double rest, int64_t every_ms)
{
    // A little room is left for commands and dead units.
    double room = FORECAST_BESIDE_DEAD - rest;
    if (room <= 0)
        return 0;
    return round_up_ms((double)every_ms * part / room);
}
