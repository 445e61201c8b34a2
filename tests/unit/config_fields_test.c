// SPDX-License-Identifier: MIT
#include "config_support.h"

#include "base/mem.h"
#include "config/fields.h"

struct thing {
    const char *text;
    struct texts texts;
    bool flag;
    int number;
    int word;
    struct decimal scale;
    int64_t every_ms;
    int64_t size;
    struct codes bits;
    struct interval range;
    const struct node *inner;
    const struct node *formula;
};

static const struct word orders[] = {{"big", 1}, {"little", 2}, {0}};
static const struct word moments[] = {{"connect", -1}, {0}};

static const struct field rows[] = {
    {.name = "text", .kind = FIELD_TEXT, FIELD_AT(thing, text), .help = "a text"},
    {.name = "texts", .kind = FIELD_TEXTS, FIELD_AT(thing, texts)},
    {.name = "flag", .kind = FIELD_BOOL, FIELD_AT(thing, flag)},
    {.name = "number", .kind = FIELD_INT, FIELD_AT(thing, number), .min = 1, .max = 125},
    {.name = "order", .kind = FIELD_WORD, FIELD_AT(thing, word), .words = orders},
    {.name = "scale", .kind = FIELD_DECIMAL, FIELD_AT(thing, scale)},
    {.name = "every",
     .kind = FIELD_DURATION,
     FIELD_AT(thing, every_ms),
     .words = moments,
     .max = 3600000},
    {.name = "size", .kind = FIELD_SIZE, FIELD_AT(thing, size)},
    {.name = "bits", .kind = FIELD_CODES, FIELD_AT(thing, bits)},
    {.name = "range", .kind = FIELD_INTERVAL, FIELD_AT(thing, range)},
    {.name = "inner", .kind = FIELD_NODE, FIELD_AT(thing, inner)},
    {.name = "formula", .kind = FIELD_FORMULA, FIELD_AT(thing, formula)},
};

static const struct field_table table = {
    .name = "a thing", .rows = rows, .count = ARRAY_LENGTH(rows)};

static int read_thing(struct desk *desk, const char *text, struct thing *thing)
{
    const struct node *root = NULL;
    struct reader reader = {.arena = desk->arena, .diagnostics = &desk->diagnostics};
    assert_int_equal(desk_parse(desk, text, &root), 0);
    struct layers layers = {{root}};
    return fields_read(&reader, &table, &layers, thing);
}

static void every_kind_is_read(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    struct thing thing = {0};
    const char *text =
        "text: 010\ntexts: [a, b]\nflag: true\nnumber: 0x10\norder: little\n"
        "scale: 0.010\nevery: 50ms\nsize: 256MB\nbits: 0..1\nrange: [-40, 70.5]\n"
        "inner: {a: 1}\nformula: a + b\n";
    assert_int_equal(read_thing(desk, text, &thing), 0);
    desk_expect(desk, "");
    assert_string_equal(thing.text, "010"); // texts are verbatim
    assert_int_equal(thing.texts.count, 2);
    assert_string_equal(thing.texts.items[1], "b");
    assert_true(thing.flag);
    assert_int_equal(thing.number, 16);
    assert_int_equal(thing.word, 2);
    assert_int_equal(thing.scale.mantissa, 1);
    assert_int_equal(thing.scale.exponent, -2);
    assert_int_equal(thing.every_ms, 50);
    assert_int_equal(thing.size, 256000000);
    assert_int_equal(thing.bits.low, 0);
    assert_int_equal(thing.bits.high, 1);
    assert_true(thing.range.low == -40 && thing.range.high == 70.5);
    assert_int_equal(thing.inner->kind, NODE_MAPPING);
    assert_string_equal(thing.formula->text, "a + b");
    desk_free(desk);

    desk = desk_new();
    assert_int_equal(read_thing(desk, "every: connect\nbits: 3\ntexts: one\n", &thing), 0);
    assert_int_equal(thing.every_ms, -1);
    assert_int_equal(thing.bits.high, 3);
    assert_string_equal(thing.texts.items[0], "one");
    assert_int_equal(thing.number, 16); // what is absent keeps its value
    desk_free(desk);
}

static void a_formula_is_no_misspelt_number(void **state)
{
    (void)state;
    static const char *const formulas[] = {"0.01 * current_sign", "-0.01*current_sign",
                                           "2 * if(x, 1, 2)", "100 - depth"};
    for (size_t i = 0; i < sizeof(formulas) / sizeof(formulas[0]); i++)
        assert_null(explain_number(formulas[i]));
    assert_non_null(explain_number("0.01_0"));
    assert_non_null(explain_number("010 * 2"));
}

static void wrong_values_say_what_is_right(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *finding;
    } cases[] = {
        {"number: 010", "f:1:9: error: number: '010' is not a whole number: a leading zero is "
                        "read as octal by some and as decimal by others: drop it, or write 0x "
                        "for hexadecimal\n"},
        {"number: 1_000", "f:1:9: error: number: '1_000' is not a whole number: write digits "
                          "without '_'\n"},
        {"number: 10h", "f:1:9: error: number: '10h' is not a whole number: hexadecimal begins "
                        "with 0x\n"},
        {"number: 10s", "f:1:9: error: number: '10s' is not a whole number: no unit belongs "
                        "here\n"},
        {"number: 1..3",
         "f:1:9: error: number: '1..3' is not a whole number: one number, not a "
         "range\n"},
        {"number: 126", "f:1:9: error: number: 126 is outside 1 to 125\n"},
        {"number: [1]", "f:1:9: error: number: expected a single value, found a list\n"},
        {"number:", "f:1:8: error: number has no value: give one or remove the key\n"},
        {"scale: 0,1", "f:1:8: error: scale: '0,1' is not a number: write a decimal point, not "
                       "a comma\n"},
        {"flag: on", "f:1:7: error: flag: write true or false, not 'on'\n"},
        {"flag: 'true'",
         "f:1:7: error: flag: write true or false without quotes, not 'true'\n"},
        {"text: off",
         "f:1:7: warning: text: off is taken as text here; put it in quotes, since "
         "other YAML readers make it true or false\n"},
        {"every: 5", "f:1:8: error: every: a duration needs its unit: 5ms, 5s or 5m?\n"},
        {"every: 5 min",
         "f:1:8: error: every: '5 min' is not a duration: a whole number and ms, "
         "s, m, h or d, such as 500ms or 2m\n"},
        {"every: 2h", "f:1:8: error: every: 2h is outside 0 ms to 60 min\n"},
        {"every: conect", "f:1:8: error: every: 'conect' is not one of connect; did you mean "
                          "'connect'?\n"},
        {"size: 5",
         "f:1:7: error: size: '5' is not a size: a whole number and B, kB, MB or GB, "
         "such as 256MB\n"},
        {"order: littel", "f:1:8: error: order: 'littel' is not one of big or little; did you "
                          "mean 'little'?\n"},
        {"bits: 3..1", "f:1:7: error: bits: the range 3..1 runs backwards\n"},
        {"range: [70, 40]", "f:1:8: error: range: the low end comes first: [low, high]\n"},
        {"range: 40", "f:1:8: error: range: expected two numbers, [low, high]\n"},
        {"nubmer: 5", "f:1:1: error: a thing has no key 'nubmer'; did you mean 'number'?\n"},
        {"colour: 5", "f:1:1: error: a thing has no key 'colour'; it may have: text, texts, "
                      "flag, number, order, scale, every, size, bits, range, inner, formula\n"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct desk *desk = desk_new();
        struct thing thing = {0};
        (void)read_thing(desk, cases[i].text, &thing);
        desk_expect(desk, cases[i].finding);
        desk_free(desk);
    }
}

static void the_first_layer_that_has_a_key_wins(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    struct thing thing = {0};
    struct reader reader = {.arena = desk->arena, .diagnostics = &desk->diagnostics};
    const struct node *own = NULL;
    const struct node *preset = NULL;
    assert_int_equal(desk_parse(desk, "number: 1\n", &own), 0);
    assert_int_equal(desk_parse(desk, "number: 2\nflag: true\nelse: 3\n", &preset), 0);
    struct layers layers = {{own, preset}};
    assert_int_equal(fields_read(&reader, &table, &layers, &thing), 0);
    assert_int_equal(thing.number, 1);
    assert_true(thing.flag);
    assert_int_equal(fields_check_keys(&reader, &table, preset), -1);
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(a_formula_is_no_misspelt_number),
        cmocka_unit_test(wrong_values_say_what_is_right),
        cmocka_unit_test(the_first_layer_that_has_a_key_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
