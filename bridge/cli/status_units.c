// SPDX-License-Identifier: MIT
#include "cli/status_units.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"

static const json_t *health_of(const json_t *unit)
{
    return json_object_get(unit, "health");
}

static void format_health(const json_t *unit, char *ret_text, size_t size)
{
    const json_t *health = health_of(unit);
    const char *state = page_text_at(health, "state");
    char lasted[32];
    num_format_duration(lasted, sizeof lasted, page_number_at(health, "for_ms"));
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
    return page_number_at(unit, "timeouts") + page_number_at(unit, "garbled") +
           page_number_at(unit, "link_failures");
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
    strbuf_printf(page->out, "  %4lld  %-*s  ", page_number_at(unit, "unit"), width,
                  page_text_at(unit, "device"));
    page_begin(page, mood);
    strbuf_printf(page->out, "%-18s", health);
    page_end(page, mood);
    strbuf_printf(page->out, "  %-18s %9lld %7lld %8lld %7lld\n", response,
                  page_number_at(unit, "requests"), failed_requests(unit),
                  refused_requests(unit), page_number_at(unit, "missed"));
}

static void begin_detail(const struct page *page)
{
    strbuf_add(page->out, "          ");
}

static void add_advice(const struct page *page, const json_t *unit)
{
    const json_t *health = health_of(unit);
    if (!page_text_at(health, "advice")[0])
        return;
    begin_detail(page);
    page_begin(page, MOOD_BAD);
    page_add_clean(page, page_text_at(health, "advice"));
    page_end(page, MOOD_BAD);
    long long next_ms = page_number_at(health, "next_probe_in_ms");
    if (next_ms > 0) { // with the link down it is due, and cannot be asked
        strbuf_add(page->out, "; asked again in ");
        page_add_duration(page, next_ms);
    }
    strbuf_add(page->out, "\n");
}

static void add_last_fault(const struct page *page, const json_t *unit)
{
    const json_t *fault = json_object_get(unit, "last_fault");
    if (!fault)
        return;
    begin_detail(page);
    strbuf_add(page->out, "last fault ");
    page_add_duration(page, page_number_at(fault, "age_ms"));
    strbuf_add(page->out, " ago: ");
    page_add_clean(page, page_text_at(fault, "text"));
    if (json_object_get(fault, "exception"))
        strbuf_printf(page->out, " (exception %lld)", page_number_at(fault, "exception"));
    strbuf_add(page->out, "\n");
}

static void add_command(const struct page *page, const json_t *unit)
{
    const json_t *command = json_object_get(unit, "command");
    if (!command)
        return;
    begin_detail(page);
    strbuf_add(page->out, "command ");
    page_add_clean(page, page_text_at(command, "name"));
    strbuf_add(page->out, " runs");
    page_add_for(page, command, "for_ms");
    page_add_count(page, unit, "commands_waiting", "more wait");
    strbuf_add(page->out, "\n");
}

static void add_registers(const struct page *page, const json_t *row)
{
    long long address = page_number_at(row, "address");
    long long count = page_number_at(row, "count");
    page_add_clean(page, page_text_at(row, "table"));
    strbuf_printf(page->out, " %s%lld",
                  json_is_true(json_object_get(row, "in_model")) ? "model + " : "", address);
    if (count > 1)
        strbuf_printf(page->out, "..%lld", address + count - 1);
}

static void add_refusal(const struct page *page, const json_t *refusal)
{
    const json_t *granted = json_object_get(refusal, "granted");
    const json_t *border = json_object_get(refusal, "border");
    long long address = page_number_at(refusal, "border");
    begin_detail(page);
    if (granted) {
        strbuf_printf(page->out, "grants at most %lld at once of ",
                      page_number_at(refusal, "granted"));
        page_add_clean(page, page_text_at(refusal, "table"));
    } else if (border) {
        strbuf_add(page->out, "not readable together: ");
        page_add_clean(page, page_text_at(refusal, "table"));
        strbuf_printf(page->out, " %lld and %lld", address - 1, address);
    } else {
        strbuf_add(page->out, "not readable: ");
        add_registers(page, refusal);
    }
    if (json_object_get(refusal, "unit"))
        strbuf_printf(page->out, " of unit %lld", page_number_at(refusal, "unit"));
    strbuf_printf(page->out, " (exception %lld), learned ",
                  page_number_at(refusal, "exception"));
    page_add_duration(page, page_number_at(refusal, "age_ms"));
    strbuf_add(page->out, " ago\n");
}

static void add_refusals(const struct page *page, const json_t *unit, const char *key,
                         const char *count_key, const char *what)
{
    const json_t *list = json_object_get(unit, key);
    size_t i = 0;
    json_t *refusal = NULL;
    json_array_foreach(list, i, refusal) add_refusal(page, refusal);
    long long more = page_number_at(unit, count_key) - (long long)json_array_size(list);
    if (more > 0) {
        begin_detail(page);
        strbuf_printf(page->out, "%s: %lld more\n", what, more);
    }
}

// Of a unit that is offline all are missed: that is known.
static void add_missed(const struct page *page, const json_t *unit)
{
    const json_t *list = json_object_get(unit, "missed_requests");
    size_t i = 0;
    json_t *row = NULL;
    if (json_array_size(list) == 0 ||
        strcmp(page_text_at(health_of(unit), "state"), "online") != 0)
        return;
    begin_detail(page);
    strbuf_add(page->out, "missed most:");
    json_array_foreach(list, i, row)
    {
        strbuf_add(page->out, i > 0 ? ", " : " ");
        add_registers(page, row);
        strbuf_add(page->out, " (every ");
        page_add_duration(page, page_number_at(row, "every_ms"));
        strbuf_printf(page->out, ") %lld", page_number_at(row, "missed"));
    }
    strbuf_add(page->out, "\n");
}

static void add_wear(const struct page *page, const json_t *unit)
{
    const json_t *list = json_object_get(unit, "wear");
    size_t i = 0;
    json_t *row = NULL;
    if (json_array_size(list) == 0)
        return;
    begin_detail(page);
    strbuf_add(page->out, "written to what wears out:");
    json_array_foreach(list, i, row)
    {
        long long writes = page_number_at(row, "writes");
        strbuf_add(page->out, i > 0 ? ", " : " ");
        page_add_clean(page, page_text_at(row, "entry"));
        strbuf_printf(page->out, " %lld time%s", writes, writes == 1 ? "" : "s");
    }
    strbuf_add(page->out, "\n");
}

static void add_hold(const struct page *page, const json_t *hold)
{
    bool is_failing = json_is_true(json_object_get(hold, "is_failing"));
    bool is_ending = json_is_true(json_object_get(hold, "is_ending"));
    begin_detail(page);
    strbuf_add(page->out,
               is_ending ? "a hold is over, its end is not written yet: " : "held: ");
    page_add_clean(page, page_text_at(hold, "holds"));
    if (!is_ending) {
        strbuf_add(page->out, " for ");
        page_add_duration(page, page_number_at(hold, "over_in_ms"));
        strbuf_add(page->out, " more, every ");
        page_add_duration(page, page_number_at(hold, "every_ms"));
    }
    if (is_failing) {
        page_begin(page, MOOD_BAD);
        strbuf_add(page->out, "; NOT TAKEN by the device");
        page_end(page, MOOD_BAD);
    }
    strbuf_add(page->out, "\n");
}

static void add_holds(const struct page *page, const json_t *unit)
{
    const json_t *holds = json_object_get(unit, "holds");
    size_t i = 0;
    json_t *hold = NULL;
    json_array_foreach(holds, i, hold) add_hold(page, hold);
    long long more = page_number_at(unit, "holds_count") - (long long)json_array_size(holds);
    if (more > 0) {
        begin_detail(page);
        strbuf_printf(page->out, "held: %lld more\n", more);
    }
}

void status_units(const struct page *page, const json_t *units)
{
    size_t i = 0;
    json_t *unit = NULL;
    int width = (int)strlen("DEVICE");
    json_array_foreach(units, i, unit)
    {
        int length = (int)strlen(page_text_at(unit, "device"));
        width = length > width ? length : width;
    }
    page_begin(page, MOOD_FAINT);
    strbuf_printf(page->out, "  UNIT  %-*s  %-18s  %-18s %9s %7s %8s %7s", width, "DEVICE",
                  "STATE", "RESPONSE MEAN/MAX", "REQUESTS", "FAILED", "REFUSED", "MISSED");
    page_end(page, MOOD_FAINT);
    strbuf_add(page->out, "\n");
    json_array_foreach(units, i, unit)
    {
        add_row(page, unit, width);
        add_advice(page, unit);
        add_last_fault(page, unit);
        add_command(page, unit);
        add_holds(page, unit);
        add_wear(page, unit);
        add_missed(page, unit);
        add_refusals(page, unit, "unreadable", "unreadable_count", "not readable");
        add_refusals(page, unit, "limits", "limits_count", "limits of requests");
    }
}
