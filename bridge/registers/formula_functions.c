// SPDX-License-Identifier: MIT
#include "registers/formula_tree.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

enum { MAX_DIGITS = 9 }; // of round()

static struct value choose(const struct call *call)
{
    const struct value *operands = call->operands;
    if (!value_is_known(&operands[0]))
        return operands[0];
    return operands[0].boolean ? operands[1] : operands[2];
}

// Bits low..high of a number, whose negative values are in two's complement of 64 bits.
static bool cut_bits(const struct value *number, int128 low, int128 high, uint64_t *ret_bits)
{
    int128 integer = 0;
    if (low < 0 || high > 63 || low > high || !formula_whole(number, &integer))
        return false;
    uint64_t shifted = (uint64_t)integer >> (int)low;
    int width = (int)(high - low) + 1;
    *ret_bits = width == 64 ? shifted : shifted & ((UINT64_C(1) << width) - 1);
    return true;
}

static struct value take_bit(const struct call *call)
{
    const struct value *operands = call->operands;
    int128 index = 0;
    uint64_t bits = 0;
    if (!formula_whole(&operands[1], &index) || !cut_bits(&operands[0], index, index, &bits))
        return value_unknown();
    return value_boolean(bits == 1);
}

static struct value take_bits(const struct call *call)
{
    const struct value *operands = call->operands;
    int128 low = 0;
    int128 high = 0;
    uint64_t bits = 0;
    if (!formula_whole(&operands[1], &low) || !formula_whole(&operands[2], &high) ||
        !cut_bits(&operands[0], low, high, &bits))
        return value_unknown();
    return value_integer(bits);
}

static struct value count_events(const struct call *call)
{
    return value_integer((int128)call->operands[0].events.count);
}

static struct value absolute(const struct call *call)
{
    const struct value *number = &call->operands[0];
    if (number->kind == VALUE_INTEGER)
        return formula_integer(number->integer < 0 ? -number->integer : number->integer);
    return value_real(fabs(number->real), number->decimals);
}

// A whole number, halves away from zero. What the product lost by rounding tells whether it is
// a half indeed: 1.115 * 100 is below 111.5, as the number 1.115 of a double is below 1.115. (A
// long double would do where it has more bits than a double, which is not everywhere.)
static double round_product(double product, double lost)
{
    bool is_below_half =
        fabs(product - trunc(product)) == 0.5 && lost != 0 && signbit(lost) != signbit(product);
    return is_below_half ? trunc(product) : round(product);
}

static double round_to(double number, int digits)
{
    const double whole_from = 0x1p52; // from here on a double has no fraction
    double factor = num_power_of_ten(digits);
    double product = number * factor;
    if (!(fabs(product) < whole_from))
        return number;
    return round_product(product, fma(number, factor, -product)) / factor;
}

static struct value round_number(const struct call *call)
{
    const struct value *operands = call->operands;
    if (operands[0].kind == VALUE_INTEGER)
        return operands[0];
    int128 digits = 0;
    if (call->count == 2 && (!formula_whole(&operands[1], &digits) || digits > MAX_DIGITS))
        return value_unknown();
    double rounded = round_to(operands[0].real, (int)digits);
    if (call->count == 2)
        return value_real(rounded, (int)digits);
    int128 integer = 0;
    struct value whole = value_real(rounded, 0);
    return value_is_known(&whole) && formula_whole(&whole, &integer) ? value_integer(integer)
                                                                     : value_unknown();
}

// Within the tolerance or on its edge. Integers are compared exactly.
static struct value is_near(const struct call *call)
{
    const struct value *operands = call->operands;
    const struct value *tolerance = &operands[2];
    if (operands[0].kind == VALUE_INTEGER && operands[1].kind == VALUE_INTEGER) {
        int128 distance = operands[0].integer - operands[1].integer;
        struct value size = value_integer(distance < 0 ? -distance : distance);
        return value_boolean(value_compare(&size, tolerance) <= 0);
    }
    // 1.1 is near 1.0 by 0.1, though the doubles of 1.1 and 0.1 are not exactly that.
    double first = value_number(&operands[0]);
    double second = value_number(&operands[1]);
    double slack = fmax(fabs(first), fabs(second)) * 4 * DBL_EPSILON;
    return value_boolean(value_number(tolerance) >= 0 &&
                         fabs(first - second) <= value_number(tolerance) + slack);
}

// VALUE_UNKNOWN when an operand was not read, VALUE_ABSENT when there is none that exists; else
// the kind of what they are.
static enum value_kind summary(const struct value *operands, size_t count)
{
    enum value_kind kind = VALUE_ABSENT;
    for (size_t i = 0; i < count; i++) {
        if (operands[i].kind == VALUE_UNKNOWN)
            return VALUE_UNKNOWN;
        if (operands[i].kind == VALUE_REAL ||
            (operands[i].kind == VALUE_INTEGER && kind == VALUE_ABSENT))
            kind = operands[i].kind;
    }
    return kind;
}

static struct value add_all(const struct call *call)
{
    const struct value *operands = call->operands;
    enum value_kind kind = summary(operands, call->count);
    int128 integer = 0;
    double real = 0;
    for (size_t i = 0; i < call->count; i++) {
        if (operands[i].kind == VALUE_INTEGER)
            integer += operands[i].integer;
        else if (operands[i].kind == VALUE_REAL)
            real += operands[i].real;
    }
    if (kind == VALUE_INTEGER)
        return formula_integer(integer);
    if (kind == VALUE_REAL)
        return value_real(real + (double)integer, DECIMALS_SHORTEST);
    return (struct value){.kind = kind};
}

static struct value average(const struct call *call)
{
    const struct value *operands = call->operands;
    enum value_kind kind = summary(operands, call->count);
    if (kind == VALUE_UNKNOWN || kind == VALUE_ABSENT)
        return (struct value){.kind = kind};
    double total = 0;
    size_t present = 0;
    for (size_t i = 0; i < call->count; i++) {
        if (!value_is_number(&operands[i]))
            continue;
        total += value_number(&operands[i]);
        present++;
    }
    return value_real(total / (double)present, DECIMALS_SHORTEST);
}

// The operand that is furthest in the direction of `sign`.
static struct value extreme(const struct value *operands, size_t count, int sign)
{
    enum value_kind kind = summary(operands, count);
    const struct value *best = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!value_is_number(&operands[i]))
            continue;
        if (!best || sign * value_compare(&operands[i], best) > 0)
            best = &operands[i];
    }
    return kind == VALUE_UNKNOWN || !best ? (struct value){.kind = kind} : *best;
}

static struct value smallest(const struct call *call)
{
    return extreme(call->operands, call->count, -1);
}

static struct value largest(const struct call *call)
{
    return extreme(call->operands, call->count, 1);
}

static struct value replace_missing(const struct call *call)
{
    const struct value *operands = call->operands;
    return value_is_known(&operands[0]) ? operands[0] : operands[1];
}

static struct value is_known(const struct call *call)
{
    return value_boolean(value_is_known(&call->operands[0]));
}

// Fails unless a constant operand is a whole number within low..high; others are checked when
// evaluated.
static int check_constant(struct draft *draft, const struct operand *operand, const char *what,
                          int high)
{
    const struct node *node = &draft->nodes[operand->last];
    int128 integer = 0;
    if (node->kind != NODE_CONSTANT || !value_is_number(&node->constant))
        return 0;
    if (!formula_whole(&node->constant, &integer) || integer < 0 || integer > high)
        return formula_fail(draft, operand->start, "%s is a whole number from 0 to %d", what,
                            high);
    return 0;
}

static int check_bits(struct draft *draft, struct operand *operands, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (check_constant(draft, &operands[i], "the number of a bit", 63))
            return -1;
    }
    if (count < 3)
        return 0;
    const struct value *low = &draft->nodes[operands[1].last].constant;
    const struct value *high = &draft->nodes[operands[2].last].constant;
    if (value_is_number(low) && value_is_number(high) && value_compare(low, high) > 0)
        return formula_fail(draft, operands[1].start,
                            "bits(x, a, b) takes the lower bit first");
    return 0;
}

static int check_round(struct draft *draft, struct operand *operands, size_t count)
{
    if (count < 2)
        return 0;
    if (draft->nodes[operands[1].last].kind != NODE_CONSTANT)
        return formula_fail(draft, operands[1].start,
                            "the digits of round are a constant, 0 to %d", MAX_DIGITS);
    return check_constant(draft, &operands[1], "the number of digits", MAX_DIGITS);
}

// raw(name) is the node of the name, which gives its code instead of its value.
static int check_raw(struct draft *draft, struct operand *operands, size_t count)
{
    (void)count;
    struct node *node = &draft->nodes[operands[0].last];
    if (node->kind != NODE_POINT)
        return formula_fail(draft, operands[0].start,
                            "raw(...) takes the name of a register, not a value");
    node->kind = NODE_POINT_RAW;
    node->type = operands[0].raw_type;
    operands[0].type = operands[0].raw_type;
    operands[0].is_integer = operands[0].raw_is_integer;
    operands[0].labels = NULL;
    return 0;
}

#define NUMBERS                                                                                \
    {                                                                                          \
        FORMULA_NUMBER, FORMULA_NUMBER, FORMULA_NUMBER                                         \
    }

#define AGGREGATE(word, is_whole, evaluator)                                                   \
    {                                                                                          \
        .name = (word), .least = 1, .most = MAX_OPERANDS, .parameters = NUMBERS,               \
        .result = FORMULA_NUMBER, .whole = (is_whole), .is_tolerant = true,                    \
        .takes_patterns = true, .evaluate = (evaluator)                                        \
    }

static const struct operation functions[] = {
    {.name = "if",
     .least = 3,
     .most = 3,
     .parameters = {FORMULA_BOOLEAN, FORMULA_ANY, FORMULA_ANY},
     .whole = WHOLE_OF_WHOLE,
     .is_tolerant = true,
     .is_choice = true,
     .check = formula_check_alike,
     .evaluate = choose},
    {.name = "bit",
     .least = 2,
     .most = 2,
     .parameters = NUMBERS,
     .result = FORMULA_BOOLEAN,
     .check = check_bits,
     .evaluate = take_bit},
    {.name = "bits",
     .least = 3,
     .most = 3,
     .parameters = NUMBERS,
     .result = FORMULA_NUMBER,
     .whole = WHOLE_ALWAYS,
     .check = check_bits,
     .evaluate = take_bits},
    {.name = "count",
     .least = 1,
     .most = 1,
     .parameters = {FORMULA_EVENTS},
     .result = FORMULA_NUMBER,
     .whole = WHOLE_ALWAYS,
     .evaluate = count_events},
    {.name = "hex",
     .least = 1,
     .most = 1,
     .parameters = NUMBERS,
     .result = FORMULA_TEXT,
     .evaluate = formula_make_hex},
    {.name = "text",
     .least = 1,
     .most = 1,
     .result = FORMULA_TEXT,
     .evaluate = formula_make_text},
    {.name = "format",
     .least = 1,
     .most = MAX_OPERANDS,
     .parameters = {FORMULA_TEXT, FORMULA_ANY, FORMULA_ANY},
     .result = FORMULA_TEXT,
     .check = formula_check_format,
     .evaluate = formula_make_format},
    {.name = "abs",
     .least = 1,
     .most = 1,
     .parameters = NUMBERS,
     .result = FORMULA_NUMBER,
     .whole = WHOLE_OF_WHOLE,
     .evaluate = absolute},
    {.name = "round",
     .least = 1,
     .most = 2,
     .parameters = NUMBERS,
     .result = FORMULA_NUMBER,
     .whole = WHOLE_WHEN_ROUNDED,
     .check = check_round,
     .evaluate = round_number},
    {.name = "near",
     .least = 3,
     .most = 3,
     .parameters = NUMBERS,
     .result = FORMULA_BOOLEAN,
     .evaluate = is_near},
    AGGREGATE("sum", WHOLE_OF_WHOLE, add_all),
    AGGREGATE("mean", WHOLE_NEVER, average),
    AGGREGATE("min", WHOLE_OF_WHOLE, smallest),
    AGGREGATE("max", WHOLE_OF_WHOLE, largest),
    {.name = "default",
     .least = 2,
     .most = 2,
     .whole = WHOLE_OF_WHOLE,
     .is_tolerant = true,
     .check = formula_check_alike,
     .evaluate = replace_missing},
    {.name = "known",
     .least = 1,
     .most = 1,
     .result = FORMULA_BOOLEAN,
     .is_tolerant = true,
     .evaluate = is_known},
    {.name = "raw", .least = 1, .most = 1, .check = check_raw},
    {.name = "model",
     .least = 1,
     .most = 2,
     .parameters = NUMBERS,
     .check = formula_check_model},
};

const struct operation *formula_find_function(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++) {
        if (strcmp(functions[i].name, name) == 0)
            return &functions[i];
    }
    return NULL;
}

void formula_list_functions(char *ret_text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(functions) && used < size; i++)
        used += (size_t)snprintf(ret_text + used, size - used, "%s%s", i ? ", " : "",
                                 functions[i].name);
}
