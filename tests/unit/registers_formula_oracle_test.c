// SPDX-License-Identifier: MIT
// Random formulas over numbers and booleans, compared with Python: its parser decides what
// binds to what, its arithmetic what comes out.
#include "registers/formula.h"

#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "support/formula_names.h"
#include "support/random.h"

enum { FORMULAS = 3000, DEPTH = 4 };

static const char *const numbers[] = {
    "0",
    "1",
    "2",
    "3",
    "7",
    "10",
    "0x1F",
    "63",
    "64",
    "1000",
    "65535",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "0.5",
    "0.1",
    "2.0",
    "1.5e3",
    "0.3333",
    "1e-9",
    "9007199254740992.0",
    "1.8446744073709552e19",
    "1e300",
};

static const char *pick(uint64_t *seed, const char *const *from, size_t count)
{
    return from[random_below(seed, (uint32_t)count)];
}

static void write_number(struct strbuf *text, uint64_t *seed, int depth);

// Half of the operands stand without parentheses, so that precedence decides.
static void write_operand(struct strbuf *text, uint64_t *seed, int depth)
{
    bool is_enclosed = random_below(seed, 2) == 0;
    strbuf_add(text, is_enclosed ? "(" : "");
    write_number(text, seed, depth);
    strbuf_add(text, is_enclosed ? ")" : "");
}

static void write_number(struct strbuf *text, uint64_t *seed, int depth)
{
    static const char *const operators[] = {" + ", "-", " * ", "/", " % ", "^"};
    uint32_t kind = random_below(seed, 10);
    if (depth == 0 || kind < 2) {
        strbuf_add(text, pick(seed, numbers, ARRAY_LENGTH(numbers)));
    } else if (kind < 4) {
        strbuf_add(text, "-");
        write_operand(text, seed, depth - 1);
    } else {
        write_operand(text, seed, depth - 1);
        strbuf_add(text, pick(seed, operators, ARRAY_LENGTH(operators)));
        write_operand(text, seed, depth - 1);
    }
}

static void write_boolean(struct strbuf *text, uint64_t *seed, int depth)
{
    static const char *const comparisons[] = {" == ", "!=", " < ", "<=", " > ", ">="};
    static const char *const constants[] = {"true", "false"};
    uint32_t kind = random_below(seed, 10);
    if (kind < 1) {
        strbuf_add(text, pick(seed, constants, ARRAY_LENGTH(constants)));
    } else if (depth == 0 || kind < 5) {
        write_number(text, seed, depth > 2 ? 2 : depth);
        strbuf_add(text, pick(seed, comparisons, ARRAY_LENGTH(comparisons)));
        write_number(text, seed, depth > 2 ? 2 : depth);
    } else if (kind < 7) {
        strbuf_add(text, "not ");
        write_boolean(text, seed, depth - 1);
    } else {
        bool is_enclosed = random_below(seed, 2) == 0;
        strbuf_add(text, is_enclosed ? "(" : "");
        write_boolean(text, seed, depth - 1);
        strbuf_add(text, random_below(seed, 2) ? " and " : " or ");
        write_boolean(text, seed, depth - 1);
        strbuf_add(text, is_enclosed ? ")" : "");
    }
}

static void write_result(FILE *file, const struct value *value)
{
    switch (value->kind) {
    case VALUE_BOOLEAN:
        (void)fprintf(file, "boolean\t%s\n", value->boolean ? "true" : "false");
        return;
    case VALUE_INTEGER: {
        char digits[48];
        (void)num_format_int(digits, sizeof digits, value->integer);
        (void)fprintf(file, "integer\t%s\n", digits);
        return;
    }
    case VALUE_REAL:
        (void)fprintf(file, "real\t%a\n", value->real);
        return;
    default:
        (void)fprintf(file, "%s\t-\n", value->kind == VALUE_UNKNOWN ? "unknown" : "other");
        return;
    }
}

static void write_formula(FILE *file, uint64_t *seed, bool is_boolean)
{
    struct strbuf text = {0};
    struct arena *arena = arena_new();
    const struct formula *formula = NULL;
    size_t offset = 0;
    struct error err = {0};
    struct formula_inputs nothing = {0};
    struct formula_space space = {0};
    if (is_boolean)
        write_boolean(&text, seed, DEPTH);
    else
        write_number(&text, seed, DEPTH);
    enum formula_type expected = is_boolean ? FORMULA_BOOLEAN : FORMULA_NUMBER;
    if (formula_parse(arena, strbuf_text(&text), &all_names, expected, &formula, &offset, &err))
        fail_msg("%s: at %zu: %s", strbuf_text(&text), offset, err.text);
    struct value value = formula_evaluate(formula, &nothing, &space);
    (void)fprintf(file, "%s\t", strbuf_text(&text));
    write_result(file, &value);
    arena_free(arena);
    strbuf_done(&text);
}

static int run_oracle(char *path)
{
    char program[] = "/usr/bin/python3";
    char script[] = SUPPORT_DIR "/formula_oracle.py";
    char *arguments[] = {program, script, path, NULL};
    pid_t child = 0;
    int status = 0;
    assert_int_equal(posix_spawn(&child, arguments[0], NULL, NULL, arguments, environ), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_python_agrees(void **state)
{
    (void)state;
    char path[] = "/tmp/formula_oracle_XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    FILE *file = fdopen(descriptor, "w");
    assert_non_null(file);
    uint64_t seed = 20240229;
    for (int i = 0; i < FORMULAS; i++)
        write_formula(file, &seed, i % 3 == 0);
    assert_int_equal(fclose(file), 0);
    int result = run_oracle(path);
    (void)unlink(path);
    assert_int_equal(result, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_python_agrees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
