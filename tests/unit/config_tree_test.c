// SPDX-License-Identifier: MIT
#include "config_support.h"

#include <time.h>

static void remembers_places_and_quotes(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct node *root = NULL;
    const char *text = "a: 1\nlist:\n  - 'x y'\n  - {k: ü, holding: 0x10}\nempty:\n";
    assert_int_equal(desk_parse(desk, text, &root), 0);
    assert_int_equal(root->kind, NODE_MAPPING);
    assert_int_equal(root->count, 3);
    const struct node *list = tree_find(root, "list");
    assert_int_equal(list->kind, NODE_SEQUENCE);
    assert_int_equal(list->count, 2);
    const struct node *quoted = list->children[0].value;
    assert_string_equal(quoted->text, "x y");
    assert_true(quoted->quoted);
    assert_int_equal(quoted->width, 5);
    assert_int_equal(quoted->at.line, 3);
    assert_int_equal(quoted->at.column, 5);
    const struct node *flow = list->children[1].value;
    assert_string_equal(flow->children[1].key, "holding");
    assert_int_equal(flow->children[1].key_at.line, 4);
    assert_int_equal(flow->children[1].key_at.column, 12); // the umlaut is one column
    assert_string_equal(flow->children[1].value->text, "0x10");
    assert_false(flow->children[1].value->quoted);
    assert_true(tree_is_null(tree_find(root, "empty")));
    assert_null(tree_find(root, "nothing"));
    assert_int_equal(tree_key_at(root, "empty").line, 5);
    desk_expect(desk, "");
    desk_free(desk);
}

static void texts_stay_as_they_are(void **state)
{
    (void)state;
    static const char *const texts[] = {"off", "no",   "0123", "12:30:45",
                                        "1e3", "0..1", "1_000"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct desk *desk = desk_new();
        const struct node *root = NULL;
        char file[64];
        (void)snprintf(file, sizeof file, "k: %s\n", texts[i]);
        assert_int_equal(desk_parse(desk, file, &root), 0);
        assert_string_equal(tree_find(root, "k")->text, texts[i]);
        desk_free(desk);
    }
}

static void refuses_what_is_not_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *finding;
    } cases[] = {
        {"",
         "f:1:1: error: the file is empty: it begins with 'modbridge: map/1' or 'modbridge: "
         "site/1'\n"},
        {"- a\n", "f:1:1: error: a file holds keys and values; it begins with 'modbridge: "
                  "map/1' or 'modbridge: site/1'\n"},
        {"a: &x 1\n", "f:1:4: error: anchors (&name) are not used here: repeat the text, use "
                      "presets in a map, or put quotes around a text that begins with &\n"},
        {"a: *x\n", "f:1:4: error: aliases (*name) are not used here: repeat the text, use "
                    "presets in a map, or put quotes around a text that begins with *\n"},
        {"a: !b c\n", "f:1:4: error: tags (!name) are not used here: in a formula write 'not "
                      "x' instead of !x, or put quotes around a text that begins with !\n"},
        {"a: !!int 3\n", "f:1:4: error: tags (!name) are not used here: in a formula write "
                         "'not x' instead of !x, or put quotes around a text that begins with "
                         "!\n"},
        {"a: &x [*x]\n", "f:1:4: error: anchors (&name) are not used here: repeat the text, "
                         "use presets in a map, or put quotes around a text that begins with "
                         "&\n"},
        {"a: 1\n--- \nb: 2\n", "f:2:1: error: a second document begins here (---): a file "
                               "holds one\n"},
        {"{a: 1}: b\n",
         "f:1:1: error: a key must be a plain word; put quotes around a key that "
         "begins with { or [\n"},
        {"a: \"x\\0y\"\n", "f:1:4: error: a text must not hold a NUL character\n"},
        {"a: 1\nb: 2\na: 3\n", "f:3:1: error: key 'a' was already given at line 1, column 1\n"},
        {"a: \"x\nb: 1\n", "f:1:4: error: the quote that opens here is never closed\n"},
        {"modbus\n  every: 5s\n", "f:2:8: error: this ':' cannot stand here: the line before "
                                  "probably lacks its ':', or this line is indented too far\n"},
        {"a: b: c\n", "f:1:5: error: a second ': ' in one line: put quotes around a text that "
                      "holds one, or {...} around keys and values\n"},
        {"a: 1\nb\nc: 2\n", "f:2:1: error: this line has no ':' between key and value (a quote "
                            "in a line above may also not be closed)\n"},
        {"a: {unit: %}\n", "f:1:11: error: a value that begins with % must be in quotes: "
                           "\"%\"\n"},
        {"a: @b\n", "f:1:4: error: a value that begins with @ must be in quotes\n"},
        {"a:\n\tb: 1\n", "f:2:1: error: indent with spaces: YAML refuses tabs\n"},
        {"a: 1\nb: \x01\n", "f:2:4: error: a control character (0x01) cannot be part of a YAML "
                            "file\n"},
        {"a: ü\xE4\n", "f:1:5: error: the byte 0xE4 is not UTF-8: save the file as UTF-8\n"},
        {"a: \"caf\xE9\"\n",
         "f:1:8: error: the byte 0xE9 is not UTF-8: save the file as UTF-8\n"},
        {"a: \xE9\n\n\n", "f:1:4: error: the byte 0xE9 is not UTF-8: save the file as UTF-8\n"},
        {"a: \xC0\x80\n", "f:1:4: error: the byte 0xC0 is not UTF-8: save the file as UTF-8\n"},
        {"a: \xED\xA0\x80\n",
         "f:1:4: error: the byte 0xED is not UTF-8: save the file as UTF-8\n"},
        {"a: {b: 1\n",
         "f:2:1: error: the {...} cannot go on here: a formula or text that holds a comma, "
         "quotes or ': ' must stand in quotes as a whole, or the '{' is not closed (line 1, "
         "column 4)\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct desk *desk = desk_new();
        const struct node *root = NULL;
        (void)desk_parse(desk, cases[i].text, &root);
        desk_expect(desk, cases[i].finding);
        desk_free(desk);
    }
}

static void utf16_is_refused_and_a_byte_order_mark_skipped(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct node *root = NULL;
    assert_int_equal(tree_parse(desk->arena, "f",
                                "\xFF\xFE"
                                "a\0",
                                4, &desk->diagnostics, &root),
                     -1);
    desk_expect(desk, "f:1:1: error: saved as UTF-16: save it as UTF-8\n");
    desk_free(desk);

    desk = desk_new();
    assert_int_equal(desk_parse(desk,
                                "\xEF\xBB\xBF"
                                "a: 1\r\nb: 2\r\n",
                                &root),
                     0);
    assert_int_equal(root->children[0].key_at.column, 1);
    assert_string_equal(tree_find(root, "b")->text, "2");
    desk_free(desk);
}

static void a_formula_cut_at_its_comma_is_recognised_and_joined(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct node *root = NULL;
    assert_int_equal(desk_parse(desk, "x: {value: max(a, min(b, c)), unit: W}\n", &root), 0);
    desk_expect(desk,
                "f:1:12: error: inside {...} and [...] a comma ends the value: put quotes "
                "around a formula or text that has one: value: 'max(a, min(b, c))'\n");
    const struct node *entry = tree_find(root, "x");
    assert_int_equal(entry->count, 2);
    assert_string_equal(tree_find(entry, "value")->text, "max(a, min(b, c))");
    assert_string_equal(tree_find(entry, "unit")->text, "W");
    desk_free(desk);

    desk = desk_new();
    assert_int_equal(desk_parse(desk, "x: [Check (a, b), then c]\n", &root), 0);
    desk_expect(desk, "f:1:5: error: inside {...} and [...] a comma ends the value: put quotes "
                      "around a formula or text that has one: 'Check (a, b)'\n");
    desk_free(desk);

    desk = desk_new(); // nothing to join here
    assert_int_equal(desk_parse(desk, "x: {value: max(a, unit: W}\n", &root), 0);
    desk_expect(desk, "");
    desk_free(desk);
}

static char *repeated(const char *piece, size_t count)
{
    size_t length = strlen(piece);
    char *text = malloc(count * length + 1);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * length, piece, length);
    text[count * length] = '\0';
    return text;
}

// The bound on depth keeps libyaml's quadratic flow nesting away; 200 kB took 51 s with its
// loader.
static void nesting_is_bounded_and_cheap(void **state)
{
    (void)state;
    static const char *const pieces[] = {"{", "[", "{a: ", "{a:\n ", "- ", "? ", "[\n", "[{"};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct desk *desk = desk_new();
        const struct node *root = NULL;
        char *text = repeated(pieces[i], 200 * 1000 / strlen(pieces[i]));
        clock_t start = clock();
        assert_int_equal(desk_parse(desk, text, &root), -1);
        double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        assert_true(seconds < 2.0); // 0.1 without sanitizers
        assert_int_equal(desk->diagnostics.error_count, 1);
        free(text);
        desk_free(desk);
    }
    struct desk *desk = desk_new();
    const struct node *root = NULL;
    assert_int_equal(desk_parse(desk, "a: [[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]\n", &root), 0);
    assert_int_equal(desk_parse(desk, "a: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n", &root), -1);
    desk_expect(desk, "f:1:19: error: nested more than 16 deep: is a bracket not closed?\n");
    desk_free(desk);
}

static void size_and_number_of_values_are_bounded(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct node *root = NULL;
    char *text = repeated("#", MAX_TREE_BYTES + 1);
    assert_int_equal(desk_parse(desk, text, &root), -1);
    free(text);
    char *list = repeated("- 1\n", 10 * 1000);
    assert_int_equal(desk_parse(desk, list, &root), -1); // a list, but no map
    free(list);
    list = repeated("- 1\n", 10 * 1000 + 1);
    assert_int_equal(desk_parse(desk, list, &root), -1);
    free(list);
    char *keys = repeated("a: 1\n", 10 * 1000 + 1);
    assert_int_equal(desk_parse(desk, keys, &root), -1);
    free(keys);
    char *many = repeated("- [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]\n", 9000);
    assert_int_equal(desk_parse(desk, many, &root), -1);
    free(many);
    desk_expect(desk, "f:1:1: error: larger than 1 MiB: this is no map or site\n"
                      "f:1:1: error: a file holds keys and values; it begins with 'modbridge: "
                      "map/1' or 'modbridge: site/1'\n"
                      "f:7693:16: error: too many values in one file: more than 200000\n"
                      "f:10001:1: error: more than 10000 keys in one mapping\n"
                      "f:10001:3: error: more than 10000 values in one list\n");
    desk_free(desk);
}

static void a_file_that_cannot_be_read_says_why(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct node *root = NULL;
    assert_int_equal(tree_read(desk->arena, "/nowhere/x.yaml", &desk->diagnostics, &root), -1);
    assert_int_equal(tree_read(desk->arena, "/", &desk->diagnostics, &root), -1);
    desk_expect(desk,
                "/:1:1: error: cannot be read: Is a directory\n"
                "/nowhere/x.yaml:1:1: error: cannot be read: No such file or directory\n");
    desk_free(desk);
}

static void findings_are_bounded_sorted_and_said_once(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    struct position at = {"f", 3, 1};
    (void)diagnostics_error(&desk->diagnostics, &at, "late");
    at.line = 2;
    diagnostics_warning(&desk->diagnostics, &at, "early");
    diagnostics_warning(&desk->diagnostics, &at, "early");
    desk_expect(desk, "f:2:1: warning: early\nf:3:1: error: late\n");
    for (int i = 0; i < 150; i++) {
        at.line = 10 + i;
        (void)diagnostics_error(&desk->diagnostics, &at, "more");
    }
    assert_int_equal(desk->diagnostics.count, 100);
    assert_int_equal(desk->diagnostics.error_count, 151);
    char *printed = desk_print(desk);
    assert_non_null(strstr(printed, "\n52 more findings are not shown: correct these first\n"));
    free(printed);
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembers_places_and_quotes),
        cmocka_unit_test(texts_stay_as_they_are),
        cmocka_unit_test(refuses_what_is_not_strict),
        cmocka_unit_test(utf16_is_refused_and_a_byte_order_mark_skipped),
        cmocka_unit_test(a_formula_cut_at_its_comma_is_recognised_and_joined),
        cmocka_unit_test(nesting_is_bounded_and_cheap),
        cmocka_unit_test(size_and_number_of_values_are_bounded),
        cmocka_unit_test(a_file_that_cannot_be_read_says_why),
        cmocka_unit_test(findings_are_bounded_sorted_and_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
