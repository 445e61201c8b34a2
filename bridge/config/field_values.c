// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "config/fields.h"

static const char *const loose_booleans[] = {"on", "off", "yes", "no",  "On", "Off", "Yes",
                                             "No", "ON",  "OFF", "YES", "NO", "y",   "n"};

static bool is_loose_boolean(const struct node *node)
{
    if (node->quoted)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(loose_booleans); i++) {
        if (strcmp(node->text, loose_booleans[i]) == 0)
            return true;
    }
    return false;
}

int fields_expect_mapping(const struct reader *reader, const struct node *node,
                          const char *what)
{
    if (node->kind == NODE_MAPPING)
        return 0;
    return diagnostics_error(reader->diagnostics, &node->at,
                             "%s: expected keys and values ('key: value'), found %s", what,
                             tree_kind_name(node));
}

int fields_expect_list(const struct reader *reader, const struct node *node, const char *what)
{
    if (node->kind == NODE_SEQUENCE)
        return 0;
    return diagnostics_error(reader->diagnostics, &node->at,
                             "%s: expected a list ([...] or lines with '- '), found %s", what,
                             tree_kind_name(node));
}

int fields_expect_scalar(const struct reader *reader, const struct node *node, const char *what)
{
    if (node->kind != NODE_SCALAR)
        return diagnostics_error(reader->diagnostics, &node->at,
                                 "%s: expected a single value, found %s", what,
                                 tree_kind_name(node));
    if (tree_is_null(node))
        return diagnostics_error(reader->diagnostics, &node->at,
                                 "%s has no value: give one or remove the key", what);
    return 0;
}

static bool has_unit(const char *text)
{
    int64_t ms = 0;
    return num_parse_duration_ms(text, &ms) && strcmp(text, "0") != 0;
}

// 0.01 * current_sign is no number with an underscore.
static bool is_formula(const char *digits)
{
    return strpbrk(digits, " ()+-*/%^<>=!") != NULL;
}

const char *explain_number(const char *text)
{
    struct codes codes;
    const char *digits = text + (*text == '-' || *text == '+');
    if (digits[0] == '0' && isdigit((unsigned char)digits[1]))
        return "a leading zero is read as octal by some and as decimal by others: drop it, or "
               "write 0x for hexadecimal";
    if (is_formula(digits))
        return NULL;
    if (strchr(text, '_') && isdigit((unsigned char)digits[0]))
        return "write digits without '_'";
    if (strchr(text, ',') && isdigit((unsigned char)digits[0]))
        return "write a decimal point, not a comma";
    if (digits[0] == '0' && (digits[1] == 'o' || digits[1] == 'b'))
        return "write it decimal or as 0x hexadecimal";
    if (isdigit((unsigned char)digits[0]) && strchr("hH", text[strlen(text) - 1]))
        return "hexadecimal begins with 0x";
    if (has_unit(text))
        return "no unit belongs here";
    if (codes_parse(text, &codes) && codes.low != codes.high)
        return "one number, not a range";
    return NULL;
}

static int report_number(const struct reader *reader, const struct node *node, const char *name,
                         const char *wanted)
{
    const char *why = explain_number(node->text);
    return diagnostics_error(reader->diagnostics, &node->at, "%s: '%s' is not %s%s%s", name,
                             node->text, wanted, why ? ": " : "", why ? why : "");
}

int field_read_int(const struct reader *reader, const struct node *node, const char *name,
                   int64_t *ret_value)
{
    if (fields_expect_scalar(reader, node, name) < 0)
        return -1;
    if (num_parse_int(node->text, ret_value))
        return 0;
    return report_number(reader, node, name, "a whole number");
}

int field_read_decimal(const struct reader *reader, const struct node *node, const char *name,
                       struct decimal *ret_value)
{
    int64_t whole = 0;
    if (fields_expect_scalar(reader, node, name) < 0)
        return -1;
    if (num_parse_decimal(node->text, ret_value))
        return 0;
    if (num_parse_int(node->text, &whole)) { // hexadecimal
        *ret_value = (struct decimal){whole, 0};
        return 0;
    }
    return report_number(reader, node, name, "a number");
}

static int read_real(const struct reader *reader, const struct node *node, const char *name,
                     double *ret_value)
{
    int64_t whole = 0;
    if (fields_expect_scalar(reader, node, name) < 0)
        return -1;
    if (num_parse_real(node->text, ret_value))
        return 0;
    if (num_parse_int(node->text, &whole)) {
        *ret_value = (double)whole;
        return 0;
    }
    return report_number(reader, node, name, "a number");
}

bool codes_parse(const char *text, struct codes *ret_codes)
{
    char low[32];
    const char *dots = strstr(text, "..");
    size_t length = dots ? (size_t)(dots - text) : strlen(text);
    if (length >= sizeof low)
        return false;
    memcpy(low, text, length);
    low[length] = '\0';
    struct codes codes = {.is_given = true};
    if (!num_parse_int(low, &codes.low))
        return false;
    codes.high = codes.low;
    if (dots && !num_parse_int(dots + 2, &codes.high))
        return false;
    *ret_codes = codes;
    return true;
}

int field_read_codes(const struct reader *reader, const struct node *node, const char *name,
                     struct codes *ret_codes)
{
    if (fields_expect_scalar(reader, node, name) < 0)
        return -1;
    struct codes codes;
    if (!codes_parse(node->text, &codes))
        return report_number(reader, node, name, "a whole number or a range such as 0..3");
    if (codes.low > codes.high)
        return diagnostics_error(reader->diagnostics, &node->at,
                                 "%s: the range %s runs backwards", name, node->text);
    *ret_codes = codes;
    return 0;
}

int field_read_interval(const struct reader *reader, const struct node *node, const char *name,
                        struct interval *ret_interval)
{
    if (node->kind != NODE_SEQUENCE || node->count != 2)
        return diagnostics_error(reader->diagnostics, &node->at,
                                 "%s: expected two numbers, [low, high]", name);
    struct interval interval = {.is_given = true};
    if (read_real(reader, node->children[0].value, name, &interval.low) < 0 ||
        read_real(reader, node->children[1].value, name, &interval.high) < 0)
        return -1;
    if (interval.low > interval.high)
        return diagnostics_error(reader->diagnostics, &node->at,
                                 "%s: the low end comes first: [low, high]", name);
    *ret_interval = interval;
    return 0;
}

int field_read_text(const struct reader *reader, const struct node *node, const char *name,
                    const char **ret_text)
{
    if (fields_expect_scalar(reader, node, name) < 0)
        return -1;
    if (is_loose_boolean(node))
        diagnostics_warning(reader->diagnostics, &node->at,
                            "%s: %s is taken as text here; put it in quotes, since other YAML "
                            "readers make it true or false",
                            name, node->text);
    *ret_text = node->text;
    return 0;
}

int field_read_texts(const struct reader *reader, const struct node *node, const char *name,
                     struct texts *ret_texts)
{
    size_t count = node->kind == NODE_SEQUENCE ? node->count : 1;
    const char **items = ARENA_NEW_ARRAY(reader->arena, count, const char *);
    for (size_t i = 0; i < count; i++) {
        const struct node *item = node->kind == NODE_SEQUENCE ? node->children[i].value : node;
        if (field_read_text(reader, item, name, &items[i]) < 0)
            return -1;
    }
    *ret_texts = (struct texts){items, count};
    return 0;
}

int field_read_bool(const struct reader *reader, const struct node *node, const char *name,
                    bool *ret_value)
{
    if (fields_expect_scalar(reader, node, name) < 0)
        return -1;
    if (!node->quoted && strcmp(node->text, "true") == 0) {
        *ret_value = true;
        return 0;
    }
    if (!node->quoted && strcmp(node->text, "false") == 0) {
        *ret_value = false;
        return 0;
    }
    return diagnostics_error(reader->diagnostics, &node->at,
                             "%s: write true or false%s, not '%s'", name,
                             node->quoted ? " without quotes" : "", node->text);
}

static int report_duration(const struct reader *reader, const struct node *node,
                           const char *name)
{
    int64_t number = 0;
    if (num_parse_int(node->text, &number) && number > 0)
        return diagnostics_error(reader->diagnostics, &node->at,
                                 "%s: a duration needs its unit: %sms, %ss or %sm?", name,
                                 node->text, node->text, node->text);
    return diagnostics_error(reader->diagnostics, &node->at,
                             "%s: '%s' is not a duration: a whole number and ms, s, m, h or d, "
                             "such as 500ms or 2m",
                             name, node->text);
}

int field_read_duration(const struct reader *reader, const struct node *node, const char *name,
                        int64_t *ret_ms)
{
    if (fields_expect_scalar(reader, node, name) < 0)
        return -1;
    if (num_parse_duration_ms(node->text, ret_ms))
        return 0;
    return report_duration(reader, node, name);
}
