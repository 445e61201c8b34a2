// SPDX-License-Identifier: MIT
#include "import/register_addressing.h"

#include <string.h>

#include "base/mem.h"

enum { ADDRESS_SPACE = 65536, LONG_DIGIT = 100000, SHORT_DIGIT = 10000 };

static const struct register_addressing addressings[] = {
    {"zero_based", false, 0},
    {"one_based", false, 1},
    {"modicon", true, 0},
};

// The first digit of five or six, counting from 1 behind it.
static const struct {
    const char *table;
    int64_t digit;
} modicon_digits[] = {{"coil", 0}, {"discrete", 1}, {"input", 3}, {"holding", 4}};

const struct register_addressing *register_addressing_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(addressings); i++) {
        if (!name || strcmp(addressings[i].name, name) == 0)
            return &addressings[i];
    }
    return NULL;
}

const char *register_addressing_table(const struct register_addressing *addressing,
                                      int64_t address)
{
    int64_t digit = address / (address >= LONG_DIGIT ? LONG_DIGIT : SHORT_DIGIT);
    for (size_t i = 0; addressing->is_modicon && i < ARRAY_LENGTH(modicon_digits); i++) {
        if (modicon_digits[i].digit == digit)
            return modicon_digits[i].table;
    }
    return NULL;
}

static int64_t digit_of(const char *table)
{
    size_t i = 0;
    while (i + 1 < ARRAY_LENGTH(modicon_digits) && strcmp(modicon_digits[i].table, table) != 0)
        i++;
    return modicon_digits[i].digit;
}

// The place in the table, from 0; negative when it is another table's. An address of a coil may
// begin with zeros, and has four digits behind them.
static int64_t modicon_place(const char *table, int64_t address)
{
    int64_t digit = digit_of(table);
    if (digit && address > digit * LONG_DIGIT)
        return address - digit * LONG_DIGIT - 1;
    if (address > digit * SHORT_DIGIT && address < (digit + 1) * SHORT_DIGIT)
        return address - digit * SHORT_DIGIT - 1;
    return -1;
}

bool register_addressing_fits(const struct register_addressing *addressing, const char *table,
                              int64_t address, int words)
{
    int64_t from =
        addressing->is_modicon ? modicon_place(table, address) : address - addressing->first;
    return from >= 0 && from + words <= ADDRESS_SPACE;
}
