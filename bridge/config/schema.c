// SPDX-License-Identifier: MIT
#include "config/schema.h"

#include <string.h>

#include "base/mem.h"
#include "config/load.h"
#include "config/load_simulated_values.h"
#include "config/load_site.h"

// The mappings of a file, in the order of the reference; each is a definition of the schema.
static const struct field_table *const map_tables[] = {
    &table_map,         &table_modbus,
    &table_parameter,   &table_entry,
    &table_alert,       &table_command,
    &table_argument,    &table_confirmation,
    &table_step,        &table_hold,
    &table_simulation,  &table_simulation_rule,
    &table_given_chain, &table_simulated_identification,
};

static const struct field_table *const site_tables[] = {
    &table_site,        &table_cloud,  &table_bus,    &table_share,
    &table_share_write, &table_device, &table_modbus,
};

struct document {
    const char *format; // "modbridge: map/1"
    const char *title;
    const struct field_table *const *tables; // the first is the whole file
    size_t count;
};

static const struct document documents[SCHEMA_KIND_COUNT] = {
    [SCHEMA_MAP] = {"map/1", "modbridge map: a kind of Modbus device", map_tables,
                    ARRAY_LENGTH(map_tables)},
    [SCHEMA_SITE] = {"site/1", "modbridge site: one installation", site_tables,
                     ARRAY_LENGTH(site_tables)},
};

// The name of a table without its article: "an entry" is "entry", "a cloud connection" is
// "cloud_connection".
static void add_key(struct strbuf *out, const struct field_table *table)
{
    const char *name = table->name;
    if (strncmp(name, "a ", 2) == 0)
        name += 2;
    else if (strncmp(name, "an ", 3) == 0)
        name += 3;
    for (; *name; name++)
        strbuf_add(out, *name == ' ' ? "_" : (char[]){*name, '\0'});
}

static void add_reference(struct strbuf *out, const struct field_table *table)
{
    strbuf_add(out, "{\"$ref\":\"#/definitions/");
    add_key(out, table);
    strbuf_add(out, "\"}");
}

static bool is_listed(const struct document *document, const struct field_table *table)
{
    for (size_t i = 0; i < document->count; i++) {
        if (document->tables[i] == table)
            return true;
    }
    return false;
}

static void add_words(struct strbuf *out, const struct word *words)
{
    strbuf_add(out, "{\"enum\":[");
    for (size_t i = 0; words[i].text; i++) {
        strbuf_add(out, i ? "," : "");
        strbuf_add_json(out, words[i].text);
        int64_t number = 0;
        // Editors take a word such as 9600 for the number it looks like.
        if (num_parse_int(words[i].text, &number))
            strbuf_printf(out, ",%lld", (long long)number);
    }
    strbuf_add(out, "]}");
}

#define PARAMETER "{\"type\":\"string\",\"pattern\":\"^[A-Za-z][A-Za-z0-9_]*$\"}"

static void add_integer(struct strbuf *out, const struct field *field)
{
    strbuf_add(out, "{\"type\":\"integer\"");
    if (field->min || field->max)
        strbuf_printf(out, ",\"minimum\":%lld,\"maximum\":%lld", (long long)field->min,
                      (long long)field->max);
    strbuf_add(out, "}");
}

static void add_each(struct strbuf *out, const struct field_table *each)
{
    strbuf_add(out, "{\"type\":[\"object\",\"null\"],\"additionalProperties\":{\"anyOf\":[");
    add_reference(out, each);
    strbuf_add(out, ",{\"type\":\"null\"}]}}");
}

static void add_items(struct strbuf *out, const struct field_table *items)
{
    strbuf_add(out, "{\"type\":\"array\",\"items\":");
    add_reference(out, items);
    strbuf_add(out, "}");
}

// What a mapping, a list or anything else inside may be.
static void add_inside(struct strbuf *out, const struct document *document,
                       const struct field *field)
{
    bool has_each = field->each && is_listed(document, field->each);
    bool has_items = field->items && is_listed(document, field->items);
    if (field->table && is_listed(document, field->table))
        add_reference(out, field->table);
    else if (!has_each && !has_items)
        strbuf_add(out, "{}");
    if (has_each)
        add_each(out, field->each);
    if (has_each && has_items)
        strbuf_add(out, ",");
    if (has_items)
        add_items(out, field->items);
}

#define SCALAR   "{\"type\":[\"string\",\"number\",\"boolean\"]}"
#define DURATION "{\"type\":[\"string\",\"integer\"],\"pattern\":\"^(0|[0-9]+(ms|s|m|h|d))$\"}"

// The schema of a value by its kind; those with numbers or tables of their own are added above.
// NOLINTBEGIN(bugprone-suspicious-missing-comma): the texts are put together on purpose
static const char *const fixed[] = {
    [FIELD_FORMULA] = SCALAR,
    [FIELD_TEXT] = SCALAR,
    [FIELD_TEXTS] = "{\"anyOf\":[" SCALAR ",{\"type\":\"array\",\"items\":" SCALAR "}]}",
    [FIELD_BOOL] = "{\"type\":\"boolean\"}",
    [FIELD_DECIMAL] = "{\"type\":\"number\"}",
    [FIELD_DURATION] = DURATION,
    [FIELD_SIZE] =
        "{\"type\":[\"string\",\"integer\"],\"pattern\":\"^(0|[0-9]+(B|kB|MB|GB))$\"}",
    [FIELD_CODES] = "{\"type\":[\"integer\",\"string\"]}",
    [FIELD_INTERVAL] = "{\"type\":\"array\",\"items\":{\"type\":\"number\"},\"minItems\":2,"
                       "\"maxItems\":2}",
};
// NOLINTEND(bugprone-suspicious-missing-comma)

static void add_value(struct strbuf *out, const struct document *document,
                      const struct field *field)
{
    if (field->kind == FIELD_NODE)
        add_inside(out, document, field);
    else if (field->kind == FIELD_INT)
        add_integer(out, field);
    else if (field->kind != FIELD_WORD)
        strbuf_add(out, fixed[field->kind]);
}

static void add_property(struct strbuf *out, const struct document *document,
                         const struct field *field)
{
    strbuf_add_json(out, field->name);
    strbuf_add(out, ":{\"description\":");
    strbuf_add_json(out, field->help);
    strbuf_add(out, ",\"anyOf\":[");
    add_value(out, document, field);
    if (field->words) {
        strbuf_add(out, field->kind == FIELD_WORD ? "" : ",");
        add_words(out, field->words);
    }
    if (field->by_parameter)
        strbuf_add(out, "," PARAMETER);
    strbuf_add(out, "]}");
}

static void add_required(struct strbuf *out, const struct field_table *table)
{
    bool any = false;
    for (size_t i = 0; i < table->count; i++) {
        if (!table->rows[i].required)
            continue;
        strbuf_add(out, any ? "," : ",\"required\":[");
        strbuf_add_json(out, table->rows[i].name);
        any = true;
    }
    if (any)
        strbuf_add(out, "]");
}

static void add_definition(struct strbuf *out, const struct document *document,
                           const struct field_table *table)
{
    strbuf_add(out, "\"");
    add_key(out, table);
    // An entry may be the value of a preset; a step of a procedure may be the word "steps".
    strbuf_add(out, "\":{");
    if (table->help) {
        strbuf_add(out, "\"description\":");
        strbuf_add_json(out, table->help);
        strbuf_add(out, ",");
    }
    if (table == &table_step)
        strbuf_add(out, "\"anyOf\":[{\"const\":\"steps\"},{");
    strbuf_add(out, "\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
    for (size_t i = 0; i < table->count; i++) {
        strbuf_add(out, i ? ",\n    " : "\n    ");
        add_property(out, document, &table->rows[i]);
    }
    strbuf_add(out, "}");
    add_required(out, table);
    strbuf_add(out, table == &table_step ? "}]}" : "}");
}

void schema_print(enum schema_kind kind, struct strbuf *out)
{
    const struct document *document = &documents[kind];
    strbuf_add(out, "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\n\"title\":");
    strbuf_add_json(out, document->title);
    strbuf_add(out, ",\n\"allOf\":[");
    add_reference(out, document->tables[0]);
    strbuf_printf(out, ",{\"properties\":{\"modbridge\":{\"const\":\"%s\"}}}],\n",
                  document->format);
    strbuf_add(out, "\"definitions\":{\n");
    for (size_t i = 0; i < document->count; i++) {
        strbuf_add(out, i ? ",\n  " : "  ");
        add_definition(out, document, document->tables[i]);
    }
    strbuf_add(out, "}}\n");
}

// --- the reference

static void add_words_text(struct strbuf *out, const struct word *words)
{
    for (size_t i = 0; words[i].text; i++)
        strbuf_printf(out, "%s`%s`", i ? " " : "", words[i].text);
}

static const char *const kind_texts[] = {
    [FIELD_NODE] = "",
    [FIELD_FORMULA] = "name, number or formula",
    [FIELD_TEXT] = "text",
    [FIELD_TEXTS] = "text, or list of texts",
    [FIELD_BOOL] = "`true` `false`",
    [FIELD_INT] = "whole number",
    [FIELD_DECIMAL] = "number",
    [FIELD_DURATION] = "duration such as `500ms` `5s` `3m`",
    [FIELD_SIZE] = "size such as `256MB`",
    [FIELD_WORD] = "",
    [FIELD_CODES] = "number, or `a..b`",
    [FIELD_INTERVAL] = "`[low, high]`",
};

static void add_values_text(struct strbuf *out, const struct field *field)
{
    if (field->shape)
        strbuf_add(out, field->shape);
    else
        strbuf_add(out, kind_texts[field->kind]);
    if (field->kind == FIELD_INT && (field->min || field->max))
        strbuf_printf(out, " %lld .. %lld", (long long)field->min, (long long)field->max);
    if (!field->words)
        return;
    strbuf_add(out, field->kind == FIELD_WORD ? "" : "; or ");
    add_words_text(out, field->words);
    if (field->by_parameter)
        strbuf_add(out, "; or a parameter that holds one of them");
}

// A cell may not hold the bar that separates cells.
static void add_cell(struct strbuf *out, const char *text)
{
    for (; *text; text++)
        strbuf_add(out, *text == '|' ? "\\|" : (char[]){*text, '\0'});
}

static void add_row(struct strbuf *out, const struct field *field)
{
    struct strbuf values = {0};
    add_values_text(&values, field);
    strbuf_printf(out, "| `%s` | ", field->name);
    add_cell(out, strbuf_text(&values));
    strbuf_printf(out, " | %s | ",
                  field->required  ? "required"
                  : field->initial ? field->initial
                                   : "");
    add_cell(out, field->help);
    strbuf_add(out, " |\n");
    strbuf_done(&values);
}

void schema_print_reference(enum schema_kind kind, struct strbuf *out)
{
    const struct document *document = &documents[kind];
    for (size_t i = 0; i < document->count; i++) {
        const struct field_table *table = document->tables[i];
        strbuf_printf(out, "%s### %s\n\n", i ? "\n" : "", table->name);
        if (table->help)
            strbuf_printf(out, "%s\n\n", table->help);
        strbuf_add(out, "| key | values | default | meaning |\n|---|---|---|---|\n");
        for (size_t k = 0; k < table->count; k++)
            add_row(out, &table->rows[k]);
    }
}
