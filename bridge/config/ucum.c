// SPDX-License-Identifier: MIT
#include "config/ucum.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

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

// What people write instead. C and F alone would be coulomb and farad.
static const struct {
    const char *written;
    const char *ucum;
} habits[] = {
    {"\xC2\xB0"
     "C",
     "Cel"},
    {"C", "Cel"},
    {"degC", "Cel"},
    {"var", "VAR"},
    {"Var", "VAR"},
    {"kvar", "kVAR"},
    {"kVar", "kVAR"},
    {"VAh", "VA.h"},
    {"kVAh", "kVA.h"},
    {"varh", "VAR.h"},
    {"kvarh", "kVAR.h"},
    {"kVarh", "kVAR.h"},
    {"rpm", "{rotations}/min"},
    {"RPM", "{rotations}/min"},
    {"sec", "s"},
    {"Secs", "s"},
    {"hour", "h"},
    {"hours", "h"},
    {"day", "d"},
    {"days", "d"},
    {"ohm", "Ohm"},
    {"\xCE\xA9", "Ohm"},
    {"kohm", "kOhm"},
    {"W/m^2", "W/m2"},
    {"lux", "lx"},
    {"Pct", "%"},
    {"\xC2\xB0", "deg"},
    {"ppm", "[ppm]"},
    {"psi", "[psi]"},
    {"\xC2\xB0"
     "F",
     "[degF]"},
    {"hz", "Hz"},
    {"m^3", "m3"},
    {"F", "[degF]"},
    {"degF", "[degF]"},
    {"Celsius", "Cel"},
    {"celsius", "Cel"},
    {"percent", "%"},
};

// Units that are often written with other capitals.
static const char *const common_units[] = {
    "W",   "kW",   "MW",  "Wh",  "kWh", "MWh", "V",  "kV",  "mV",   "A",    "mA",
    "Ah",  "VA",   "kVA", "VAR", "Hz",  "kHz", "Pa", "kPa", "mbar", "bar",  "Cel",
    "Ohm", "kVAR", "L",   "m3",  "s",   "ms",  "kg", "mm",  "deg",  "kOhm", "mOhm",
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

const char *ucum_meant(const char *unit)
{
    for (size_t i = 0; i < ARRAY_LENGTH(habits); i++) {
        if (strcmp(habits[i].written, unit) == 0)
            return habits[i].ucum;
    }
    if (ucum_is_valid(unit))
        return NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(common_units); i++) {
        if (strcasecmp(common_units[i], unit) == 0)
            return common_units[i];
    }
    return NULL;
}
