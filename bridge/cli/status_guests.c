// SPDX-License-Identifier: MIT
#include "cli/status_guests.h"

static void add_guests(const struct page *page, const json_t *guests)
{
    static const char *const keys[] = {"asked", "cached", "link", "away", "busy"};
    long long all = page_number_at(guests, "waiting");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        all += page_number_at(guests, keys[i]);
    if (all == 0)
        return;
    strbuf_printf(page->out, "  %.1f %% for others: %lld of their requests asked",
                  100 * json_real_value(json_object_get(guests, "share")),
                  page_number_at(guests, "asked"));
    page_add_count(page, guests, "cached", "answered from what was read anyway");
    page_add_count(page, guests, "away", "to devices that are offline");
    page_add_count(page, guests, "link", "without a link");
    page_add_count(page, guests, "busy", "without time for them");
    page_add_count(page, guests, "waiting", "waiting");
    strbuf_add(page->out, "\n");
}

static void add_door(const struct page *page, const json_t *shared)
{
    if (!shared)
        return;
    bool is_open = json_is_true(json_object_get(shared, "is_open"));
    strbuf_add(page->out, "  shared at ");
    page_add_clean(page, page_text_at(shared, "listen"));
    if (!is_open) {
        page_begin(page, MOOD_BAD);
        strbuf_add(page->out, ", which CANNOT BE OPENED: see the log");
        page_end(page, MOOD_BAD);
        strbuf_add(page->out, "\n");
        return;
    }
    strbuf_printf(page->out, ": %lld connected, %lld requests",
                  page_number_at(shared, "callers"), page_number_at(shared, "requests"));
    page_add_count(page, shared, "refused_function", "with functions refused");
    page_add_count(page, shared, "refused_address", "writes outside the list refused");
    page_add_count(page, shared, "refused_other", "that make no sense");
    page_add_count(page, shared, "busy", "without room");
    page_add_count(page, shared, "turned_away", "connections too many");
    page_add_count(page, shared, "dropped", "connections dropped");
    strbuf_add(page->out, "\n");
}

void status_guests(const struct page *page, const json_t *bus)
{
    add_guests(page, json_object_get(bus, "guests"));
    add_door(page, json_object_get(bus, "shared"));
}
