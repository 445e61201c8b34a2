// SPDX-License-Identifier: MIT
#include "registers/formula_scan.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

// Marks in the order in which they are tried; with advice, they belong to other languages.
static const struct {
    const char *text;
    const char *advice;
} marks[] = {
    {"===", "to compare, write '=='"},
    {"&&", "write 'and'"},
    {"||", "write 'or'"},
    {"**", "a power is written '^'"},
    {"<>", "write '!='"},
    {"=<", "write '<='"},
    {"=>", "write '>='"},
    {"<<", "use bits(x, a, b), or '*' with a power of two"},
    {">>", "use bits(x, a, b)"},
    {"==", NULL},
    {"!=", NULL},
    {"<=", NULL},
    {">=", NULL},
    {"=", "to compare, write '=='"},
    {"!", "write 'not'"},
    {"&", "use bit(x, i) or bits(x, a, b); for conditions write 'and'"},
    {"|", "for conditions write 'or'"},
    {"~", "for conditions write 'not'"},
    {"?", "write if(condition, a, b)"},
    {";", "arguments are separated by ','"},
    {"'", "a text stands in double quotes"},
    {"..", NULL},
    {".", "a number needs a digit before its point"},
    {"+", NULL},
    {"-", NULL},
    {"*", NULL},
    {"/", NULL},
    {"%", NULL},
    {"^", NULL},
    {"<", NULL},
    {">", NULL},
    {"(", NULL},
    {")", NULL},
    {",", NULL},
};

static bool is_word_start(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

static bool is_word_part(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static int take_text(const char *text, size_t length, struct token *token, struct error *err)
{
    if (length >= sizeof token->text)
        return error_set(err, ERROR_CONFIG, "a name or number has at most %zu characters",
                         sizeof token->text - 1);
    memcpy(token->text, text, length);
    token->text[length] = '\0';
    token->end = token->start + length;
    return 0;
}

static int scan_word(const char *text, struct token *token, struct error *err)
{
    size_t length = 0;
    while (is_word_part(text[length]))
        length++;
    token->kind = TOKEN_WORD;
    return take_text(text, length, token, err);
}

// Everything that looks as if it belonged to the number, so that "1_000" is one wrong number
// and not a number and a name. Two points are between two numbers.
static size_t number_length(const char *text)
{
    bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    size_t length = 0;
    while (is_word_part(text[length]) && strncmp(text + length, "..", 2) != 0) {
        bool is_exponent = !is_hex && (text[length] == 'e' || text[length] == 'E');
        length++;
        bool is_signed = text[length] == '-' || text[length] == '+';
        if (is_exponent && is_signed && isdigit((unsigned char)text[length + 1]))
            length++;
    }
    return length;
}

static int scan_number(const char *text, struct token *token, struct error *err)
{
    token->kind = TOKEN_NUMBER;
    if (take_text(text, number_length(text), token, err))
        return -1;
    int128 integer = 0;
    double real = 0;
    if (num_parse_wide(token->text, &integer)) {
        token->value = value_integer(integer);
        return 0;
    }
    if (strpbrk(token->text, ".eE") && num_parse_real(token->text, &real)) {
        token->value = value_real(real, DECIMALS_SHORTEST);
        return 0;
    }
    return error_set(err, ERROR_CONFIG,
                     "'%s' is not a number: decimal without leading zeros, or 0x hexadecimal, "
                     "up to 64 bits",
                     token->text);
}

// Copies what stands between the quotes. Returns its length, or -1 for an escape that does not
// exist, or -2 when there is no closing quote; *ret_end is the byte after what was understood.
static int unescape(const char *text, char *ret_copy, size_t *ret_end)
{
    int length = 0;
    size_t at = 1;
    for (; text[at] && text[at] != '"'; at++) {
        if (text[at] == '\\') {
            at++;
            if (text[at] != '"' && text[at] != '\\') {
                *ret_end = at - 1;
                return -1;
            }
        }
        ret_copy[length++] = text[at];
    }
    *ret_end = at + 1;
    return text[at] ? length : -2;
}

static int scan_quoted(struct arena *arena, const char *text, struct token *token,
                       struct error *err)
{
    char *copy = arena_new_array(arena, strlen(text) + 1, 1);
    size_t end = 0;
    int length = unescape(text, copy, &end);
    if (length == -2)
        return error_set(err, ERROR_CONFIG, "the closing '\"' of this text is missing");
    if (length < 0) {
        token->start += end;
        return error_set(err, ERROR_CONFIG, "in a text, '\\' stands before '\"' or '\\' only");
    }
    token->kind = TOKEN_TEXT;
    token->value = value_text_bytes(copy, (size_t)length);
    token->end = token->start + end;
    return 0;
}

static int refuse_character(const char *text, struct error *err)
{
    int length = 1;
    while (length < 4 && ((unsigned char)text[length] & 0xC0U) == 0x80U)
        length++;
    if ((unsigned char)text[0] < 0x20)
        return error_set(err, ERROR_CONFIG, "a control character does not belong here");
    return error_set(err, ERROR_CONFIG, "'%.*s' does not belong into a formula", length, text);
}

static int scan_mark(const char *text, struct token *token, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LENGTH(marks); i++) {
        size_t length = strlen(marks[i].text);
        if (strncmp(text, marks[i].text, length) != 0)
            continue;
        if (marks[i].advice)
            return error_set(err, ERROR_CONFIG, "'%s' does not belong into a formula: %s",
                             marks[i].text, marks[i].advice);
        token->kind = TOKEN_MARK;
        return take_text(text, length, token, err);
    }
    return refuse_character(text, err);
}

int formula_scan(struct arena *arena, const char *text, size_t at, struct token *ret_token,
                 struct error *err)
{
    while (text[at] && strchr(" \t\r\n", text[at]))
        at++;
    *ret_token = (struct token){.kind = TOKEN_END, .start = at, .end = at};
    const char *rest = text + at;
    if (!*rest)
        return 0;
    if (is_word_start(*rest))
        return scan_word(rest, ret_token, err);
    if (isdigit((unsigned char)*rest))
        return scan_number(rest, ret_token, err);
    if (*rest == '"')
        return scan_quoted(arena, rest, ret_token, err);
    return scan_mark(rest, ret_token, err);
}
