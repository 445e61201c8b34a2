// SPDX-License-Identifier: MIT
#include "cli/status_text.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"

enum mood { MOOD_PLAIN, MOOD_GOOD, MOOD_BAD, MOOD_STRONG, MOOD_FAINT };

static const char *const colours[] = {
    [MOOD_GOOD] = "\033[32m",
    [MOOD_BAD] = "\033[1;31m",
    [MOOD_STRONG] = "\033[1m",
    [MOOD_FAINT] = "\033[2m",
};

struct page {
    struct strbuf *out;
    bool in_colour;
};

static void begin_mood(const struct page *page, enum mood mood)
{
    if (page->in_colour && mood != MOOD_PLAIN)
        strbuf_add(page->out, colours[mood]);
}

static void end_mood(const struct page *page, enum mood mood)
{
    if (page->in_colour && mood != MOOD_PLAIN)
        strbuf_add(page->out, "\033[0m");
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static long long number_at(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

// A text from outside: what could move the cursor or change colours becomes '?'.
static void add_clean(const struct page *page, const char *text)
{
    for (; *text; text++) {
        bool c1 = (unsigned char)text[0] == 0xC2 && (unsigned char)text[1] >= 0x80 &&
                  (unsigned char)text[1] < 0xA0;
        bool control = (unsigned char)*text < ' ' || *text == 0x7F;
        char shown = *text;
        if (control || c1)
            shown = '?';
        strbuf_add_char(page->out, shown);
        text += c1;
    }
}

static void add_duration(const struct page *page, long long ms)
{
    char text[32];
    num_format_duration(text, sizeof text, ms);
    strbuf_add(page->out, text);
}

// " for 3 h", when the key is there.
static void add_for(const struct page *page, const json_t *object, const char *key)
{
    if (!json_object_get(object, key))
        return;
    strbuf_add(page->out, " for ");
    add_duration(page, number_at(object, key));
}

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
    begin_mood(page, MOOD_STRONG);
    strbuf_add(page->out, "modbridge ");
    add_clean(page, text_at(status, "version"));
    end_mood(page, MOOD_STRONG);
    strbuf_add(page->out, " runs ");
    add_clean(page, text_at(status, "site"));
    add_for(page, status, "running_ms");
    strbuf_printf(page->out, " (process %lld%s)\n", number_at(status, "pid"),
                  json_is_true(json_object_get(status, "dry")) ? ", dry: nothing is published"
                                                               : "");
}

static void add_link(const struct page *page, const json_t *bus)
{
    const json_t *link = json_object_get(bus, "link");
    const char *state = text_at(link, "state");
    bool failed = strcmp(state, "failed") == 0;
    enum mood mood = failed ? MOOD_BAD : strcmp(state, "open") == 0 ? MOOD_GOOD : MOOD_PLAIN;
    if (!link)
        return;
    strbuf_add(page->out, "  link ");
    begin_mood(page, mood);
    add_clean(page, failed ? "FAILED" : state);
    end_mood(page, mood);
    add_for(page, link, "for_ms");
    if (number_at(link, "opened") > 1)
        strbuf_printf(page->out, ", opened %lld times", number_at(link, "opened"));
    strbuf_add(page->out, "\n");
    if (failed) {
        strbuf_add(page->out, "    ");
        add_clean(page, text_at(link, "reason"));
        strbuf_add(page->out, "\n");
    }
}

static void add_count(const struct page *page, const json_t *object, const char *key,
                      const char *what)
{
    long long count = number_at(object, key);
    if (count)
        strbuf_printf(page->out, ", %lld %s", count, what);
}

static void add_traffic(const struct page *page, const json_t *bus)
{
    if (!json_object_get(bus, "utilisation"))
        return;
    strbuf_printf(page->out, "  %.1f %% busy, ",
                  100 * json_real_value(json_object_get(bus, "utilisation")));
    long long missed = number_at(bus, "missed");
    enum mood mood = missed ? MOOD_BAD : MOOD_PLAIN;
    begin_mood(page, mood);
    strbuf_printf(page->out, "%lld %s missed", missed, missed == 1 ? "period" : "periods");
    end_mood(page, mood);
    strbuf_printf(page->out, "; %lld requests", number_at(bus, "requests"));
    add_count(page, bus, "timeouts", "time-outs");
    add_count(page, bus, "garbled", "garbled");
    add_count(page, bus, "exceptions", "refused");
    add_count(page, bus, "foreign", "foreign frames");
    add_count(page, bus, "unsolicited_bytes", "stray bytes");
    strbuf_add(page->out, "\n");
}

static void add_staleness(const struct page *page, const json_t *bus)
{
    if (!json_is_true(json_object_get(bus, "stale")))
        return;
    begin_mood(page, MOOD_BAD);
    strbuf_add(page->out, "  this bus does not answer now");
    end_mood(page, MOOD_BAD);
    if (json_object_get(bus, "age_ms")) {
        strbuf_add(page->out, "; what follows is ");
        add_duration(page, number_at(bus, "age_ms"));
        strbuf_add(page->out, " old");
    }
    strbuf_add(page->out, ": it is opening its link or waiting for an answer\n");
}

static const json_t *health_of(const json_t *unit)
{
    return json_object_get(unit, "health");
}

static void format_health(const json_t *unit, char *ret_text, size_t size)
{
    const json_t *health = health_of(unit);
    const char *state = text_at(health, "state");
    char lasted[32];
    num_format_duration(lasted, sizeof lasted, number_at(health, "for_ms"));
    if (strcmp(state, "online") == 0)
        (void)snprintf(ret_text, size, "online for %s", lasted);
    else if (strcmp(state, "offline") == 0)
        (void)snprintf(ret_text, size, "OFFLINE for %s", lasted);
    else
        (void)snprintf(ret_text, size, "not asked yet");
}

static void format_response(const json_t *unit, char *ret_text, size_t size)
{
    const json_t *response = json_object_get(unit, "response_ms");
    if (response)
        (void)snprintf(ret_text, size, "%.1f / %.1f ms",
                       json_real_value(json_object_get(response, "mean")),
                       json_real_value(json_object_get(response, "max")));
    else
        (void)snprintf(ret_text, size, "-");
}

static long long failed_requests(const json_t *unit)
{
    return number_at(unit, "timeouts") + number_at(unit, "garbled") +
           number_at(unit, "link_failures");
}

static long long refused_requests(const json_t *unit)
{
    long long sum = 0;
    const char *code = NULL;
    json_t *count = NULL;
    json_object_foreach(json_object_get(unit, "exceptions"), code, count) sum +=
        json_integer_value(count);
    return sum;
}

static void add_row(const struct page *page, const json_t *unit, int width)
{
    char health[48];
    char response[48];
    format_health(unit, health, sizeof health);
    format_response(unit, response, sizeof response);
    bool online = strncmp(health, "online", 6) == 0;
    bool offline = strncmp(health, "OFFLINE", 7) == 0;
    enum mood mood = online ? MOOD_GOOD : offline ? MOOD_BAD : MOOD_PLAIN;
    strbuf_printf(page->out, "  %4lld  %-*s  ", number_at(unit, "unit"), width,
                  text_at(unit, "device"));
    begin_mood(page, mood);
    strbuf_printf(page->out, "%-18s", health);
    end_mood(page, mood);
    strbuf_printf(page->out, "  %-18s %9lld %7lld %8lld %7lld\n", response,
                  number_at(unit, "requests"), failed_requests(unit), refused_requests(unit),
                  number_at(unit, "missed"));
}

static void begin_detail(const struct page *page)
{
    strbuf_add(page->out, "          ");
}

static void add_advice(const struct page *page, const json_t *unit)
{
    const json_t *health = health_of(unit);
    if (!text_at(health, "advice")[0])
        return;
    begin_detail(page);
    begin_mood(page, MOOD_BAD);
    add_clean(page, text_at(health, "advice"));
    end_mood(page, MOOD_BAD);
    strbuf_add(page->out, "; asked again in ");
    add_duration(page, number_at(health, "next_probe_in_ms"));
    strbuf_add(page->out, "\n");
}

static void add_last_fault(const struct page *page, const json_t *unit)
{
    const json_t *fault = json_object_get(unit, "last_fault");
    if (!fault)
        return;
    begin_detail(page);
    strbuf_add(page->out, "last fault ");
    add_duration(page, number_at(fault, "age_ms"));
    strbuf_add(page->out, " ago: ");
    add_clean(page, text_at(fault, "text"));
    if (json_object_get(fault, "exception"))
        strbuf_printf(page->out, " (exception %lld)", number_at(fault, "exception"));
    strbuf_add(page->out, "\n");
}

static void add_command(const struct page *page, const json_t *unit)
{
    const json_t *command = json_object_get(unit, "command");
    if (!command)
        return;
    begin_detail(page);
    strbuf_add(page->out, "command ");
    add_clean(page, text_at(command, "name"));
    strbuf_add(page->out, " runs");
    add_for(page, command, "for_ms");
    add_count(page, unit, "commands_waiting", "more wait");
    strbuf_add(page->out, "\n");
}

static void add_holes(const struct page *page, const json_t *unit)
{
    const json_t *holes = json_object_get(unit, "unreadable");
    size_t i = 0;
    json_t *hole = NULL;
    json_array_foreach(holes, i, hole)
    {
        long long address = number_at(hole, "address");
        begin_detail(page);
        strbuf_add(page->out, "not readable: ");
        add_clean(page, text_at(hole, "table"));
        strbuf_printf(page->out, " %lld", address);
        if (number_at(hole, "count") > 1)
            strbuf_printf(page->out, "..%lld", address + number_at(hole, "count") - 1);
        strbuf_printf(page->out, " (exception %lld), learned ", number_at(hole, "exception"));
        add_duration(page, number_at(hole, "age_ms"));
        strbuf_add(page->out, " ago\n");
    }
    long long more = number_at(unit, "unreadable_count") - (long long)json_array_size(holes);
    if (more > 0) {
        begin_detail(page);
        strbuf_printf(page->out, "not readable: %lld more\n", more);
    }
}

static void add_units(const struct page *page, const json_t *units)
{
    size_t i = 0;
    json_t *unit = NULL;
    int width = (int)strlen("DEVICE");
    json_array_foreach(units, i, unit)
    {
        int length = (int)strlen(text_at(unit, "device"));
        width = length > width ? length : width;
    }
    begin_mood(page, MOOD_FAINT);
    strbuf_printf(page->out, "  UNIT  %-*s  %-18s  %-18s %9s %7s %8s %7s", width, "DEVICE",
                  "STATE", "RESPONSE MEAN/MAX", "REQUESTS", "FAILED", "REFUSED", "MISSED");
    end_mood(page, MOOD_FAINT);
    strbuf_add(page->out, "\n");
    json_array_foreach(units, i, unit)
    {
        add_row(page, unit, width);
        add_advice(page, unit);
        add_last_fault(page, unit);
        add_command(page, unit);
        add_holes(page, unit);
    }
}

static void add_bus(const struct page *page, const json_t *bus)
{
    strbuf_add(page->out, "\n");
    begin_mood(page, MOOD_STRONG);
    strbuf_add(page->out, "bus ");
    add_clean(page, text_at(bus, "name"));
    end_mood(page, MOOD_STRONG);
    strbuf_add(page->out, ": ");
    add_clean(page, text_at(bus, "place"));
    strbuf_add(page->out, "\n");
    add_staleness(page, bus);
    add_link(page, bus);
    add_traffic(page, bus);
    add_units(page, json_object_get(bus, "units"));
}

static void add_cloud(const struct page *page, const json_t *cloud)
{
    bool connected = json_is_true(json_object_get(cloud, "connected"));
    enum mood mood = connected ? MOOD_GOOD : MOOD_BAD;
    begin_mood(page, MOOD_STRONG);
    strbuf_add(page->out, "cloud ");
    add_clean(page, text_at(cloud, "name"));
    end_mood(page, MOOD_STRONG);
    strbuf_add(page->out, ": ");
    add_clean(page, text_at(cloud, "host"));
    strbuf_printf(page->out, ":%lld ", number_at(cloud, "port"));
    begin_mood(page, mood);
    strbuf_add(page->out, connected ? "connected" : "NOT CONNECTED");
    end_mood(page, mood);
    add_for(page, cloud, "for_ms");
    if (connected && number_at(cloud, "connects") > 1)
        strbuf_printf(page->out, ", %lld times so far", number_at(cloud, "connects"));
    if (!connected && text_at(cloud, "reason")[0]) {
        strbuf_add(page->out, ": ");
        add_clean(page, text_at(cloud, "reason"));
    }
    if (json_object_get(cloud, "retry_in_ms")) {
        strbuf_add(page->out, "; tried again in ");
        add_duration(page, number_at(cloud, "retry_in_ms"));
    }
    strbuf_add(page->out, "\n");
}

static void add_outbox(const struct page *page, const json_t *outbox)
{
    long long dropped = number_at(outbox, "dropped");
    strbuf_printf(page->out, "outbox: %lld messages", number_at(outbox, "messages"));
    if (number_at(outbox, "messages")) {
        strbuf_add(page->out, ", ");
        add_bytes(page, number_at(outbox, "bytes"));
    }
    if (json_object_get(outbox, "oldest_age_ms")) {
        strbuf_add(page->out, ", the oldest is ");
        add_duration(page, number_at(outbox, "oldest_age_ms"));
        strbuf_add(page->out, " old");
    }
    strbuf_printf(page->out, ", %lld on their way, ", number_at(outbox, "in_flight"));
    begin_mood(page, dropped ? MOOD_BAD : MOOD_PLAIN);
    strbuf_printf(page->out, "%lld dropped", dropped);
    end_mood(page, dropped ? MOOD_BAD : MOOD_PLAIN);
    strbuf_add(page->out, "\n");
}

static void add_store(const struct page *page, const json_t *store)
{
    const char *health = text_at(store, "health");
    bool is_good = strcmp(health, "good") == 0;
    if (!store)
        return;
    strbuf_add(page->out, "store: ");
    begin_mood(page, is_good ? MOOD_GOOD : MOOD_BAD);
    add_clean(page, health);
    end_mood(page, MOOD_GOOD);
    if (json_is_true(json_object_get(store, "in_memory")))
        strbuf_add(page->out, ", in memory only: a restart loses what was not sent");
    add_count(page, store, "failures", "commits failed");
    add_count(page, store, "damaged", "damaged files set aside");
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
    strbuf_add(out, "\n");
    json_array_foreach(json_object_get(status, "clouds"), i, item) add_cloud(&page, item);
    add_outbox(&page, json_object_get(status, "outbox"));
    add_store(&page, json_object_get(status, "store"));
}
