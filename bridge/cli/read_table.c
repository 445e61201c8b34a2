// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/read_view.h"
#include "daemon/wording.h"

enum {
    WIDEST_VALUE = 40, // longer ones push what stands behind them to the right
    AGE_COLUMNS = 8,
    UNIT_COLUMNS = 8,
};

// One row before its columns are known.
struct cells {
    char value[600];
    char words[600];
    char age[32];
    const char *unit;
    bool is_known;
};

static void fill(const struct read_view *view, int point, struct cells *ret_cells)
{
    const struct image *image = view->target->unit->image;
    const struct point *entry = &view->target->device->map->points[point];
    struct image_space space = {0};
    struct value value = image_value(image, point, view->now_ms, &space);
    int64_t at_ms = image_time(image, point);
    *ret_cells =
        (struct cells){.unit = entry->unit && strcmp(entry->unit, "1") != 0 ? entry->unit : "",
                       .is_known = value_is_known(&value)};
    if (ret_cells->is_known)
        value_format(&value, ret_cells->value, sizeof ret_cells->value);
    else
        (void)snprintf(ret_cells->value, sizeof ret_cells->value, "-");
    if (at_ms > 0)
        num_format_duration(ret_cells->age, sizeof ret_cells->age, view->now_ms - at_ms);
    if (view->raw)
        read_view_words(view, point, ret_cells->words, sizeof ret_cells->words);
}

// Characters, not bytes: units have degrees and cubes.
static int length_of(const char *text)
{
    int length = 0;
    for (; *text; text++)
        length += ((unsigned char)*text & 0xC0) != 0x80;
    return length;
}

static void add_cell(const struct page *page, const char *text, int width)
{
    page_add_clean(page, text);
    for (int i = length_of(text); i < width; i++)
        strbuf_add_char(page->out, ' ');
    strbuf_add(page->out, "  ");
}

struct widths {
    int key;
    int value;
    int words;
};

static void widen(int *width, int length, int most)
{
    if (length > most)
        length = most;
    if (length > *width)
        *width = length;
}

static struct widths find_widths(const struct read_view *view)
{
    const struct needs *asked = &view->choice->asked;
    struct widths widths = {(int)strlen("ENTRY"), (int)strlen("VALUE"), (int)strlen("WORDS")};
    for (size_t i = 0; i < asked->count; i++) {
        struct cells cells;
        fill(view, asked->points[i], &cells);
        widen(&widths.key, length_of(asked->map->points[asked->points[i]].key), WIDEST_VALUE);
        widen(&widths.value, length_of(cells.value), WIDEST_VALUE);
        widen(&widths.words, length_of(cells.words), WIDEST_VALUE);
    }
    return widths;
}

static void add_row(const struct read_view *view, const struct page *page,
                    const struct widths *widths, int point)
{
    struct cells cells;
    char fault[120];
    fill(view, point, &cells);
    read_view_fault(view, point, fault, sizeof fault);
    add_cell(page, view->target->device->map->points[point].key, widths->key);
    page_begin(page, cells.is_known ? MOOD_STRONG : MOOD_FAINT);
    add_cell(page, cells.value, widths->value);
    page_end(page, MOOD_STRONG);
    add_cell(page, cells.is_known ? cells.unit : "", UNIT_COLUMNS);
    add_cell(page, cells.age, AGE_COLUMNS);
    if (view->raw)
        add_cell(page, cells.words, widths->words);
    if (fault[0]) {
        page_begin(page, MOOD_BAD);
        page_add_clean(page, fault);
        page_end(page, MOOD_BAD);
    }
    while (page->out->length && page->out->text[page->out->length - 1] == ' ')
        page->out->text[--page->out->length] = '\0';
    strbuf_add(page->out, "\n");
}

static void add_head(const struct read_view *view, const struct page *page, const char *trouble)
{
    const struct target *target = view->target;
    char place[160];
    wording_place(&target->site->buses[target->device->bus], place, sizeof place);
    page_begin(page, MOOD_STRONG);
    page_add_clean(page, target->device->name);
    page_end(page, MOOD_STRONG);
    strbuf_add(page->out, ": ");
    page_add_clean(page, place);
    strbuf_printf(page->out, ", unit %d: ", target->device->unit_id);
    page_begin(page, trouble[0] ? MOOD_BAD : MOOD_GOOD);
    page_add_clean(page, trouble[0] ? trouble : "answers");
    page_end(page, MOOD_GOOD);
    strbuf_add(page->out, "\n\n");
}

static void add_alerts(const struct read_view *view, const struct page *page)
{
    const struct map *map = view->target->device->map;
    for (size_t i = 0; view->choice->is_all && i < map->alert_count; i++) {
        const struct alert *alert = &map->alerts[i];
        if (!read_view_is_active(view, alert))
            continue;
        page_begin(page, MOOD_BAD);
        strbuf_add(page->out, "alert: ");
        page_add_clean(page, alert->key);
        page_end(page, MOOD_BAD);
        strbuf_add(page->out, "  ");
        page_add_clean(page, alert->display_name ? alert->display_name : "");
        strbuf_add(page->out, "\n");
    }
}

void read_view_table(const struct read_view *view, const struct page *page, const char *trouble)
{
    const struct needs *asked = &view->choice->asked;
    struct widths widths = find_widths(view);
    add_head(view, page, trouble);
    page_begin(page, MOOD_FAINT);
    add_cell(page, "ENTRY", widths.key);
    add_cell(page, "VALUE", widths.value);
    add_cell(page, "UNIT", UNIT_COLUMNS);
    add_cell(page, "AGE", AGE_COLUMNS);
    strbuf_add(page->out, view->raw ? "WORDS" : "");
    page_end(page, MOOD_FAINT);
    strbuf_add(page->out, "\n");
    for (size_t i = 0; i < asked->count; i++)
        add_row(view, page, &widths, asked->points[i]);
    add_alerts(view, page);
}
