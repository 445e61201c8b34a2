// SPDX-License-Identifier: MIT
#include <string.h>

#include "base/mem.h"
#include "config/load.h"
#include "registers/codec.h"

struct alert_fields {
    const struct node *from;
    int bit;
    struct codes code;
    bool otherwise;
    const struct node *when;
    int severity;
    const char *display_name;
    const char *description;
    struct texts troubleshooting;
    const struct node *repeat;
};

static const struct word severities[] = {
    {"info", SEVERITY_INFO}, {"warning", SEVERITY_WARNING}, {"error", SEVERITY_ERROR}, {0}};

// clang-format off
static const struct field alert_rows[] = {
    {.name = "from", .kind = FIELD_FORMULA, FIELD_AT(alert_fields, from), .shape = "name",
     .help = "the entry whose bit or code it is"},
    {.name = "bit", .kind = FIELD_INT, FIELD_AT(alert_fields, bit), .min = 0, .max = 63,
     .help = "bit of the whole value, 0 is the lowest"},
    {.name = "code", .kind = FIELD_CODES, FIELD_AT(alert_fields, code),
     .help = "code of an event list, or value of a register; one or a..b"},
    {.name = "otherwise", .kind = FIELD_BOOL, FIELD_AT(alert_fields, otherwise), .initial = "false",
     .help = "any code no other alert names"},
    {.name = "when", .kind = FIELD_FORMULA, FIELD_AT(alert_fields, when),
     .help = "condition; beside from: only while it is true"},
    {.name = "severity", .kind = FIELD_WORD, FIELD_AT(alert_fields, severity), .words = severities, .required = true,
     .help = "info, warning or error"},
    {.name = "display_name", .kind = FIELD_TEXT, FIELD_AT(alert_fields, display_name), .help = "name for people; default: made from the key"},
    {.name = "description", .kind = FIELD_TEXT, FIELD_AT(alert_fields, description), .help = "what it means"},
    {.name = "troubleshooting", .kind = FIELD_TEXTS, FIELD_AT(alert_fields, troubleshooting), .help = "what to do, step by step"},
    {.name = "repeat", .kind = FIELD_NODE, FIELD_AT(alert_fields, repeat), .shape = "{name: 1..4} or {name: [..]}",
     .help = "writes the alert out several times"},
};
// clang-format on

const struct field_table table_alert = {
    .name = "an alert",
    .help = "a bit, a code or a condition whose name is published while it holds",
    .rows = alert_rows,
    .count = ARRAY_LENGTH(alert_rows),
};

struct alerts {
    struct loader *loader;
    struct alert *rows;
    size_t count;
};

static int fail(struct loader *loader, const struct position *at, const char *key,
                const char *why)
{
    return diagnostics_error(loader->reader.diagnostics, at, "alert '%s': %s", key, why);
}

static int set_kind(struct loader *loader, const struct spot *spot,
                    const struct alert_fields *fields, struct alert *alert)
{
    int ways = (fields->bit != NO_INDEX) + fields->code.is_given + fields->otherwise;
    if (!fields->from && ways > 0)
        return fail(loader, &spot->at, spot->key,
                    "bit, code and otherwise need from: the entry they are of");
    if (!fields->from && !fields->when)
        return fail(loader, &spot->at, spot->key,
                    "say when it is active: from: with bit or code, or when: a condition");
    if (fields->from && ways != 1)
        return fail(loader, &spot->at, spot->key,
                    "beside from: give exactly one of bit, code and otherwise: true");
    if (!fields->from)
        alert->kind = ALERT_CONDITION;
    else if (fields->bit != NO_INDEX)
        alert->kind = ALERT_BIT;
    else
        alert->kind = fields->otherwise ? ALERT_OTHERWISE : ALERT_CODE;
    alert->bit = fields->bit;
    alert->code = fields->code.low;
    alert->code_high = fields->code.high;
    return 0;
}

// Bits and codes are of what the entry is made of: with bits: of those alone.
static int check_bit(struct loader *loader, const struct spot *spot, const struct alert *alert)
{
    const struct point *point = &loader->points[alert->from];
    struct position at = tree_find(spot->node, "bit")->at;
    bool is_field = point->bit_low != NO_INDEX;
    int count = is_field ? point->bit_high - point->bit_low + 1 : 16 * point->word_count;
    if (!codec_type(point->type)->is_integer)
        return fail(loader, &at, spot->key, "only integers have bits");
    if (alert->bit < count)
        return 0;
    return diagnostics_error(loader->reader.diagnostics, &at,
                             "alert '%s': '%s' has the bits 0 to %d%s", spot->key, point->key,
                             count - 1, is_field ? " (0 is the first one of its bits:)" : "");
}

static int check_code(struct loader *loader, const struct spot *spot, const struct alert *alert)
{
    const struct point *point = &loader->points[alert->from];
    const struct node *node = tree_find(spot->node, "code");
    struct value low = {0};
    struct value high = {0};
    if (alert->code > alert->code_high)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "alert '%s': the range %s runs backwards", spot->key,
                                 node->text);
    if (!codec_limits(point, true, &low, &high) ||
        (alert->code >= low.integer && alert->code_high <= high.integer))
        return 0;
    char least[48];
    char most[48];
    value_format(&low, least, sizeof least);
    value_format(&high, most, sizeof most);
    return diagnostics_error(loader->reader.diagnostics, &node->at,
                             "alert '%s': the code %s cannot occur: '%s' holds %s to %s",
                             spot->key, node->text, point->key, least, most);
}

static int check_source(struct loader *loader, const struct spot *spot,
                        const struct alert_fields *fields, const struct alert *alert)
{
    const struct point *point = &loader->points[alert->from];
    const struct type_row *type = codec_type(point->type);
    if (point->source == SOURCE_FORMULA)
        return fail(loader, &fields->from->at, spot->key,
                    "from: names a computed entry: write the condition with when:");
    if (!(point->access & ACCESS_READ))
        return fail(loader, &fields->from->at, spot->key,
                    "from: names an entry that can only be written");
    bool is_list = point->type == TYPE_EVENT_LIST;
    if (alert->kind == ALERT_BIT)
        return check_bit(loader, spot, alert);
    if (!is_list && !type->is_integer)
        return fail(loader, &fields->from->at, spot->key,
                    "codes come from an integer or an event_list");
    return alert->kind == ALERT_CODE ? check_code(loader, spot, alert) : 0;
}

static bool is_same_condition(const struct formula *a, const struct formula *b)
{
    return a && b ? formula_order(a, b) == 0 : a == b;
}

static bool is_twin(const struct alert *a, const struct alert *b)
{
    if (a->from != b->from || a->kind != b->kind || !is_same_condition(a->when, b->when))
        return false;
    if (a->kind == ALERT_BIT)
        return a->bit == b->bit;
    return a->kind != ALERT_CODE || (a->code <= b->code_high && b->code <= a->code_high);
}

static void warn_of_twins(const struct alerts *alerts, const struct alert *alert)
{
    for (size_t i = 0; i < alerts->count; i++) {
        if (!is_twin(&alerts->rows[i], alert))
            continue;
        diagnostics_warning(alerts->loader->reader.diagnostics, &alert->at,
                            "alert '%s' is active whenever '%s' (line %d) is: the same %s",
                            alert->key, alerts->rows[i].key, alerts->rows[i].at.line,
                            alert->kind == ALERT_CONDITION ? "condition" : "bit or code");
        return;
    }
}

static int load_alert(struct loader *loader, const struct spot *spot, struct alert *alert)
{
    struct alert_fields fields = {.bit = NO_INDEX};
    struct layers layers = {{spot->node}};
    struct scope scope = {.loader = loader, .spot = spot, .owner = NO_INDEX};
    if (fields_read(&loader->reader, &table_alert, &layers, &fields) < 0)
        return -1;
    *alert = (struct alert){
        .key = spot->key,
        .at = spot->at,
        .from = NO_INDEX,
        .severity = (enum severity)fields.severity,
        .display_name = fields.display_name,
        .description = fields.description,
        .troubleshooting = fields.troubleshooting.items,
        .troubleshooting_count = fields.troubleshooting.count,
    };
    if (set_kind(loader, spot, &fields, alert) < 0)
        return -1;
    if (fields.when &&
        load_formula(&scope, fields.when, "when", FORMULA_BOOLEAN, &alert->when) < 0)
        return -1;
    if (fields.when)
        check_verdict(loader, fields.when, "when", alert->when,
                      fields.from ? "leave it out" : "the alert never ends",
                      "the alert is never active");
    if (!fields.from)
        return 0;
    alert->from = load_reference(loader, fields.from, "from");
    if (alert->from == NO_INDEX || loader->entries[alert->from].typing != TYPING_DONE)
        return -1;
    return check_source(loader, spot, &fields, alert);
}

// Names of alerts are a namespace of their own.
static bool is_taken(const struct alerts *alerts, const struct spot *spot)
{
    for (size_t i = 0; i < alerts->count; i++) {
        if (strcmp(alerts->rows[i].key, spot->key) != 0)
            continue;
        (void)diagnostics_error(alerts->loader->reader.diagnostics, &spot->at,
                                "alert '%s' was already given at line %d", spot->key,
                                alerts->rows[i].at.line);
        return true;
    }
    return false;
}

void load_alerts(struct loader *loader, const struct node *node)
{
    struct spots spots = spots_expand(loader, node, "alerts");
    struct alerts alerts = {
        .loader = loader,
        .rows = ARENA_NEW_ARRAY(loader->reader.arena, spots.count, struct alert),
    };
    for (size_t i = 0; i < spots.count; i++) {
        const struct spot *spot = &spots.items[i];
        struct alert *alert = &alerts.rows[alerts.count];
        if (names_check_form(&loader->reader, spot->key, &spot->at) < 0 ||
            is_taken(&alerts, spot) || load_alert(loader, spot, alert) < 0)
            continue;
        warn_of_twins(&alerts, alert);
        alerts.count++;
    }
    loader->map.alerts = alerts.rows;
    loader->map.alert_count = alerts.count;
}
