// SPDX-License-Identifier: MIT
#include "registers/formula_tree.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define TWO_TO_65 36893488147419103232.0

struct value formula_integer(int128 integer)
{
    if (integer < INT64_MIN || integer > UINT64_MAX)
        return value_unknown();
    return value_integer(integer);
}

bool formula_whole(const struct value *value, int128 *ret_integer)
{
    if (value->kind == VALUE_INTEGER) {
        *ret_integer = value->integer;
        return true;
    }
    double real = value->real;
    if (real != floor(real) || fabs(real) >= TWO_TO_65)
        return false;
    int128 integer = (int128)real;
    if (integer < INT64_MIN || integer > UINT64_MAX)
        return false;
    *ret_integer = integer;
    return true;
}

static bool both_integers(const struct value *operands)
{
    return operands[0].kind == VALUE_INTEGER && operands[1].kind == VALUE_INTEGER;
}

static struct value real(double number)
{
    return value_real(number, DECIMALS_SHORTEST);
}

static struct value add(const struct call *call)
{
    const struct value *operands = call->operands;
    if (both_integers(operands))
        return formula_integer(operands[0].integer + operands[1].integer);
    return real(value_number(&operands[0]) + value_number(&operands[1]));
}

static struct value subtract(const struct call *call)
{
    const struct value *operands = call->operands;
    if (both_integers(operands))
        return formula_integer(operands[0].integer - operands[1].integer);
    return real(value_number(&operands[0]) - value_number(&operands[1]));
}

static struct value multiply(const struct call *call)
{
    const struct value *operands = call->operands;
    int128 product = 0;
    if (!both_integers(operands))
        return real(value_number(&operands[0]) * value_number(&operands[1]));
    if (__builtin_mul_overflow(operands[0].integer, operands[1].integer, &product))
        return value_unknown();
    return formula_integer(product);
}

static struct value divide(const struct call *call)
{
    const struct value *operands = call->operands;
    double divisor = value_number(&operands[1]);
    if (divisor == 0)
        return value_unknown();
    return real(value_number(&operands[0]) / divisor);
}

// The sign of the dividend, for integers and reals alike.
static struct value take_remainder(const struct call *call)
{
    const struct value *operands = call->operands;
    if (value_number(&operands[1]) == 0)
        return value_unknown();
    if (both_integers(operands))
        return value_integer(operands[0].integer % operands[1].integer);
    return real(fmod(value_number(&operands[0]), value_number(&operands[1])));
}

// False when the result does not fit into 64 bits.
static bool integer_power(int128 base, int128 exponent, int128 *ret_power)
{
    int128 power = 1;
    if (base == 0 || base == 1)
        exponent = exponent > 1 ? 1 : exponent;
    if (base == -1)
        exponent %= 2;
    for (; exponent > 0; exponent--) {
        if (__builtin_mul_overflow(power, base, &power) || power < INT64_MIN ||
            power > UINT64_MAX)
            return false;
    }
    *ret_power = power;
    return true;
}

static struct value raise_to_power(const struct call *call)
{
    const struct value *operands = call->operands;
    int128 power = 0;
    if (both_integers(operands) && operands[1].integer >= 0 &&
        integer_power(operands[0].integer, operands[1].integer, &power))
        return value_integer(power);
    return real(pow(value_number(&operands[0]), value_number(&operands[1])));
}

static struct value negate(const struct call *call)
{
    const struct value *operands = call->operands;
    if (operands[0].kind == VALUE_INTEGER)
        return formula_integer(-operands[0].integer);
    return value_real(-operands[0].real, operands[0].decimals);
}

static bool is_equal(const struct value *operands)
{
    if (value_is_number(&operands[0]) && value_is_number(&operands[1]))
        return value_compare(&operands[0], &operands[1]) == 0;
    return value_equal(&operands[0], &operands[1]);
}

static struct value equal(const struct call *call)
{
    return value_boolean(is_equal(call->operands));
}

static struct value differ(const struct call *call)
{
    return value_boolean(!is_equal(call->operands));
}

static struct value less(const struct call *call)
{
    const struct value *operands = call->operands;
    return value_boolean(value_compare(&operands[0], &operands[1]) < 0);
}

static struct value less_or_equal(const struct call *call)
{
    const struct value *operands = call->operands;
    return value_boolean(value_compare(&operands[0], &operands[1]) <= 0);
}

static struct value greater(const struct call *call)
{
    const struct value *operands = call->operands;
    return value_boolean(value_compare(&operands[0], &operands[1]) > 0);
}

static struct value greater_or_equal(const struct call *call)
{
    const struct value *operands = call->operands;
    return value_boolean(value_compare(&operands[0], &operands[1]) >= 0);
}

static struct value both(const struct call *call)
{
    const struct value *operands = call->operands;
    return value_boolean(operands[0].boolean && operands[1].boolean);
}

static struct value either(const struct call *call)
{
    const struct value *operands = call->operands;
    return value_boolean(operands[0].boolean || operands[1].boolean);
}

// Of a range of ids, which model(...) takes apart before anything is evaluated.
static struct value first_of_two(const struct call *call)
{
    return call->operands[0];
}

static struct value invert(const struct call *call)
{
    return value_boolean(!call->operands[0].boolean);
}

#define PREFIX(word, type, evaluator)                                                          \
    .operation = {.name = (word),                                                              \
                  .least = 1,                                                                  \
                  .most = 1,                                                                   \
                  .parameters = {(type), (type), (type)},                                      \
                  .result = (type),                                                            \
                  .whole = WHOLE_OF_WHOLE,                                                     \
                  .evaluate = (evaluator)},                                                    \
    .fixity = FIXITY_PREFIX

#define INFIX(word, type, gives, is_whole, evaluator)                                          \
    .operation = {.name = (word),                                                              \
                  .least = 2,                                                                  \
                  .most = 2,                                                                   \
                  .parameters = {(type), (type), (type)},                                      \
                  .result = (gives),                                                           \
                  .whole = (is_whole),                                                         \
                  .evaluate = (evaluator)}

#define LOGICAL(word, evaluator)                                                               \
    INFIX(word, FORMULA_BOOLEAN, FORMULA_BOOLEAN, WHOLE_NEVER, evaluator), .fixity = FIXITY_LEFT

#define ORDERING(word, evaluator)                                                              \
    INFIX(word, FORMULA_NUMBER, FORMULA_BOOLEAN, WHOLE_NEVER, evaluator),                      \
        .precedence = PRECEDENCE_COMPARISON, .fixity = FIXITY_NONE

#define EQUALITY(word, evaluator)                                                              \
    .operation = {.name = (word),                                                              \
                  .least = 2,                                                                  \
                  .most = 2,                                                                   \
                  .result = FORMULA_BOOLEAN,                                                   \
                  .takes_labels = true,                                                        \
                  .check = formula_check_equality,                                             \
                  .evaluate = (evaluator)},                                                    \
    .precedence = PRECEDENCE_COMPARISON, .fixity = FIXITY_NONE

#define ARITHMETIC(word, is_whole, evaluator)                                                  \
    INFIX(word, FORMULA_NUMBER, FORMULA_NUMBER, is_whole, evaluator), .fixity = FIXITY_LEFT

static const struct operator_row operators[] = {
    {INFIX("..", FORMULA_NUMBER, FORMULA_NUMBER, WHOLE_ALWAYS, first_of_two),
     .operation.check = formula_check_ids, .precedence = 0, .fixity = FIXITY_NONE},
    {LOGICAL("or", either), .precedence = 1},
    {LOGICAL("and", both), .precedence = 2},
    {PREFIX("not", FORMULA_BOOLEAN, invert), .precedence = PRECEDENCE_NOT},
    {EQUALITY("==", equal)},
    {EQUALITY("!=", differ)},
    {ORDERING("<", less)},
    {ORDERING("<=", less_or_equal)},
    {ORDERING(">", greater)},
    {ORDERING(">=", greater_or_equal)},
    {ARITHMETIC("+", WHOLE_OF_WHOLE, add), .precedence = 5},
    {ARITHMETIC("-", WHOLE_OF_WHOLE, subtract), .precedence = 5},
    {ARITHMETIC("*", WHOLE_OF_WHOLE, multiply), .precedence = 6},
    {ARITHMETIC("/", WHOLE_NEVER, divide), .precedence = 6},
    {ARITHMETIC("%", WHOLE_OF_WHOLE, take_remainder), .precedence = 6},
    {PREFIX("-", FORMULA_NUMBER, negate), .precedence = 7},
    {INFIX("^", FORMULA_NUMBER, FORMULA_NUMBER, WHOLE_NEVER, raise_to_power), .precedence = 8,
     .fixity = FIXITY_RIGHT},
};

const struct operator_row *formula_find_operator(const char *text, bool is_prefix)
{
    for (size_t i = 0; i < ARRAY_LENGTH(operators); i++) {
        const struct operator_row *row = &operators[i];
        if ((row->fixity == FIXITY_PREFIX) == is_prefix &&
            strcmp(row->operation.name, text) == 0)
            return row;
    }
    return NULL;
}
