// SPDX-License-Identifier: MIT
#include "config/yaml_out.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"

// Plain words that some readers take for a boolean or nothing (YAML 1.1, tag repository).
static const char *const special_words[] = {"true", "false", "yes", "no",  "on",
                                            "off",  "y",     "n",   "null"};

// `also`: further characters that mean nothing where the text stands.
static bool is_plain(const char *text, const char *also)
{
    size_t length = strlen(text);
    if (!isalpha((unsigned char)text[0]) || text[length - 1] == ' ')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)text[i]) && !strchr(" _./()-+*", text[i]) &&
            !strchr(also, text[i]))
            return false;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(special_words); i++) {
        if (strcasecmp(text, special_words[i]) == 0)
            return false;
    }
    return true;
}

// The character at the beginning of a valid UTF-8 text, and its length in bytes.
static uint32_t decode(const char *text, size_t *ret_length)
{
    unsigned char first = (unsigned char)text[0];
    size_t length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    uint32_t code = length == 1 ? first : first & (0xFFU >> (length + 1));
    for (size_t i = 1; i < length; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3F);
    *ret_length = length;
    return code;
}

// Whether a reader may refuse or fold the character (YAML 1.1, sections 5.1 and 5.4).
static bool is_special(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 ||
           code == 0xFEFF;
}

static void add_text(struct strbuf *out, const char *text)
{
    if (text[0] && is_plain(text, "")) {
        strbuf_add(out, text);
        return;
    }
    strbuf_add_char(out, '"');
    while (*text) {
        size_t length = 0;
        uint32_t code = decode(text, &length);
        if (code == '"' || code == '\\')
            strbuf_printf(out, "\\%c", (char)code);
        else if (is_special(code))
            strbuf_printf(out, "\\u%04X", code);
        else
            strbuf_add_bytes(out, text, length);
        text += length;
    }
    strbuf_add_char(out, '"');
}

static void indent(struct yaml_out *out)
{
    for (int i = 0; i < out->depth; i++)
        strbuf_add(out->text, "  ");
}

static void begin_item(struct yaml_out *out)
{
    if (!out->flow)
        indent(out);
    else if (out->has_item)
        strbuf_add(out->text, ", ");
    out->has_item = true;
}

static void end_item(struct yaml_out *out)
{
    if (!out->flow)
        strbuf_add_char(out->text, '\n');
}

static void add_key(struct yaml_out *out, const char *key)
{
    begin_item(out);
    if (!out->flow && key[0] && is_plain(key, "{}"))
        strbuf_add(out->text, key);
    else
        add_text(out->text, key);
    strbuf_add_char(out->text, ':');
}

void yaml_begin(struct yaml_out *out, const char *key)
{
    add_key(out, key);
    strbuf_add_char(out->text, '\n');
    out->depth++;
}

void yaml_begin_flow(struct yaml_out *out, const char *key)
{
    add_key(out, key);
    strbuf_add(out->text, " {");
    out->flow++;
    out->has_item = false;
}

// What a comment may hold of a text: one line without control characters.
static void add_comment(struct yaml_out *out, const char *text, size_t length)
{
    strbuf_add(out->text, "#");
    if (length)
        strbuf_add_char(out->text, ' ');
    for (size_t i = 0; i < length;) {
        size_t size = 0;
        uint32_t code = decode(text + i, &size);
        if (!is_special(code))
            strbuf_add_bytes(out->text, text + i, size);
        i += size;
    }
}

void yaml_end_flow(struct yaml_out *out, const char *remark)
{
    strbuf_add_char(out->text, '}');
    out->has_item = true;
    if (--out->flow > 0)
        return;
    if (remark && remark[0]) {
        strbuf_add(out->text, "   ");
        add_comment(out, remark, strlen(remark));
    }
    end_item(out);
}

void yaml_comment(struct yaml_out *out, const char *text)
{
    do {
        size_t length = strcspn(text, "\n");
        indent(out);
        add_comment(out, text, length);
        strbuf_add_char(out->text, '\n');
        text += length + (text[length] == '\n');
    } while (*text);
}

void yaml_gap(struct yaml_out *out)
{
    strbuf_add_char(out->text, '\n');
}

void yaml_end(struct yaml_out *out)
{
    out->depth--;
}

void yaml_put_text(struct yaml_out *out, const char *key, const char *text)
{
    if (!text)
        return;
    add_key(out, key);
    strbuf_add_char(out->text, ' ');
    add_text(out->text, text);
    end_item(out);
}

void yaml_put_plain(struct yaml_out *out, const char *key, const char *text)
{
    if (!text)
        return;
    add_key(out, key);
    strbuf_add_char(out->text, ' ');
    strbuf_add(out->text, text);
    end_item(out);
}

void yaml_put_label(struct yaml_out *out, const char *code, const char *label)
{
    bool is_boolean = strcmp(label, "true") == 0 || strcmp(label, "false") == 0;
    begin_item(out);
    strbuf_printf(out->text, "%s: ", code);
    if (is_boolean)
        strbuf_add(out->text, label);
    else
        add_text(out->text, label);
    end_item(out);
}

void yaml_put_flag(struct yaml_out *out, const char *key, bool flag)
{
    add_key(out, key);
    strbuf_add(out->text, flag ? " true" : " false");
    end_item(out);
}

static void add_number(struct strbuf *out, const struct value *value)
{
    char text[48];
    if (value->kind == VALUE_INTEGER)
        (void)num_format_int(text, sizeof text, value->integer);
    else
        (void)num_format_real(text, sizeof text, value->real, false);
    // YAML 1.1 wants a point before an exponent.
    size_t digits = strcspn(text, "e");
    strbuf_add_bytes(out, text, digits);
    if (text[digits] && !memchr(text, '.', digits))
        strbuf_add(out, ".0");
    strbuf_add(out, text + digits);
}

void yaml_put_value(struct yaml_out *out, const char *key, const struct value *value)
{
    if (value->kind == VALUE_TEXT) {
        struct strbuf text = {0};
        strbuf_add_bytes(&text, value->text.bytes, value->text.length);
        yaml_put_text(out, key, strbuf_text(&text));
        strbuf_done(&text);
    } else if (value->kind == VALUE_BOOLEAN) {
        yaml_put_flag(out, key, value->boolean);
    } else if (value_is_number(value)) {
        add_key(out, key);
        strbuf_add_char(out->text, ' ');
        add_number(out->text, value);
        end_item(out);
    }
}

void yaml_put_list(struct yaml_out *out, const char *key, const char *const *items,
                   size_t count)
{
    if (count == 0)
        return;
    yaml_begin(out, key);
    for (size_t i = 0; i < count; i++) {
        indent(out);
        strbuf_add(out->text, "- ");
        add_text(out->text, items[i]);
        strbuf_add_char(out->text, '\n');
    }
    yaml_end(out);
}
