// SPDX-License-Identifier: MIT
// The schema as a JSON document: every reference leads somewhere, every key is described, and
// what the tables say of a value is what an editor is told.
#include "config_support.h"

#include <jansson.h>

#include "config/schema.h"

static json_t *schema(enum schema_kind kind)
{
    struct strbuf text = {0};
    json_error_t error;
    schema_print(kind, &text);
    json_t *document = json_loads(strbuf_text(&text), JSON_REJECT_DUPLICATES, &error);
    if (!document)
        print_error("%s at %d:%d\n", error.text, error.line, error.column);
    assert_non_null(document);
    strbuf_done(&text);
    return document;
}

// The properties of a definition, which may be one of two forms.
static json_t *properties_of(json_t *document, const char *definition)
{
    json_t *found = json_object_get(json_object_get(document, "definitions"), definition);
    json_t *forms = json_object_get(found, "anyOf");
    json_t *form = forms ? json_array_get(forms, 1) : found;
    assert_true(json_is_false(json_object_get(form, "additionalProperties")));
    return json_object_get(form, "properties");
}

// Counts the references below and sees that each has its definition.
static size_t check_references(json_t *document, json_t *value)
{
    size_t count = 0;
    size_t index = 0;
    const char *key = NULL;
    json_t *inner = NULL;
    json_array_foreach(value, index, inner) count += check_references(document, inner);
    json_object_foreach(value, key, inner)
    {
        count += check_references(document, inner);
        if (strcmp(key, "$ref") != 0)
            continue;
        static const char before[] = "#/definitions/";
        assert_memory_equal(json_string_value(inner), before, strlen(before));
        assert_non_null(properties_of(document, json_string_value(inner) + strlen(before)));
        count++;
    }
    return count;
}

static void every_key_is_described_and_every_reference_leads_somewhere(void **state)
{
    (void)state;
    for (int kind = 0; kind < SCHEMA_KIND_COUNT; kind++) {
        json_t *document = schema((enum schema_kind)kind);
        const char *name = NULL;
        const char *key = NULL;
        json_t *definition = NULL;
        json_t *property = NULL;
        assert_true(check_references(document, document) >= 6);
        json_object_foreach(json_object_get(document, "definitions"), name, definition)
        {
            assert_true(json_object_size(properties_of(document, name)) > 0);
            json_object_foreach(properties_of(document, name), key, property)
                assert_true(json_string_length(json_object_get(property, "description")) > 3);
        }
        json_decref(document);
    }
}

// The alternatives that a key's value may be, as compact JSON.
static void expect_values(json_t *document, const char *definition, const char *key,
                          const char *expected)
{
    json_t *property = json_object_get(properties_of(document, definition), key);
    char *text = json_dumps(json_object_get(property, "anyOf"), JSON_COMPACT);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void what_the_tables_say_of_a_value(void **state)
{
    (void)state;
    json_t *map = schema(SCHEMA_MAP);
    json_t *site = schema(SCHEMA_SITE);
    expect_values(site, "bus", "parity", "[{\"enum\":[\"none\",\"even\",\"odd\"]}]");
    expect_values(site, "bus", "stop_bits",
                  "[{\"type\":\"integer\",\"minimum\":1,\"maximum\":2}]");
    expect_values(site, "site", "buses",
                  "[{\"type\":[\"object\",\"null\"],\"additionalProperties\":{\"anyOf\":["
                  "{\"$ref\":\"#/definitions/bus\"},{\"type\":\"null\"}]}}]");
    expect_values(map, "confirmation", "severity", "[{\"enum\":[\"info\",\"warning\"]}]");
    expect_values(map, "command", "steps",
                  "[{\"type\":\"array\",\"items\":{\"$ref\":"
                  "\"#/definitions/step\"}}]");
    // A word that looks like a number is one for an editor.
    json_t *words = json_object_get(
        json_array_get(
            json_object_get(json_object_get(properties_of(site, "bus"), "baud"), "anyOf"), 0),
        "enum");
    assert_string_equal(json_string_value(json_array_get(words, 6)), "9600");
    assert_int_equal(json_integer_value(json_array_get(words, 7)), 9600);
    json_decref(map);
    json_decref(site);
}

static void what_must_be_there(void **state)
{
    (void)state;
    json_t *map = schema(SCHEMA_MAP);
    json_t *confirmation = json_object_get(json_object_get(map, "definitions"), "confirmation");
    char *text = json_dumps(json_object_get(confirmation, "required"), JSON_COMPACT);
    assert_string_equal(text, "[\"severity\",\"title\"]");
    free(text);
    // A step is the word `steps`, where a procedure's steps go, or a mapping.
    json_t *step = json_object_get(json_object_get(map, "definitions"), "step");
    text = json_dumps(json_array_get(json_object_get(step, "anyOf"), 0), JSON_COMPACT);
    assert_string_equal(text, "{\"const\":\"steps\"}");
    free(text);
    json_decref(map);
}

static void the_reference_has_a_row_for_every_key(void **state)
{
    (void)state;
    for (int kind = 0; kind < SCHEMA_KIND_COUNT; kind++) {
        json_t *document = schema((enum schema_kind)kind);
        struct strbuf text = {0};
        schema_print_reference((enum schema_kind)kind, &text);
        const char *name = NULL;
        const char *key = NULL;
        json_t *definition = NULL;
        json_t *property = NULL;
        json_object_foreach(json_object_get(document, "definitions"), name, definition)
        {
            json_object_foreach(properties_of(document, name), key, property)
            {
                char row[100];
                (void)snprintf(row, sizeof row, "\n| `%s` | ", key);
                assert_non_null(strstr(strbuf_text(&text), row));
            }
        }
        strbuf_done(&text);
        json_decref(document);
    }
}

static void the_cells_of_the_reference(void **state)
{
    (void)state;
    struct strbuf site = {0};
    schema_print_reference(SCHEMA_SITE, &site);
    assert_non_null(
        strstr(strbuf_text(&site), "\n| `modbridge` | text | required | site/1 |\n"));
    assert_non_null(strstr(strbuf_text(&site), "\n| `parity` | `none` `even` `odd` | "));
    strbuf_done(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_described_and_every_reference_leads_somewhere),
        cmocka_unit_test(what_the_tables_say_of_a_value),
        cmocka_unit_test(what_must_be_there),
        cmocka_unit_test(the_reference_has_a_row_for_every_key),
        cmocka_unit_test(the_cells_of_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
