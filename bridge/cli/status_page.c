// SPDX-License-Identifier: MIT
#include "cli/status_page.h"

#include "base/num.h"

static const char *const colours[] = {
    [MOOD_GOOD] = "\033[32m",
    [MOOD_BAD] = "\033[1;31m",
    [MOOD_STRONG] = "\033[1m",
    [MOOD_FAINT] = "\033[2m",
};

void page_begin(const struct page *page, enum mood mood)
{
    if (page->in_colour && mood != MOOD_PLAIN)
        strbuf_add(page->out, colours[mood]);
}

void page_end(const struct page *page, enum mood mood)
{
    if (page->in_colour && mood != MOOD_PLAIN)
        strbuf_add(page->out, "\033[0m");
}

const char *page_text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

long long page_number_at(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

void page_add_clean(const struct page *page, const char *text)
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

void page_add_duration(const struct page *page, long long ms)
{
    char text[32];
    num_format_duration(text, sizeof text, ms);
    strbuf_add(page->out, text);
}

void page_add_for(const struct page *page, const json_t *object, const char *key)
{
    if (!json_object_get(object, key))
        return;
    strbuf_add(page->out, " for ");
    page_add_duration(page, page_number_at(object, key));
}

void page_add_count(const struct page *page, const json_t *object, const char *key,
                    const char *what)
{
    long long count = page_number_at(object, key);
    if (count)
        strbuf_printf(page->out, ", %lld %s", count, what);
}
