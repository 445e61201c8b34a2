// SPDX-License-Identifier: MIT
// The simulation section of a map (docs/simulation.md).
#include <string.h>

#include "base/mem.h"
#include "config/load.h"
#include "config/load_simulated_values.h"
#include "model/simulation.h"
#include "registers/codec.h"

struct simulation_fields {
    const struct node *values;
    const struct node *identification;
    const struct node *chain;
    const struct node *rules;
    const struct node *noise;
};

static const struct field simulation_rows[] = {
    {.name = "values",
     .kind = FIELD_NODE,
     FIELD_AT(simulation_fields, values),
     .shape = "a mapping (entry: value)",
     .help = "what entries hold at first; null is \"no value\""},
    {.name = "identification",
     .kind = FIELD_NODE,
     FIELD_AT(simulation_fields, identification),
     .table = &table_simulated_identification,
     .help = "what the device says of itself (function 43); default: vendor and model"},
    {.name = "sunspec",
     .kind = FIELD_NODE,
     FIELD_AT(simulation_fields, chain),
     .table = &table_given_chain,
     .help = "the chain of SunSpec models the device has; default: each model the map names"},
    {.name = "rules",
     .items = &table_simulation_rule,
     .each = &table_simulation_rule,
     .kind = FIELD_NODE,
     FIELD_AT(simulation_fields, rules),
     .shape = "a list of rules, or {name: rule}",
     .help = "what the device does by itself; a map that extends this one can replace a rule "
             "that has a name"},
    {.name = "noise",
     .kind = FIELD_NODE,
     FIELD_AT(simulation_fields, noise),
     .shape = "a mapping (entry: amplitude)",
     .help = "how far a number strays from what it was set to, in its unit"},
};

const struct field_table table_simulation = {
    .name = "simulation",
    .help = "How `modbridge simulate` plays this device; nothing else reads it.",
    .rows = simulation_rows,
    .count = ARRAY_LENGTH(simulation_rows),
};

struct rule_fields {
    const struct node *written;
    const struct node *when;
    int64_t after_ms;
    int refuse;
    const struct node *keep;
    const struct node *restore;
    const struct node *clear;
    const struct node *set;
    int64_t over_ms;
    int64_t silent_ms;
    bool close;
};

enum { MAX_RULE_MS = 24 * 3600 * 1000 };

static const struct field rule_rows[] = {
    {.name = "when",
     .kind = FIELD_FORMULA,
     FIELD_AT(rule_fields, when),
     .help = "a condition: the rule acts when it becomes true; beside written: when it is true "
             "at the write"},
    {.name = "written",
     .kind = FIELD_NODE,
     FIELD_AT(rule_fields, written),
     .shape = "an entry or a list of entries",
     .help = "the rule acts at every write of one of them"},
    {.name = "after",
     .kind = FIELD_DURATION,
     FIELD_AT(rule_fields, after_ms),
     .max = MAX_RULE_MS,
     .initial = "0s",
     .help = "how much later; a condition that ends before is forgotten"},
    {.name = "set",
     .kind = FIELD_NODE,
     FIELD_AT(rule_fields, set),
     .shape = "a mapping (entry: value or formula)",
     .help = "values that entries get"},
    {.name = "over",
     .kind = FIELD_DURATION,
     FIELD_AT(rule_fields, over_ms),
     .max = MAX_RULE_MS,
     .initial = "0s",
     .help = "how long the numbers of set: take to get there, in a straight line"},
    {.name = "keep",
     .kind = FIELD_NODE,
     FIELD_AT(rule_fields, keep),
     .shape = "an entry or a list of entries",
     .help = "entries whose present values are remembered"},
    {.name = "restore",
     .kind = FIELD_NODE,
     FIELD_AT(rule_fields, restore),
     .shape = "an entry or a list of entries",
     .help = "entries that get back what was remembered"},
    {.name = "clear",
     .kind = FIELD_NODE,
     FIELD_AT(rule_fields, clear),
     .shape = "an entry or a list of entries",
     .help = "entries that get their \"no value\" pattern, or NaN"},
    {.name = "refuse",
     .kind = FIELD_INT,
     FIELD_AT(rule_fields, refuse),
     .min = 1,
     .max = 255,
     .help = "the exception code with which the write is refused"},
    {.name = "silent",
     .kind = FIELD_DURATION,
     FIELD_AT(rule_fields, silent_ms),
     .max = MAX_RULE_MS,
     .initial = "0s",
     .help = "how long the device answers nothing"},
    {.name = "close",
     .kind = FIELD_BOOL,
     FIELD_AT(rule_fields, close),
     .initial = "false",
     .help = "its connections are closed"},
};

const struct field_table table_simulation_rule = {
    .name = "a rule",
    .help = "What a simulated device does by itself.",
    .rows = rule_rows,
    .count = ARRAY_LENGTH(rule_rows),
};

// A map that removes an entry of the map it extends, or computes it, need not repeat without it
// what is said there of its simulation.
static bool is_from_below(const struct loader *loader, const struct position *at)
{
    return at->file != loader->root->at.file;
}

static bool is_dropped(const struct loader *loader, const char *key, const struct position *at)
{
    const struct name *row = names_find(&loader->names, key);
    if (!is_from_below(loader, at))
        return false;
    return !row || (row->kind == NAME_POINT && loader->points[row->index].formula);
}

static int load_list(struct loader *loader, const struct node *node, const char *name,
                     const int **ret_points, size_t *ret_count)
{
    if (!node)
        return 0;
    bool is_list = node->kind == NODE_SEQUENCE;
    size_t count = is_list ? node->count : 1;
    size_t kept = 0;
    int *points = ARENA_NEW_ARRAY(loader->reader.arena, count, int);
    for (size_t i = 0; i < count; i++) {
        const struct node *item = is_list ? node->children[i].value : node;
        if (item->kind == NODE_SCALAR && is_dropped(loader, item->text, &item->at))
            continue;
        points[kept] = load_reference(loader, item, name);
        if (points[kept++] == NO_INDEX)
            return -1;
    }
    *ret_points = points;
    *ret_count = kept;
    return 0;
}

// The entry that a key of a mapping names.
static int load_key(struct loader *loader, const struct child *child, const char *name)
{
    struct node key = {.kind = NODE_SCALAR, .at = child->key_at, .text = child->key};
    return load_reference(loader, &key, name);
}

static const char *find_label(const struct point *point, const struct node *node)
{
    for (size_t i = 0; point->labels && i < point->labels->count; i++) {
        const char *text = point->labels->rows[i].text;
        if (node->kind == NODE_SCALAR && strcmp(text, node->text) == 0)
            return text;
    }
    return NULL;
}

// Whether there are words that can be set to what is wanted.
static int check_settable(struct loader *loader, int index, const struct position *at)
{
    const struct point *point = &loader->points[index];
    if (loader->entries[index].is_broken || !point->formula)
        return 0;
    return diagnostics_error(loader->reader.diagnostics, at,
                             "'%s' is made by a formula: set the entries it is made from",
                             point->key);
}

static int check_clear(struct loader *loader, const struct node *node,
                       const struct simulation_rule *rule)
{
    for (size_t i = 0; i < rule->clear_count; i++) {
        const struct point *point = &loader->points[rule->clear[i]];
        bool is_real = point->type == TYPE_F32 || point->type == TYPE_F64;
        if (!point->invalid_count && !is_real)
            return diagnostics_error(loader->reader.diagnostics, &node->at,
                                     "clear: nothing means \"no value\" for '%s': give the "
                                     "entry an invalid: pattern",
                                     point->key);
    }
    return 0;
}

// A label of the entry, or a formula over the device's own entries.
static int load_set_value(struct loader *loader, int index, const struct node *node,
                          const struct formula **ret_formula)
{
    const char *label = find_label(&loader->points[index], node);
    struct scope scope = {
        .loader = loader, .owner = NO_INDEX, .allow_write_only = true, .allow_now = true};
    struct error err;
    if (label && !loader->points[index].labels->is_boolean) {
        struct value text = value_text(label);
        *ret_formula = formula_constant(loader->reader.arena, &text);
        return 0;
    }
    if (load_entry_type(loader, index, &err))
        return -1; // was reported where the entry stands
    return load_formula(&scope, node, "set", loader->entries[index].type, ret_formula);
}

static int load_set(struct loader *loader, const struct node *node,
                    struct simulation_rule *rule)
{
    if (!node)
        return 0;
    if (fields_expect_mapping(&loader->reader, node, "set"))
        return -1;
    struct assignment *set =
        ARENA_NEW_ARRAY(loader->reader.arena, node->count, struct assignment);
    rule->set = set;
    for (size_t i = 0; i < node->count; i++) {
        const struct child *child = &node->children[i];
        struct assignment *one = &set[rule->set_count];
        if (is_dropped(loader, child->key, &child->key_at))
            continue;
        one->point = load_key(loader, child, "set");
        if (one->point == NO_INDEX || check_settable(loader, one->point, &child->key_at) ||
            load_set_value(loader, one->point, child->value, &one->value))
            return -1;
        rule->set_count++;
    }
    return 0;
}

static int load_condition(struct loader *loader, const struct node *node,
                          struct simulation_rule *rule)
{
    const struct scope scope = {
        .loader = loader, .owner = NO_INDEX, .allow_write_only = true, .allow_now = true};
    return node ? load_formula(&scope, node, "when", FORMULA_BOOLEAN, &rule->when) : 0;
}

static bool does_something(const struct simulation_rule *rule)
{
    return rule->refuse || rule->keep_count || rule->restore_count || rule->clear_count ||
           rule->set_count || rule->silent_ms || rule->close;
}

// Whether all entries whose writes begin it, or all that it changes, are dropped.
static bool is_left_over(const struct loader *loader, const struct rule_fields *fields,
                         const struct simulation_rule *rule)
{
    bool begins = fields->written ? rule->written_count > 0 : fields->when != NULL;
    return is_from_below(loader, &rule->at) && (!begins || !does_something(rule));
}

static int check_rule(struct loader *loader, const struct node *node,
                      const struct rule_fields *fields, const struct simulation_rule *rule)
{
    struct diagnostics *diagnostics = loader->reader.diagnostics;
    if (!fields->when && !rule->written_count)
        return diagnostics_error(diagnostics, &node->at,
                                 "a rule needs when: (a condition) or written: (an entry)");
    if (rule->refuse && !rule->written_count)
        return diagnostics_error(diagnostics, &node->at,
                                 "refuse: needs written: (the entry whose write is refused)");
    if (!does_something(rule))
        return diagnostics_error(diagnostics, &node->at,
                                 "the rule does nothing: add set:, clear:, keep:, restore:, "
                                 "refuse:, silent: or close:");
    return 0;
}

// 1: what the rule is about is not there in this map; -1 after a finding.
static int load_rule(struct loader *loader, const struct node *node,
                     struct simulation_rule *rule)
{
    struct rule_fields fields = {0};
    struct layers layers = {.nodes = {node}};
    if (fields_expect_mapping(&loader->reader, node, "a rule") ||
        fields_read(&loader->reader, &table_simulation_rule, &layers, &fields))
        return -1;
    rule->at = node->at;
    rule->after_ms = fields.after_ms;
    rule->over_ms = fields.over_ms;
    rule->silent_ms = fields.silent_ms;
    rule->refuse = (uint8_t)fields.refuse;
    rule->close = fields.close;
    int failed = load_condition(loader, fields.when, rule);
    failed |=
        load_list(loader, fields.written, "written", &rule->written, &rule->written_count);
    failed |= load_set(loader, fields.set, rule);
    failed |= load_list(loader, fields.keep, "keep", &rule->keep, &rule->keep_count);
    failed |=
        load_list(loader, fields.restore, "restore", &rule->restore, &rule->restore_count);
    failed |= load_list(loader, fields.clear, "clear", &rule->clear, &rule->clear_count);
    if (fields.clear)
        failed |= check_clear(loader, fields.clear, rule);
    if (failed)
        return -1;
    if (is_left_over(loader, &fields, rule))
        return 1;
    return check_rule(loader, node, &fields, rule);
}

static void load_rules(struct loader *loader, const struct node *node,
                       struct simulation *simulation)
{
    if (!node)
        return;
    if (node->kind != NODE_MAPPING && fields_expect_list(&loader->reader, node, "rules"))
        return;
    if (node->count > MAX_SIMULATION_RULES) {
        (void)diagnostics_error(loader->reader.diagnostics, &node->at,
                                "more than %d rules: %zu", (int)MAX_SIMULATION_RULES,
                                node->count);
        return;
    }
    struct simulation_rule *rules =
        ARENA_NEW_ARRAY(loader->reader.arena, node->count, struct simulation_rule);
    simulation->rules = rules;
    for (size_t i = 0; i < node->count; i++) {
        struct simulation_rule *rule = &rules[simulation->rule_count];
        *rule = (struct simulation_rule){0};
        if (load_rule(loader, node->children[i].value, rule) == 0)
            simulation->rule_count++;
    }
}

static int load_amplitude(struct loader *loader, const struct child *child,
                          struct simulation_noise *noise)
{
    struct decimal amplitude = {0};
    struct error err;
    noise->point = load_key(loader, child, "noise");
    if (noise->point == NO_INDEX ||
        field_read_decimal(&loader->reader, child->value, child->key, &amplitude))
        return -1;
    if (load_entry_type(loader, noise->point, &err))
        return -1; // was reported where the entry stands
    if (loader->entries[noise->point].type != FORMULA_NUMBER ||
        loader->points[noise->point].formula)
        return diagnostics_error(loader->reader.diagnostics, &child->key_at,
                                 "noise: '%s' is not a number that is read", child->key);
    if (amplitude.mantissa < 0)
        return diagnostics_error(loader->reader.diagnostics, &child->value->at,
                                 "noise: how far '%s' strays is not negative", child->key);
    noise->amplitude = (double)amplitude.mantissa * num_power_of_ten(amplitude.exponent);
    return 0;
}

static void load_noise(struct loader *loader, const struct node *node,
                       struct simulation *simulation)
{
    if (!node || fields_expect_mapping(&loader->reader, node, "noise"))
        return;
    struct simulation_noise *noise =
        ARENA_NEW_ARRAY(loader->reader.arena, node->count, struct simulation_noise);
    for (size_t i = 0; i < node->count; i++)
        (void)load_amplitude(loader, &node->children[i], &noise[i]);
    simulation->noise = noise;
    simulation->noise_count = node->count;
}

// Where scaling depends on other registers, whether a value fits is known when it is encoded.
static void check_values(struct loader *loader, const struct simulation *simulation)
{
    for (size_t i = 0; i < simulation->value_count; i++) {
        const struct given_value *given = &simulation->values[i];
        const struct point *point = &loader->points[given->point];
        uint16_t words[MAX_POINT_WORDS] = {0};
        struct error err;
        if (loader->entries[given->point].is_broken ||
            check_settable(loader, given->point, &given->at))
            continue;
        if (point->sf == NO_INDEX && !point->scale_formula && value_is_known(&given->value) &&
            codec_encode(point, &given->value, words, &err))
            (void)diagnostics_error(loader->reader.diagnostics, &given->at, "%s", err.text);
    }
}

// The children of a mapping that are about entries there are.
static const struct node *without_dropped(struct loader *loader, const struct node *node)
{
    if (!node || node->kind != NODE_MAPPING)
        return node;
    struct node *rest = ARENA_NEW(loader->reader.arena, struct node);
    struct child *children = ARENA_NEW_ARRAY(loader->reader.arena, node->count, struct child);
    *rest = *node;
    rest->children = children;
    rest->count = 0;
    for (size_t i = 0; i < node->count; i++) {
        if (!is_dropped(loader, node->children[i].key, &node->children[i].key_at))
            children[rest->count++] = node->children[i];
    }
    return rest;
}

static void load_chain(struct loader *loader, const struct node *node,
                       struct simulation *simulation)
{
    if (!node || load_given_chain(&loader->reader, node, &simulation->chain))
        return;
    if (loader->map.modbus.sunspec_count == 0)
        (void)diagnostics_error(loader->reader.diagnostics, &node->at,
                                "sunspec: the map says nothing of SunSpec models: it has no "
                                "sunspec under modbus");
}

void load_simulation(struct loader *loader, const struct node *node)
{
    struct simulation_fields fields = {0};
    struct layers layers = {.nodes = {node}};
    if (!node || fields_expect_mapping(&loader->reader, node, "simulation") ||
        fields_read(&loader->reader, &table_simulation, &layers, &fields))
        return;
    struct simulation *simulation = ARENA_NEW(loader->reader.arena, struct simulation);
    struct map map = loader->map;
    map.points = loader->points;
    map.point_count = loader->count;
    if (fields.values)
        (void)load_given_values(&loader->reader, &map, without_dropped(loader, fields.values),
                                &simulation->values, &simulation->value_count);
    check_values(loader, simulation);
    if (fields.identification)
        (void)load_simulated_identification(&loader->reader, fields.identification,
                                            &simulation->identification);
    load_chain(loader, fields.chain, simulation);
    load_rules(loader, fields.rules, simulation);
    load_noise(loader, without_dropped(loader, fields.noise), simulation);
    loader->map.simulation = simulation;
}
