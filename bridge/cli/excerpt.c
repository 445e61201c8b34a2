// SPDX-License-Identifier: MIT
#include "cli/excerpt.h"

#include <stdbool.h>
#include <stddef.h>

// Bytes of the UTF-8 character at `text`; 0 when it is none or a control character.
static size_t printable_size(const char *text)
{
    unsigned char first = (unsigned char)text[0];
    size_t size = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (first > 0xF4 || (first < 0x20 && first != '\t') || first == 0x7F)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)text[i] & 0xC0) != 0x80)
            return 0;
    }
    bool is_control = first == 0xC2 && (unsigned char)text[1] < 0xA0; // U+0080 to U+009F
    return is_control ? 0 : size;
}

// A character that cannot be shown is as long as what begins it.
static size_t character_size(const char *text)
{
    size_t size = printable_size(text);
    return size ? size : 1;
}

static int count_characters(const char *line)
{
    int count = 0;
    for (; *line; line += character_size(line))
        count++;
    return count;
}

// The first column shown: the place is in the first three quarters.
static int first_column(int count, int column)
{
    int first = column - EXCERPT_COLUMNS * 3 / 4;
    if (first > count - EXCERPT_COLUMNS + 1)
        first = count - EXCERPT_COLUMNS + 1;
    return first < 1 ? 1 : first;
}

void excerpt_make(const char *line, int column, struct strbuf *ret_text,
                  struct strbuf *ret_indent)
{
    int count = count_characters(line);
    int first = first_column(count, column);
    if (first > 1) {
        strbuf_add(ret_text, "...");
        strbuf_add(ret_indent, "   ");
    }
    int at = 1;
    for (; *line && at < first + EXCERPT_COLUMNS; at++) {
        size_t size = printable_size(line);
        if (at >= first && size)
            strbuf_add_bytes(ret_text, line, size);
        else if (at >= first)
            strbuf_add(ret_text, "?");
        if (at >= first && at < column)
            strbuf_add(ret_indent, *line == '\t' ? "\t" : " ");
        line += character_size(line);
    }
    if (*line)
        strbuf_add(ret_text, "...");
}
