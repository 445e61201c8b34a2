// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "cli/read_view.h"

void read_view_words(const struct read_view *view, int point, char *ret_text, size_t size)
{
    const struct map *map = view->target->device->map;
    const uint16_t *words = image_words(view->target->unit->image, point);
    const struct point *source = map_words_of(map, &map->points[point]);
    ret_text[0] = '\0';
    for (size_t i = 0, used = 0; words && source && i < source->word_count && used + 8 < size;
         i++)
        used +=
            (size_t)snprintf(ret_text + used, size - used, "%s%04X", i ? " " : "", words[i]);
}

void read_view_fault(const struct read_view *view, int point, char *ret_text, size_t size)
{
    uint8_t exception = 0;
    enum fault fault = image_fault(view->target->unit->image, point, &exception);
    ret_text[0] = '\0';
    if (fault == FAULT_EXCEPTION)
        (void)snprintf(ret_text, size, "refused: %s (exception %u)", exception_name(exception),
                       exception);
    else if (fault != FAULT_NONE)
        (void)snprintf(ret_text, size, "%s", fault_names[fault]);
}

bool read_view_is_active(const struct read_view *view, const struct alert *alert)
{
    struct value active = image_alert(view->target->unit->image, alert, view->now_ms);
    return active.kind == VALUE_BOOLEAN && active.boolean;
}

static void add_row(const struct read_view *view, int point, int width, struct strbuf *out)
{
    const struct point *entry = &view->target->device->map->points[point];
    struct image_space space = {0};
    struct value value = image_value(view->target->unit->image, point, view->now_ms, &space);
    char text[600];
    value_format(&value, text, sizeof text);
    bool known = value_is_known(&value);
    strbuf_printf(out, "%-*s  %s%s%s", width, entry->key, known ? text : "-",
                  known && entry->unit ? " " : "", known && entry->unit ? entry->unit : "");
    if (!known)
        read_view_fault(view, point, text, sizeof text);
    if (!known && text[0])
        strbuf_printf(out, "  %s", text);
    if (view->raw) {
        read_view_words(view, point, text, sizeof text);
        strbuf_printf(out, "  [%s]", text);
    }
    strbuf_add(out, "\n");
}

void read_view_text(const struct read_view *view, struct strbuf *out)
{
    const struct map *map = view->target->device->map;
    const struct needs *asked = &view->choice->asked;
    int width = 0;
    for (size_t i = 0; i < asked->count; i++) {
        int length = (int)strlen(map->points[asked->points[i]].key);
        width = length > width ? length : width;
    }
    for (size_t i = 0; i < asked->count; i++)
        add_row(view, asked->points[i], width, out);
    for (size_t i = 0; view->choice->is_all && i < map->alert_count; i++) {
        const struct alert *alert = &map->alerts[i];
        if (read_view_is_active(view, alert))
            strbuf_printf(out, "alert: %s  %s\n", alert->key,
                          alert->display_name ? alert->display_name : "");
    }
}
