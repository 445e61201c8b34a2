// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/load_command.h"
#include "registers/setter.h"

enum { DEFAULT_TIMEOUT_MS = 30 * 1000 };

// clang-format off
static const struct field command_rows[] = {
    {.name = "display_name", .kind = FIELD_TEXT, FIELD_AT(command_fields, display_name), .help = "name for people; default: made from the key"},
    {.name = "description", .kind = FIELD_TEXT, FIELD_AT(command_fields, description), .help = "what it does, for people"},
    {.name = "group", .kind = FIELD_TEXT, FIELD_AT(command_fields, group), .initial = "control", .help = "under which heading it is shown"},
    {.name = "confirmation", .kind = FIELD_NODE, .table = &table_confirmation, FIELD_AT(command_fields, confirmation), .shape = "{severity, title, description}",
     .help = "what is asked before it is sent"},
    {.name = "arguments", .kind = FIELD_NODE, .each = &table_argument, FIELD_AT(command_fields, arguments), .shape = "{name: {type, ...}}", .help = "what the sender may give"},
    {.name = "steps", .kind = FIELD_NODE, .items = &table_step, FIELD_AT(command_fields, steps), .shape = "list of steps", .help = "what it does, in order"},
    {.name = "set", .kind = FIELD_FORMULA, FIELD_AT(command_fields, set), .shape = "name of an entry",
     .help = "instead of arguments and steps: one argument of that name, written, read back and returned"},
    {.name = "min", .kind = FIELD_FORMULA, FIELD_AT(command_fields, min), .help = "with set: smallest value, a number or a formula over registers"},
    {.name = "max", .kind = FIELD_FORMULA, FIELD_AT(command_fields, max), .help = "with set: largest value"},
    {.name = "wrap", .kind = FIELD_FORMULA, FIELD_AT(command_fields, wrap), .shape = "name of a procedure",
     .help = "the procedure whose '- steps' stands for this command's steps"},
    {.name = "result", .kind = FIELD_NODE, FIELD_AT(command_fields, result), .shape = "{name: formula}",
     .help = "what the response holds; default: every readable register written"},
    {.name = "timeout", .kind = FIELD_DURATION, FIELD_AT(command_fields, timeout_ms), .min = 1000, .max = 86400000,
     .initial = "30s", .help = "longest time the command may take"},
    {.name = "repeat", .kind = FIELD_NODE, FIELD_AT(command_fields, repeat), .shape = "{name: 1..4} or {name: [..]}", .help = "writes the command out several times"},
};
// clang-format on

const struct field_table table_command = {
    .name = "a command",
    .help = "what may be asked of the device",
    .rows = command_rows,
    .count = ARRAY_LENGTH(command_rows),
};

struct confirmation_fields {
    int severity;
    const char *title;
    const char *description;
};

static const struct word severities[] = {
    {"info", SEVERITY_INFO}, {"warning", SEVERITY_WARNING}, {0}};

static const struct field confirmation_rows[] = {
    {.name = "severity",
     .kind = FIELD_WORD,
     FIELD_AT(confirmation_fields, severity),
     .words = severities,
     .required = true,
     .help = "info or warning"},
    {.name = "title",
     .kind = FIELD_TEXT,
     FIELD_AT(confirmation_fields, title),
     .required = true,
     .help = "the question"},
    {.name = "description",
     .kind = FIELD_TEXT,
     FIELD_AT(confirmation_fields, description),
     .help = "more about it"},
};

const struct field_table table_confirmation = {
    .name = "confirmation",
    .help = "what is asked before the command is sent",
    .rows = confirmation_rows,
    .count = ARRAY_LENGTH(confirmation_rows),
};

static void note_written(struct draft_command *draft, int point)
{
    if (!(draft->loader->points[point].access & ACCESS_READ) ||
        draft->written_count == MAX_ARGUMENTS)
        return;
    for (size_t i = 0; i < draft->written_count; i++) {
        if (draft->written[i] == point)
            return;
    }
    draft->written[draft->written_count++] = point;
}

void note_writes(struct draft_command *draft, struct step *step)
{
    bool is_own = draft->in_own_steps || !draft->fields.wrap;
    if (!is_own)
        return;
    for (size_t i = 0; i < step->write_count && step->verify; i++)
        note_written(draft, step->writes[i].point);
    if (!draft->is_wrapped || !step->verify)
        return;
    // The equipment takes the values over when the procedure ends.
    struct step *verify = add_step(draft, &draft->verifies, STEP_VERIFY, &step->at);
    verify->when = step->when;
    verify->writes = step->writes;
    verify->write_count = step->write_count;
    verify->verify = true;
    verify->within_ms = step->within_ms;
    step->verify = false;
}

int load_set_step(struct draft_command *draft, struct step_list *list)
{
    const struct node *set = draft->fields.set;
    struct arena *arena = draft->loader->reader.arena;
    struct node *value = ARENA_NEW(arena, struct node);
    struct node *write = ARENA_NEW(arena, struct node);
    struct child *child = ARENA_NEW(arena, struct child);
    *value = *set;
    *child = (struct child){.key = set->text, .key_at = set->at, .value = value};
    *write = (struct node){.kind = NODE_MAPPING, .at = set->at, .children = child, .count = 1};
    struct step step = setter_step(&draft->loader->map.modbus, &set->at);
    if (load_assignments(draft, write, "set", &step.writes, &step.write_count) < 0)
        return -1;
    note_writes(draft, &step);
    *add_step(draft, list, STEP_WRITE, &set->at) = step;
    return 0;
}

static int report_unknown_procedure(struct draft_command *draft, const struct node *wrap)
{
    const struct node *procedures = draft->loader->procedures;
    struct strbuf text = {0};
    struct suggestion suggestion;
    suggest_start(&suggestion, wrap->text);
    for (size_t i = 0; procedures && i < procedures->count; i++)
        suggest_candidate(&suggestion, procedures->children[i].key);
    strbuf_printf(&text, "wrap: there is no procedure '%s'", wrap->text);
    suggest_append(&suggestion, &text);
    (void)diagnostics_error(draft->loader->reader.diagnostics, &wrap->at, "%s",
                            strbuf_text(&text));
    strbuf_done(&text);
    return -1;
}

static int load_wrapped(struct draft_command *draft, struct step_list *list)
{
    const struct node *wrap = draft->fields.wrap;
    const struct node *procedure = tree_find(draft->loader->procedures, wrap->text);
    if (!procedure)
        return report_unknown_procedure(draft, wrap);
    draft->is_wrapped = true;
    int result = load_steps(draft, procedure, wrap->text, list);
    if (!draft->has_own && result == 0)
        result = diagnostics_error(draft->loader->reader.diagnostics, &procedure->at,
                                   "the procedure '%s' needs '- steps' where the steps of its "
                                   "commands belong",
                                   wrap->text);
    for (size_t i = 0; i < draft->verifies.count; i++)
        *add_step(draft, list, STEP_VERIFY, &wrap->at) = draft->verifies.items[i];
    return result;
}

static int load_all_steps(struct draft_command *draft, struct step_list *list)
{
    if (!draft->fields.set && !draft->fields.steps)
        return diagnostics_error(draft->loader->reader.diagnostics, &draft->spot->at,
                                 "command '%s' does nothing: give steps:, or set: an entry",
                                 draft->spot->key);
    if (draft->fields.wrap)
        return load_wrapped(draft, list);
    if (draft->fields.set)
        return load_set_step(draft, list);
    return load_steps(draft, draft->fields.steps, "steps", list);
}

static int load_results(struct draft_command *draft, struct command *command)
{
    const struct node *node = draft->fields.result;
    struct loader *loader = draft->loader;
    int result = 0;
    if (fields_expect_mapping(&loader->reader, node, "result") < 0)
        return -1;
    if (node->count > MAX_ARGUMENTS)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "result: at most %d values", MAX_ARGUMENTS);
    struct result_field *fields =
        ARENA_NEW_ARRAY(loader->reader.arena, node->count, struct result_field);
    for (size_t i = 0; i < node->count; i++) {
        fields[i].key = node->children[i].key;
        if (load_formula(&draft->scope, node->children[i].value, fields[i].key, FORMULA_ANY,
                         &fields[i].value) < 0)
            result = -1;
    }
    command->results = fields;
    command->result_count = node->count;
    return result;
}

// By default the response says what the written registers now hold.
static int make_results(struct draft_command *draft, struct command *command)
{
    struct loader *loader = draft->loader;
    struct scope scope = {.loader = loader, .owner = NO_INDEX};
    struct result_field *fields =
        ARENA_NEW_ARRAY(loader->reader.arena, draft->written_count, struct result_field);
    for (size_t i = 0; i < draft->written_count; i++) {
        fields[i].key = loader->points[draft->written[i]].key;
        if (load_formula_text(&scope, draft->spot->node, fields[i].key, FORMULA_ANY,
                              &fields[i].value) < 0)
            return -1;
    }
    command->results = fields;
    command->result_count = draft->written_count;
    return 0;
}

static int load_confirmation(struct draft_command *draft, struct command *command)
{
    struct confirmation_fields fields = {0};
    struct layers layers = {{draft->fields.confirmation}};
    if (!draft->fields.confirmation)
        return 0;
    if (fields_read(&draft->loader->reader, &table_confirmation, &layers, &fields) < 0)
        return -1;
    command->has_confirmation = true;
    command->confirmation_severity = (enum severity)fields.severity;
    command->confirmation_title = fields.title;
    command->confirmation_description = fields.description;
    return 0;
}

static int load_command(struct loader *loader, const struct spot *spot, struct command *command)
{
    struct draft_command draft = {
        .loader = loader, .spot = spot, .fields = {.timeout_ms = DEFAULT_TIMEOUT_MS}};
    struct layers layers = {{spot->node}};
    struct step_list steps = {0};
    if (fields_read(&loader->reader, &table_command, &layers, &draft.fields) < 0 ||
        load_arguments(&draft) < 0)
        return -1;
    int result = load_argument_limits(&draft);
    draft.scope = (struct scope){
        .loader = loader,
        .spot = spot,
        .owner = NO_INDEX,
        .arguments = draft.arguments,
        .argument_count = draft.argument_count,
        .allow_now = true,
    };
    *command = (struct command){
        .key = spot->key,
        .display_name = draft.fields.display_name,
        .description = draft.fields.description,
        .group = draft.fields.group,
        .at = spot->at,
        .timeout_ms = draft.fields.timeout_ms,
        .set_point = NO_INDEX,
    };
    if (load_all_steps(&draft, &steps) < 0)
        result = -1;
    if (load_confirmation(&draft, command) < 0)
        result = -1;
    command->arguments = draft.arguments;
    command->argument_count = draft.argument_count;
    command->steps = steps.items;
    command->step_count = steps.count;
    if (draft.fields.set)
        command->set_point = draft.arguments[0].target;
    if (draft.fields.result && load_results(&draft, command) < 0)
        result = -1;
    else if (!draft.fields.result && result == 0)
        result = make_results(&draft, command);
    return result;
}

// A procedure is checked by itself too: findings in one that no command uses would be hidden.
static void check_procedures(struct loader *loader)
{
    const struct node *procedures = loader->procedures;
    for (size_t i = 0; procedures && i < procedures->count; i++) {
        struct node name = {.kind = NODE_SCALAR, .text = procedures->children[i].key};
        struct spot spot = {.key = procedures->children[i].key,
                            .at = procedures->children[i].key_at,
                            .node = procedures->children[i].value};
        struct draft_command draft = {
            .loader = loader,
            .spot = &spot,
            .fields = {.wrap = &name},
            .scope = {.loader = loader, .owner = NO_INDEX, .allow_now = true},
        };
        struct step_list steps = {0};
        (void)names_check_form(&loader->reader, spot.key, &spot.at);
        (void)load_wrapped(&draft, &steps);
    }
}

static bool is_taken(const struct loader *loader, const struct command *rows, size_t count,
                     const struct spot *spot)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].key, spot->key) != 0)
            continue;
        (void)diagnostics_error(loader->reader.diagnostics, &spot->at,
                                "command '%s' was already given at line %d", spot->key,
                                rows[i].at.line);
        return true;
    }
    return false;
}

void load_commands(struct loader *loader, const struct node *node)
{
    if (loader->procedures &&
        fields_expect_mapping(&loader->reader, loader->procedures, "procedures") < 0)
        loader->procedures = NULL;
    check_procedures(loader);
    struct spots spots = spots_expand(loader, node, "commands");
    struct command *rows = ARENA_NEW_ARRAY(loader->reader.arena, spots.count, struct command);
    size_t count = 0;
    for (size_t i = 0; i < spots.count; i++) {
        const struct spot *spot = &spots.items[i];
        if (names_check_form(&loader->reader, spot->key, &spot->at) == 0 &&
            !is_taken(loader, rows, count, spot) &&
            load_command(loader, spot, &rows[count]) == 0)
            count++;
    }
    loader->map.commands = rows;
    loader->map.command_count = count;
    load_twins(loader);
}
