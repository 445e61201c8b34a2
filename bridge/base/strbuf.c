// SPDX-License-Identifier: MIT
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void make_room(struct strbuf *buf, size_t more)
{
    size_t needed = buf->length + more + 1;
    if (needed <= buf->size)
        return;
    size_t size = buf->size ? buf->size * 2 : 128;
    while (size < needed)
        size *= 2;
    buf->text = mem_resize(buf->text, size, 1);
    buf->size = size;
}

void strbuf_add_bytes(struct strbuf *buf, const char *bytes, size_t length)
{
    make_room(buf, length);
    memcpy(buf->text + buf->length, bytes, length);
    buf->length += length;
    buf->text[buf->length] = '\0';
}

void strbuf_add(struct strbuf *buf, const char *text)
{
    strbuf_add_bytes(buf, text, strlen(text));
}

void strbuf_add_char(struct strbuf *buf, char c)
{
    strbuf_add_bytes(buf, &c, 1);
}

void strbuf_printf(struct strbuf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length > 0) {
        make_room(buf, (size_t)length);
        (void)vsnprintf(buf->text + buf->length, (size_t)length + 1, format, again);
        buf->length += (size_t)length;
    }
    va_end(again);
}

void strbuf_add_json(struct strbuf *buf, const char *text)
{
    strbuf_add_char(buf, '"');
    for (const char *at = text; *at; at++) {
        if (*at == '"' || *at == '\\')
            strbuf_printf(buf, "\\%c", *at);
        else if ((unsigned char)*at < 0x20)
            strbuf_printf(buf, "\\u%04x", (unsigned char)*at);
        else
            strbuf_add_char(buf, *at);
    }
    strbuf_add_char(buf, '"');
}

const char *strbuf_text(const struct strbuf *buf)
{
    return buf->text ? buf->text : "";
}

void strbuf_clear(struct strbuf *buf)
{
    buf->length = 0;
    if (buf->text)
        buf->text[0] = '\0';
}

void strbuf_skip(struct strbuf *buf, size_t length)
{
    if (length >= buf->length) {
        strbuf_clear(buf);
        return;
    }
    buf->length -= length;
    memmove(buf->text, buf->text + length, buf->length + 1);
}

char *strbuf_take(struct strbuf *buf)
{
    char *text = buf->text ? buf->text : mem_copy_text("");
    *buf = (struct strbuf){0};
    return text;
}

void strbuf_done(struct strbuf *buf)
{
    free(buf->text);
    *buf = (struct strbuf){0};
}
