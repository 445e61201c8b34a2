// SPDX-License-Identifier: MIT
#include "cli/status_commands.h"

#include <string.h>

enum {
    MOST_OPEN = 20, // shown of those in progress; of those that are over
    MOST_OVER = 5,
};

static bool is_over(const json_t *command)
{
    return json_object_get(command, "finished_age_ms") != NULL;
}

static size_t count_of(const json_t *commands, bool over)
{
    size_t count = 0;
    size_t i = 0;
    json_t *command = NULL;
    json_array_foreach(commands, i, command) count += is_over(command) == over;
    return count;
}

static void add_title(const struct page *page, const json_t *command)
{
    strbuf_add(page->out, "  ");
    page_add_clean(page, page_text_at(command, "device"));
    strbuf_add(page->out, " ");
    page_begin(page, MOOD_STRONG);
    page_add_clean(page,
                   page_text_at(command, "name")[0] ? page_text_at(command, "name") : "?");
    page_end(page, MOOD_STRONG);
    if (page_text_at(command, "arguments")[0]) {
        strbuf_add(page->out, " ");
        page_add_clean(page, page_text_at(command, "arguments"));
    }
    strbuf_add(page->out, ": ");
}

static void add_origin(const struct page *page, const json_t *command)
{
    bool is_local = strcmp(page_text_at(command, "origin"), "local") == 0;
    strbuf_add(page->out, is_local ? " (from this machine)" : " (from the cloud, id ");
    if (!is_local) {
        page_add_clean(page, page_text_at(command, "id"));
        strbuf_add(page->out, ")");
    }
}

static void add_last_line(const struct page *page, const json_t *command)
{
    const json_t *lines = json_object_get(command, "log");
    size_t count = json_array_size(lines);
    if (count == 0)
        return;
    strbuf_add(page->out, "; ");
    page_add_clean(page, page_text_at(json_array_get(lines, count - 1), "text"));
}

static void add_open(const struct page *page, const json_t *command)
{
    bool runs = json_object_get(command, "started_age_ms") != NULL;
    add_title(page, command);
    strbuf_add(page->out, runs ? "runs" : "waits");
    page_add_for(page, command, runs ? "started_age_ms" : "received_age_ms");
    add_origin(page, command);
    add_last_line(page, command);
    strbuf_add(page->out, "\n");
}

// How long it took, from its turn on.
static void add_took(const struct page *page, const json_t *command)
{
    if (!json_object_get(command, "started_age_ms"))
        return;
    strbuf_add(page->out, " after ");
    page_add_duration(page, page_number_at(command, "started_age_ms") -
                                page_number_at(command, "finished_age_ms"));
}

static void add_over(const struct page *page, const json_t *command)
{
    bool is_good = strcmp(page_text_at(command, "state"), "completed") == 0;
    enum mood mood = is_good ? MOOD_GOOD : MOOD_BAD;
    add_title(page, command);
    page_begin(page, mood);
    strbuf_add(page->out, is_good ? "completed" : "FAILED");
    page_end(page, mood);
    add_took(page, command);
    strbuf_add(page->out, ", ");
    page_add_duration(page, page_number_at(command, "finished_age_ms"));
    strbuf_add(page->out, " ago");
    add_origin(page, command);
    if (page_text_at(command, "message")[0]) {
        strbuf_add(page->out, ": ");
        page_add_clean(page, page_text_at(command, "message"));
    }
    strbuf_add(page->out, "\n");
}

static void add_all(const struct page *page, const json_t *commands, bool over, size_t most,
                    const char *title, void (*add)(const struct page *, const json_t *))
{
    size_t count = count_of(commands, over);
    size_t left_out = count > most ? count - most : 0;
    size_t i = 0;
    json_t *command = NULL;
    if (count == 0)
        return;
    strbuf_printf(page->out, "\n%s", title);
    if (left_out)
        strbuf_printf(page->out, " (%zu of %zu)", most, count);
    strbuf_add(page->out, ":\n");
    size_t first = over ? left_out : 0; // the latest that are over, the first in progress
    size_t at = 0;
    json_array_foreach(commands, i, command)
    {
        if (is_over(command) != over)
            continue;
        if (at >= first && at < first + most)
            add(page, command);
        at++;
    }
}

void status_commands(const struct page *page, const json_t *commands)
{
    add_all(page, commands, false, MOST_OPEN, "commands in progress", add_open);
    add_all(page, commands, true, MOST_OVER, "latest commands", add_over);
}
