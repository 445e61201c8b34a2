// SPDX-License-Identifier: MIT
#include "registers/formula_tree.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

enum {
    MAX_WIDTH = 20,    // of %020d: the digits of 64 bits
    MAX_DECIMALS = 15, // of %.15f
};

// One piece of a format: literal bytes, or a place for a value.
struct place {
    const char *text;
    size_t length;
    char conversion; // 0: literal; else d, x, X, s or f
    int width;
    int decimals;
};

// The conversion after a '%', of which %d %x %X %s %.Nf %0Nd %0Nx exist. Returns its length, or
// 0 when it is something else.
static size_t read_conversion(const char *text, size_t length, struct place *ret_place)
{
    size_t at = 1;
    bool has_width = at < length && text[at] == '0';
    bool has_decimals = at < length && text[at] == '.';
    int number = 0;
    if (has_width || has_decimals) {
        size_t first = ++at;
        for (; at < length && at < first + 2 && isdigit((unsigned char)text[at]); at++)
            number = number * 10 + (text[at] - '0');
        if (at == first || number > (has_width ? MAX_WIDTH : MAX_DECIMALS))
            return 0;
    }
    const char *allowed = has_width ? "dxX" : has_decimals ? "f" : "dxXs";
    if (at >= length || !text[at] || !strchr(allowed, text[at]))
        return 0;
    *ret_place = (struct place){
        .conversion = text[at], .width = has_width ? number : 0, .decimals = number};
    return at + 1;
}

// Cuts the next piece off a format. Returns its length in the format, 0 at the end, or -1 for a
// '%' that is none of ours.
static int read_place(const char *text, size_t length, struct place *ret_place)
{
    if (length == 0)
        return 0;
    if (text[0] != '%') {
        const char *end = memchr(text, '%', length);
        size_t literal = end ? (size_t)(end - text) : length;
        *ret_place = (struct place){.text = text, .length = literal};
        return (int)literal;
    }
    if (length > 1 && text[1] == '%') {
        *ret_place = (struct place){.text = text, .length = 1};
        return 2;
    }
    size_t taken = read_conversion(text, length, ret_place);
    return taken ? (int)taken : -1;
}

static int check_place(struct draft *draft, const struct place *place,
                       const struct operand *operand)
{
    char snippet[64];
    if (place->conversion == 's' || operand->type == FORMULA_NUMBER)
        return 0;
    return formula_fail(draft, operand->start,
                        "'%%%c' in the format needs a number, but %s is %s: use %%s",
                        place->conversion, formula_snippet(draft, operand, snippet),
                        formula_type_name(operand->type));
}

int formula_check_format(struct draft *draft, struct operand *operands, size_t count)
{
    const struct value *format = &draft->nodes[operands[0].last].constant;
    if (format->kind != VALUE_TEXT)
        return formula_fail(draft, operands[0].start,
                            "the first argument of format is a text in double quotes");
    size_t used = 1;
    size_t at = 0;
    for (;;) {
        struct place place;
        int taken = read_place(format->text.bytes + at, format->text.length - at, &place);
        if (taken < 0)
            return formula_fail(draft, operands[0].start,
                                "a '%%' in the format is none of %%d %%x %%X %%s %%.Nf %%0Nd "
                                "%%0Nx %%%% (N a number, such as %%.1f)");
        if (taken == 0)
            break;
        at += (size_t)taken;
        if (!place.conversion)
            continue;
        if (used < count && check_place(draft, &place, &operands[used]))
            return -1;
        used++;
    }
    if (used == count)
        return 0;
    return formula_fail(draft, operands[0].start,
                        "the format takes %zu value%s, but %zu %s given", used - 1,
                        used == 2 ? "" : "s", count - 1, count == 2 ? "is" : "are");
}

// Adds bytes to the text that is being made at the end of the space. False when it is full.
static bool put(struct formula_space *space, const char *bytes, size_t length)
{
    if (length > sizeof space->bytes - space->used)
        return false;
    memcpy(space->bytes + space->used, bytes, length);
    space->used += length;
    return true;
}

static struct value made_text(const struct formula_space *space, size_t first)
{
    return value_text_bytes(space->bytes + first, space->used - first);
}

static bool put_value(struct formula_space *space, const struct value *value)
{
    if (value->kind == VALUE_TEXT)
        return put(space, value->text.bytes, value->text.length);
    char text[sizeof space->bytes + 1];
    value_format(value, text, sizeof text);
    size_t length = strlen(text);
    return length < sizeof text - 1 && put(space, text, length);
}

// Hexadecimal of up to 64 bits. False for a number that is negative or not whole.
static bool format_hex(const struct value *value, int width, bool is_upper, char ret_text[32])
{
    int128 integer = 0;
    if (!formula_whole(value, &integer) || integer < 0)
        return false;
    unsigned long long bits = (unsigned long long)integer;
    (void)snprintf(ret_text, 32, is_upper ? "%0*llX" : "%0*llx", width, bits);
    return true;
}

// Decimal of up to 64 bits with a sign; the width counts the sign, as printf does.
static bool format_decimal(const struct value *value, int width, char ret_text[32])
{
    int128 integer = 0;
    if (!formula_whole(value, &integer))
        return false;
    bool is_negative = integer < 0;
    unsigned long long size = (unsigned long long)(is_negative ? -integer : integer);
    (void)snprintf(ret_text, 32, "%s%0*llu", is_negative ? "-" : "", width - is_negative, size);
    return true;
}

// Fixed decimals. An integer beyond 2^53 keeps all its digits.
static void format_fixed(const struct value *value, int decimals, char *ret_text, size_t size)
{
    if (value->kind == VALUE_REAL) {
        (void)snprintf(ret_text, size, "%.*f", decimals, value->real);
        return;
    }
    size_t used = num_format_int(ret_text, size, value->integer);
    if (decimals > 0 && used < size)
        (void)snprintf(ret_text + used, size - used, ".%0*d", decimals, 0);
}

static bool put_place(struct formula_space *space, const struct place *place,
                      const struct value *value)
{
    char text[360]; // %.15f of the largest double has 325 characters
    bool is_good = true;
    switch (place->conversion) {
    case 'd':
        is_good = format_decimal(value, place->width, text);
        break;
    case 'x':
    case 'X':
        is_good = format_hex(value, place->width, place->conversion == 'X', text);
        break;
    case 'f':
        format_fixed(value, place->decimals, text, sizeof text);
        break;
    default:
        return put_value(space, value);
    }
    return is_good && put(space, text, strlen(text));
}

// Gives the space back and says that there is no text.
static struct value give_up(struct formula_space *space, size_t first)
{
    space->used = first;
    return value_unknown();
}

struct value formula_make_hex(const struct call *call)
{
    char text[32];
    size_t first = call->space->used;
    if (!format_hex(&call->operands[0], 0, true, text) || !put(call->space, "0x", 2) ||
        !put(call->space, text, strlen(text)))
        return give_up(call->space, first);
    return made_text(call->space, first);
}

struct value formula_make_text(const struct call *call)
{
    const struct value *operands = call->operands;
    size_t first = call->space->used;
    if (operands[0].kind == VALUE_TEXT)
        return operands[0];
    if (!put_value(call->space, &operands[0]))
        return give_up(call->space, first);
    return made_text(call->space, first);
}

struct value formula_make_format(const struct call *call)
{
    const struct value *operands = call->operands;
    size_t first = call->space->used;
    const char *format = operands[0].text.bytes;
    size_t length = operands[0].text.length;
    size_t next = 1;
    while (length > 0) {
        struct place place;
        int taken = read_place(format, length, &place);
        if (taken <= 0 || (place.conversion && next >= call->count))
            return give_up(call->space, first);
        format += taken;
        length -= (size_t)taken;
        bool fits = place.conversion ? put_place(call->space, &place, &operands[next++])
                                     : put(call->space, place.text, place.length);
        if (!fits)
            return give_up(call->space, first);
    }
    return made_text(call->space, first);
}
