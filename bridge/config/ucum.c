// SPDX-License-Identifier: MIT
#include "config/ucum.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"

enum { MAX_UNIT_LENGTH = 64 };

// UCUM, tables 1 and "special units on digital measures".
static const char *const prefixes[] = {
    "Y", "Z", "E", "P", "T", "G", "M", "k", "h",  "da", "d",  "c",
    "m", "u", "n", "p", "f", "a", "z", "y", "Ki", "Mi", "Gi", "Ti",
};

// Units that take a prefix.
static const char *const metric_units[] = {
    "m",  "s",  "g",   "rad", "K",   "C",  "cd",  "sr",  "Hz",  "N",      "Pa",    "J",
    "W",  "A",  "V",   "F",   "Ohm", "S",  "Wb",  "Cel", "T",   "H",      "lm",    "lx",
    "Bq", "Gy", "Sv",  "mol", "kat", "L",  "l",   "t",   "bar", "u",      "eV",    "B",
    "Np", "By", "bit", "Bd",  "cal", "VA", "VAR", "Wh",  "Ah",  "m[H2O]", "m[Hg]",
};

static const char *const other_units[] = {
    "%",      "deg",     "'",      "''",      "min",     "h",        "d",        "wk",
    "mo",     "a",       "10*",    "10^",     "atm",     "att",      "[ppth]",   "[ppm]",
    "[ppb]",  "[pptr]",  "[pH]",   "[psi]",   "[degF]",  "[in_i]",   "[ft_i]",   "[yd_i]",
    "[mi_i]", "[nmi_i]", "[kn_i]", "[lb_av]", "[oz_av]", "[gal_us]", "[gal_br]", "[HP]",
    "[Btu]",  "[g]",     "ar",     "har",
};

static bool is_one_of(const char *const *items, size_t count, const char *text, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(items[i]) == length && memcmp(items[i], text, length) == 0)
            return true;
    }
    return false;
}

static bool is_simple(const char *text, size_t length)
{
    if (is_one_of(other_units, ARRAY_LENGTH(other_units), text, length) ||
        is_one_of(metric_units, ARRAY_LENGTH(metric_units), text, length))
        return true;
    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
        size_t skip = strlen(prefixes[i]);
        if (skip < length && memcmp(prefixes[i], text, skip) == 0 &&
            is_one_of(metric_units, ARRAY_LENGTH(metric_units), text + skip, length - skip))
            return true;
    }
    return false;
}

// A number, or a unit with an exponent and an annotation in braces, each of which may be
// missing.
static bool is_component(const char *text, size_t length)
{
    const char *brace = memchr(text, '{', length);
    if (brace && text[length - 1] != '}')
        return false;
    if (brace)
        length = (size_t)(brace - text);
    size_t digits = 0;
    while (digits < length && isdigit((unsigned char)text[length - 1 - digits]))
        digits++;
    if (digits == length)
        return brace || length > 0;
    length -= digits;
    bool is_signed = digits > 0 && (text[length - 1] == '-' || text[length - 1] == '+');
    return is_simple(text, length - is_signed);
}

bool ucum_is_valid(const char *unit)
{
    if (strlen(unit) > MAX_UNIT_LENGTH || unit[0] == '\0')
        return false;
    const char *at = unit[0] == '/' ? unit + 1 : unit;
    for (;;) {
        size_t length = 0;
        bool in_braces = false;
        for (; at[length] && (in_braces || !strchr("./", at[length])); length++)
            in_braces = at[length] == '{' || (in_braces && at[length] != '}');
        if (length == 0 || !is_component(at, length))
            return false;
        if (at[length] == '\0')
            return true;
        at += length + 1;
    }
}
