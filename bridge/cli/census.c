// SPDX-License-Identifier: MIT
#include "cli/census.h"

#include <string.h>

#include "base/clock.h"
#include "base/time_units.h"
#include "bus/link.h"

enum {
    CONNECT_MS = 1000,   // those that are there answer sooner
    MAX_CONNECTING = 64, // at once
};

struct census {
    const struct bus_settings *buses;
    size_t bus_count;
    struct link *links[MAX_CONNECTING];
    size_t hosts[MAX_CONNECTING]; // which one each link is to
    size_t count;
    size_t next;
    bool *is_there;
};

static void begin_connecting(struct census *census, int stop)
{
    while (census->count < MAX_CONNECTING && census->next < census->bus_count) {
        struct error err = {0};
        struct link *link = link_new(&census->buses[census->next], stop, &err);
        if (link) {
            census->links[census->count] = link;
            census->hosts[census->count++] = census->next;
        }
        census->next++;
    }
}

static void go_on_connecting(struct census *census)
{
    for (size_t i = 0; i < census->count;) {
        struct error err = {0};
        enum link_progress progress = link_go_on_opening(census->links[i], CONNECT_MS, &err);
        if (progress == LINK_OPENING) {
            i++;
            continue;
        }
        census->is_there[census->hosts[i]] = progress == LINK_OPENED;
        link_free(census->links[i]);
        census->count--;
        census->links[i] = census->links[census->count];
        census->hosts[i] = census->hosts[census->count];
    }
}

// False when the program stops.
static bool await_any(const struct census *census, int stop)
{
    int wake[MAX_CONNECTING + 1] = {stop};
    int64_t until_ms = clock_monotonic_ms() + CONNECT_MS;
    for (size_t i = 0; i < census->count; i++) {
        int64_t own_ms = until_ms;
        wake[i + 1] = link_opening(census->links[i], &own_ms);
        until_ms = clock_earlier(until_ms, own_ms);
    }
    (void)clock_wait(wake, census->count + 1, until_ms * US_PER_MS);
    return !clock_wait(&stop, 1, 0);
}

bool census_take(const struct bus_settings *buses, size_t count, int stop_descriptor,
                 struct progress *progress, bool *ret_is_there)
{
    struct census census = {.buses = buses, .bus_count = count, .is_there = ret_is_there};
    bool goes_on = true;
    memset(ret_is_there, 0, count * sizeof *ret_is_there);
    do {
        begin_connecting(&census, stop_descriptor);
        go_on_connecting(&census);
        progress_show(progress, census.next - census.count, count, "which hosts are there?",
                      clock_monotonic_ms());
        if (census.count)
            goes_on = await_any(&census, stop_descriptor);
    } while (goes_on && (census.count || census.next < count));
    for (size_t i = 0; i < census.count; i++)
        link_free(census.links[i]);
    progress_clear(progress);
    return goes_on;
}
