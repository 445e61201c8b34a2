// SPDX-License-Identifier: MIT
#include <string.h>

#include "base/mem.h"
#include "config/load_command.h"

enum { NOT_GIVEN = -1, DEFAULT_STEPS_ROOM = 8 };

// The keys of a step as written.
struct step_fields {
    const struct node *kinds[STEP_KIND_COUNT]; // the one that makes it a write, a wait, ...
    const struct node *verify;
    int64_t within_ms;
    const struct node *hold;
    const struct node *otherwise;
    const struct node *on_failure;
    const struct node *when;
};

// clang-format off
static const struct field step_rows[] = {
    {.name = "write", .kind = FIELD_NODE, FIELD_AT(step_fields, kinds[STEP_WRITE]), .shape = "{entry: value or formula}",
     .help = "writes entries in one request and reads them back"},
    {.name = "wait", .kind = FIELD_NODE, FIELD_AT(step_fields, kinds[STEP_WAIT]), .shape = "duration",
     .help = "lets time pass; polling goes on"},
    {.name = "require", .kind = FIELD_FORMULA, FIELD_AT(step_fields, kinds[STEP_REQUIRE]),
     .help = "condition that must hold now"},
    {.name = "expect", .kind = FIELD_FORMULA, FIELD_AT(step_fields, kinds[STEP_EXPECT]),
     .help = "condition that must become true within a time"},
    {.name = "try", .kind = FIELD_NODE, .items = &table_step, FIELD_AT(step_fields, kinds[STEP_TRY]), .shape = "list of steps",
     .help = "steps after whose failure on_failure runs"},
    {.name = "log", .kind = FIELD_FORMULA, FIELD_AT(step_fields, kinds[STEP_LOG]), .shape = "text with {formulas}",
     .help = "tells the sender how far it is"},
    {.name = "reconnect", .kind = FIELD_NODE, FIELD_AT(step_fields, kinds[STEP_RECONNECT]), .shape = "duration",
     .help = "waits until the device answers again"},
    {.name = "verify", .kind = FIELD_NODE, FIELD_AT(step_fields, verify), .shape = "true, false or {within: duration}",
     .initial = "true", .help = "whether a write is read back, and how long that may take"},
    {.name = "within", .kind = FIELD_DURATION, FIELD_AT(step_fields, within_ms), .max = 86400000,
     .help = "how long expect waits"},
    {.name = "hold", .kind = FIELD_NODE, .table = &table_hold, FIELD_AT(step_fields, hold), .shape = "{every: duration, for: seconds, then: {entry: value}}",
     .help = "writes again and again what the equipment forgets"},
    {.name = "otherwise", .kind = FIELD_FORMULA, FIELD_AT(step_fields, otherwise), .shape = "text with {formulas}",
     .help = "what to say when require or expect fails"},
    {.name = "on_failure", .kind = FIELD_NODE, .items = &table_step, FIELD_AT(step_fields, on_failure), .shape = "list of steps",
     .help = "runs when a step of try failed"},
    {.name = "when", .kind = FIELD_FORMULA, FIELD_AT(step_fields, when),
     .help = "the step is only taken when this is true"},
};
// clang-format on

const struct field_table table_step = {
    .name = "a step",
    .help = "one thing a command does",
    .rows = step_rows,
    .count = ARRAY_LENGTH(step_rows),
};

// Which steps a modifier belongs to.
static const struct {
    const char *key;
    enum step_kind kinds[2];
    const char *belongs;
} modifiers[] = {
    {"verify", {STEP_WRITE, STEP_WRITE}, "write"},
    {"hold", {STEP_WRITE, STEP_WRITE}, "write"},
    {"within", {STEP_EXPECT, STEP_EXPECT}, "expect"},
    {"otherwise", {STEP_REQUIRE, STEP_EXPECT}, "require and expect"},
    {"on_failure", {STEP_TRY, STEP_TRY}, "try"},
};

struct step *add_step(struct draft_command *draft, struct step_list *list, enum step_kind kind,
                      const struct position *at)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : DEFAULT_STEPS_ROOM;
        struct step *items =
            ARENA_NEW_ARRAY(draft->loader->reader.arena, capacity, struct step);
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    struct step *step = &list->items[list->count++];
    *step = (struct step){.kind = kind, .at = *at};
    draft->step_count++;
    return step;
}

static int find_kind(struct draft_command *draft, const struct node *node,
                     const struct step_fields *fields)
{
    struct diagnostics *diagnostics = draft->loader->reader.diagnostics;
    int found = NO_INDEX;
    for (int i = 0; i < STEP_KIND_COUNT; i++) {
        if (!fields->kinds[i])
            continue;
        if (found != NO_INDEX)
            return diagnostics_error(diagnostics, &node->at,
                                     "a step does one thing: make two steps, each with its own "
                                     "'- '");
        found = i;
    }
    if (found == NO_INDEX)
        return diagnostics_error(
            diagnostics, &node->at,
            "what does this step do? It needs one of write, wait, require, "
            "expect, try, log and reconnect");
    for (size_t i = 0; i < ARRAY_LENGTH(modifiers); i++) {
        bool fits = (int)modifiers[i].kinds[0] == found || (int)modifiers[i].kinds[1] == found;
        if (tree_find(node, modifiers[i].key) && !fits) {
            struct position at = tree_key_at(node, modifiers[i].key);
            return diagnostics_error(diagnostics, &at, "%s belongs to a step with %s",
                                     modifiers[i].key, modifiers[i].belongs);
        }
    }
    return found;
}

static int load_verify(struct draft_command *draft, const struct node *node, struct step *step)
{
    const struct reader *reader = &draft->loader->reader;
    step->verify = true;
    step->within_ms = draft->loader->map.modbus.verify_within_ms;
    if (!node)
        return 0;
    if (node->kind == NODE_SCALAR)
        return field_read_bool(reader, node, "verify", &step->verify);
    const struct node *within = tree_find(node, "within");
    if (node->kind != NODE_MAPPING || node->count != 1 || !within)
        return diagnostics_error(reader->diagnostics, &node->at,
                                 "verify: true, false or {within: duration}");
    return field_read_duration(reader, within, "within", &step->within_ms);
}

// verify: written out, where nothing can be read back.
static void check_verify(struct draft_command *draft, const struct node *verify,
                         const struct step *step)
{
    bool is_readable = false;
    for (size_t i = 0; i < step->write_count; i++)
        is_readable |= (draft->loader->points[step->writes[i].point].access & ACCESS_READ) != 0;
    bool is_wanted = verify && (verify->kind != NODE_SCALAR || step->verify);
    if (is_wanted && !is_readable)
        diagnostics_warning(draft->loader->reader.diagnostics, &verify->at,
                            "verify: what is written here cannot be read (access: w), so "
                            "nothing is read back");
}

static int load_write(struct draft_command *draft, const struct step_fields *fields,
                      struct step *step)
{
    int result = load_assignments(draft, fields->kinds[STEP_WRITE], "write", &step->writes,
                                  &step->write_count);
    if (load_verify(draft, fields->verify, step) < 0)
        result = -1;
    if (result == 0 && fields->hold)
        result = load_hold(draft, fields->hold, step);
    if (result == 0) {
        note_writes(draft, step);
        check_verify(draft, fields->verify, step);
    }
    return result;
}

// A condition that waiting cannot change, or that nothing changes.
static void check_condition(struct draft_command *draft, const struct node *node,
                            const char *name, const struct step *step)
{
    struct loader *loader = draft->loader;
    check_verdict(loader, node, name, step->condition, "it checks nothing",
                  "the steps behind it never run");
    if (step->kind == STEP_EXPECT && !formula_can_change(step->condition) &&
        !formula_constant_value(step->condition))
        diagnostics_warning(loader->reader.diagnostics, &node->at,
                            "expect: nothing in this condition is read from the equipment, so "
                            "waiting does not change it: use require");
}

static int load_condition(struct draft_command *draft, const struct step_fields *fields,
                          struct step *step)
{
    const struct node *node = fields->kinds[step->kind];
    const char *name = step->kind == STEP_EXPECT ? "expect" : "require";
    int result = load_formula(&draft->scope, node, name, FORMULA_BOOLEAN, &step->condition);
    if (result == 0)
        check_condition(draft, node, name, step);
    if (fields->otherwise &&
        load_template(&draft->scope, fields->otherwise, "otherwise", &step->otherwise) < 0)
        result = -1;
    if (step->kind == STEP_REQUIRE)
        return result;
    step->within_ms = fields->within_ms;
    if (fields->within_ms == NOT_GIVEN)
        return diagnostics_error(draft->loader->reader.diagnostics, &step->at,
                                 "expect needs within: how long it may take, such as within: "
                                 "30s");
    return result;
}

// NOLINTNEXTLINE(misc-no-recursion): try inside try, at most MAX_STEP_DEPTH
static int load_on_failure(struct draft_command *draft, const struct node *node,
                           struct step_list *list)
{
    bool was_in_failure = draft->in_failure;
    draft->in_failure = true;
    int result = load_steps(draft, node, "on_failure", list);
    draft->in_failure = was_in_failure;
    return result;
}

// NOLINTNEXTLINE(misc-no-recursion): try inside try, at most MAX_STEP_DEPTH
static int load_try(struct draft_command *draft, const struct step_fields *fields,
                    struct step *step)
{
    struct step_list steps = {0};
    struct step_list on_failure = {0};
    if (++draft->depth > MAX_STEP_DEPTH)
        return diagnostics_error(draft->loader->reader.diagnostics, &step->at,
                                 "try inside try: at most %d deep", MAX_STEP_DEPTH);
    int result = load_steps(draft, fields->kinds[STEP_TRY], "try", &steps);
    if (!fields->on_failure)
        result = diagnostics_error(draft->loader->reader.diagnostics, &step->at,
                                   "try needs on_failure: the steps that undo it");
    else if (load_on_failure(draft, fields->on_failure, &on_failure) < 0)
        result = -1;
    draft->depth--;
    step->steps = steps.items;
    step->step_count = steps.count;
    step->on_failure = on_failure.items;
    step->on_failure_count = on_failure.count;
    return result;
}

// NOLINTNEXTLINE(misc-no-recursion): try inside try, at most MAX_STEP_DEPTH
static int load_kind(struct draft_command *draft, const struct step_fields *fields,
                     struct step *step)
{
    const struct reader *reader = &draft->loader->reader;
    const struct node *node = fields->kinds[step->kind];
    switch (step->kind) {
    case STEP_WRITE:
        return load_write(draft, fields, step);
    case STEP_REQUIRE:
    case STEP_EXPECT:
        return load_condition(draft, fields, step);
    case STEP_TRY:
        return load_try(draft, fields, step);
    case STEP_LOG:
        return load_template(&draft->scope, node, "log", &step->text);
    case STEP_WAIT:
        return field_read_duration(reader, node, "wait", &step->duration_ms);
    case STEP_RECONNECT:
        return field_read_duration(reader, node, "reconnect", &step->duration_ms);
    case STEP_VERIFY:
    case STEP_KIND_COUNT:
        break;
    }
    return 0;
}

// NOLINTNEXTLINE(misc-no-recursion): try inside try, at most MAX_STEP_DEPTH
static int load_step(struct draft_command *draft, const struct node *node,
                     struct step_list *list)
{
    struct step_fields fields = {.within_ms = NOT_GIVEN};
    struct layers layers = {{node}};
    int result = fields_read(&draft->loader->reader, &table_step, &layers, &fields);
    if (node->kind != NODE_MAPPING)
        return -1;
    if (result < 0)
        return -1; // a misspelt key may have been the one that says what it does
    int kind = find_kind(draft, node, &fields);
    if (kind < 0)
        return -1;
    // Written in place at the end: steps inside make the list of this one move.
    struct step step = {.kind = (enum step_kind)kind, .at = node->at};
    if (fields.when &&
        load_formula(&draft->scope, fields.when, "when", FORMULA_BOOLEAN, &step.when) < 0)
        result = -1;
    else if (fields.when)
        check_verdict(draft->loader, fields.when, "when", step.when, "leave it out",
                      "this step never runs");
    if (load_kind(draft, &fields, &step) < 0)
        result = -1;
    *add_step(draft, list, step.kind, &node->at) = step;
    return result;
}

// NOLINTNEXTLINE(misc-no-recursion): the command's own steps inside its procedure, once
static int load_own_steps(struct draft_command *draft, const struct node *node,
                          struct step_list *list)
{
    struct loader *loader = draft->loader;
    if (draft->in_own_steps || !draft->fields.wrap)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "'- steps' belongs into a procedure: it stands for the steps "
                                 "of the command that uses it");
    if (draft->has_own)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "'- steps' stands in a procedure once");
    draft->has_own = true;
    draft->in_own_steps = true;
    int result = 0;
    if (draft->fields.set)
        result = load_set_step(draft, list);
    else if (draft->fields.steps)
        result = load_steps(draft, draft->fields.steps, "steps", list);
    draft->in_own_steps = false;
    return result;
}

// NOLINTNEXTLINE(misc-no-recursion): try inside try, at most MAX_STEP_DEPTH
int load_steps(struct draft_command *draft, const struct node *node, const char *name,
               struct step_list *list)
{
    struct loader *loader = draft->loader;
    int result = 0;
    if (fields_expect_list(&loader->reader, node, name) < 0)
        return -1;
    for (size_t i = 0; i < node->count; i++) {
        const struct node *item = node->children[i].value;
        bool is_own = item->kind == NODE_SCALAR && strcmp(item->text, "steps") == 0;
        if (draft->step_count >= MAX_STEPS)
            return diagnostics_error(loader->reader.diagnostics, &item->at,
                                     "a command has at most %d steps", MAX_STEPS);
        int step_result =
            is_own ? load_own_steps(draft, item, list) : load_step(draft, item, list);
        if (step_result < 0)
            result = -1;
    }
    return result;
}
