// SPDX-License-Identifier: MIT
#include "cli/status_text.h"

#include <string.h>

#include "cli/status_commands.h"
#include "cli/status_guests.h"
#include "cli/status_page.h"
#include "cli/status_units.h"

#define LEAST_PERCENT 0.05 // what is not shown as 0.0

static void add_bytes(const struct page *page, long long bytes)
{
    if (bytes < 1000)
        strbuf_printf(page->out, "%lld bytes", bytes);
    else if (bytes < 1000000)
        strbuf_printf(page->out, "%.1f kB", (double)bytes / 1e3);
    else
        strbuf_printf(page->out, "%.1f MB", (double)bytes / 1e6);
}

static void add_head(const struct page *page, const json_t *status)
{
    page_begin(page, MOOD_STRONG);
    strbuf_add(page->out, "modbridge ");
    page_add_clean(page, page_text_at(status, "version"));
    page_end(page, MOOD_STRONG);
    strbuf_add(page->out, " runs ");
    page_add_clean(page, page_text_at(status, "site"));
    page_add_for(page, status, "running_ms");
    strbuf_printf(page->out, " (process %lld%s)\n", page_number_at(status, "pid"),
                  json_is_true(json_object_get(status, "dry")) ? ", dry: nothing is published"
                                                               : "");
}

static void add_link(const struct page *page, const json_t *bus)
{
    const json_t *link = json_object_get(bus, "link");
    const char *state = page_text_at(link, "state");
    bool failed = strcmp(state, "failed") == 0;
    enum mood mood = failed ? MOOD_BAD : strcmp(state, "open") == 0 ? MOOD_GOOD : MOOD_PLAIN;
    if (!link)
        return;
    strbuf_add(page->out, "  link ");
    page_begin(page, mood);
    page_add_clean(page, failed ? "FAILED" : state);
    page_end(page, mood);
    page_add_for(page, link, "for_ms");
    if (page_number_at(link, "opened") > 1)
        strbuf_printf(page->out, ", opened %lld times", page_number_at(link, "opened"));
    strbuf_add(page->out, "\n");
    if (failed) {
        strbuf_add(page->out, "    ");
        page_add_clean(page, page_text_at(link, "reason"));
        strbuf_add(page->out, "\n");
    }
}

static void add_traffic(const struct page *page, const json_t *bus)
{
    if (!json_object_get(bus, "utilisation"))
        return;
    strbuf_printf(page->out, "  %.1f %% busy, ",
                  100 * json_real_value(json_object_get(bus, "utilisation")));
    double dead = 100 * json_real_value(json_object_get(bus, "dead_share"));
    if (dead >= LEAST_PERCENT)
        strbuf_printf(page->out, "%.1f %% for devices that are offline, ", dead);
    long long missed = page_number_at(bus, "missed");
    enum mood mood = missed ? MOOD_BAD : MOOD_PLAIN;
    page_begin(page, mood);
    strbuf_printf(page->out, "%lld %s missed", missed, missed == 1 ? "period" : "periods");
    page_end(page, mood);
    strbuf_printf(page->out, "; %lld requests", page_number_at(bus, "requests"));
    page_add_count(page, bus, "timeouts", "time-outs");
    page_add_count(page, bus, "garbled", "garbled");
    page_add_count(page, bus, "exceptions", "refused");
    page_add_count(page, bus, "foreign", "foreign frames");
    page_add_count(page, bus, "unsolicited_bytes", "stray bytes");
    strbuf_add(page->out, "\n");
}

static void add_staleness(const struct page *page, const json_t *bus)
{
    if (!json_is_true(json_object_get(bus, "stale")))
        return;
    page_begin(page, MOOD_BAD);
    strbuf_add(page->out, "  this bus does not answer now");
    page_end(page, MOOD_BAD);
    if (json_object_get(bus, "age_ms")) {
        strbuf_add(page->out, "; what follows is ");
        page_add_duration(page, page_number_at(bus, "age_ms"));
        strbuf_add(page->out, " old");
    }
    strbuf_add(page->out, ": it is opening its link or waiting for an answer\n");
}

static void add_bus(const struct page *page, const json_t *bus)
{
    strbuf_add(page->out, "\n");
    page_begin(page, MOOD_STRONG);
    strbuf_add(page->out, "bus ");
    page_add_clean(page, page_text_at(bus, "name"));
    page_end(page, MOOD_STRONG);
    strbuf_add(page->out, ": ");
    page_add_clean(page, page_text_at(bus, "place"));
    strbuf_add(page->out, "\n");
    add_staleness(page, bus);
    add_link(page, bus);
    add_traffic(page, bus);
    status_guests(page, bus);
    status_units(page, json_object_get(bus, "units"));
}

static void add_cloud(const struct page *page, const json_t *cloud)
{
    bool connected = json_is_true(json_object_get(cloud, "connected"));
    enum mood mood = connected ? MOOD_GOOD : MOOD_BAD;
    page_begin(page, MOOD_STRONG);
    strbuf_add(page->out, "cloud ");
    page_add_clean(page, page_text_at(cloud, "name"));
    page_end(page, MOOD_STRONG);
    strbuf_add(page->out, ": ");
    page_add_clean(page, page_text_at(cloud, "host"));
    strbuf_printf(page->out, ":%lld ", page_number_at(cloud, "port"));
    page_begin(page, mood);
    strbuf_add(page->out, connected ? "connected" : "NOT CONNECTED");
    page_end(page, mood);
    page_add_for(page, cloud, "for_ms");
    if (connected && page_number_at(cloud, "connects") > 1)
        strbuf_printf(page->out, ", %lld times so far", page_number_at(cloud, "connects"));
    if (!connected && page_text_at(cloud, "reason")[0]) {
        strbuf_add(page->out, ": ");
        page_add_clean(page, page_text_at(cloud, "reason"));
    }
    if (json_object_get(cloud, "retry_in_ms")) {
        strbuf_add(page->out, "; tried again in ");
        page_add_duration(page, page_number_at(cloud, "retry_in_ms"));
    }
    strbuf_add(page->out, "\n");
}

// " (3 too old, 2 for want of room on disk)", when it is known.
static void add_losses(const struct page *page, const json_t *losses)
{
    static const struct {
        const char *key;
        const char *words;
    } rows[] = {
        {"old", "too old"},
        {"full", "outbox full"},
        {"memory", "for want of memory and disk"},
        {"undated", "undated"},
        {"damaged", "damaged"},
        {"replay", "not to be replayed"},
    };
    const char *before = " (";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        long long count = page_number_at(losses, rows[i].key);
        if (count == 0)
            continue;
        strbuf_printf(page->out, "%s%lld %s", before, count, rows[i].words);
        before = ", ";
    }
    strbuf_add(page->out, before[0] == ',' ? ")" : "");
}

static void add_outbox(const struct page *page, const json_t *outbox)
{
    long long dropped = page_number_at(outbox, "dropped");
    strbuf_printf(page->out, "outbox: %lld messages", page_number_at(outbox, "messages"));
    if (page_number_at(outbox, "messages")) {
        strbuf_add(page->out, ", ");
        add_bytes(page, page_number_at(outbox, "bytes"));
    }
    if (json_object_get(outbox, "oldest_age_ms")) {
        strbuf_add(page->out, ", the oldest is ");
        page_add_duration(page, page_number_at(outbox, "oldest_age_ms"));
        strbuf_add(page->out, " old");
    }
    strbuf_printf(page->out, ", %lld on their way, ", page_number_at(outbox, "in_flight"));
    page_begin(page, dropped ? MOOD_BAD : MOOD_PLAIN);
    strbuf_printf(page->out, "%lld dropped", dropped);
    add_losses(page, json_object_get(outbox, "dropped_because"));
    page_end(page, dropped ? MOOD_BAD : MOOD_PLAIN);
    strbuf_add(page->out, "\n");
}

static void add_store(const struct page *page, const json_t *store)
{
    const char *health = page_text_at(store, "health");
    bool is_good = strcmp(health, "good") == 0;
    if (!store)
        return;
    strbuf_add(page->out, "store: ");
    page_begin(page, is_good ? MOOD_GOOD : MOOD_BAD);
    page_add_clean(page, health);
    page_end(page, MOOD_GOOD);
    if (json_is_true(json_object_get(store, "in_memory")))
        strbuf_add(page->out, ", in memory only: a restart loses what was not sent");
    page_add_count(page, store, "failures", "commits failed");
    page_add_count(page, store, "damaged", "damaged files set aside");
    strbuf_printf(page->out, ", the longest commit took %.0f ms\n",
                  json_number_value(json_object_get(store, "longest_commit_ms")));
}

void status_text(const json_t *status, bool in_colour, struct strbuf *out)
{
    struct page page = {out, in_colour};
    size_t i = 0;
    json_t *item = NULL;
    add_head(&page, status);
    json_array_foreach(json_object_get(status, "buses"), i, item) add_bus(&page, item);
    status_commands(&page, json_object_get(status, "commands"));
    strbuf_add(out, "\n");
    json_array_foreach(json_object_get(status, "clouds"), i, item) add_cloud(&page, item);
    add_outbox(&page, json_object_get(status, "outbox"));
    add_store(&page, json_object_get(status, "store"));
}
