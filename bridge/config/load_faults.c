// SPDX-License-Identifier: MIT
#include "config/load_faults.h"

#include <string.h>

#include "base/mem.h"
#include "base/suggest.h"
#include "config/fields.h"
#include "config/tree.h"

enum {
    MAX_FAULT_MS = 24 * 3600 * 1000,
    MAX_SPOILT_BYTES = 64,
};

struct file_fields {
    int seed;
    const struct node *faults;
};

// As struct fault_rule, before names and ranges are looked up.
struct rule_fields {
    struct fault_rule rule;
    const char *device;
    const char *bus;
    struct codes addresses;
    struct decimal chance;
    int exception;
};

static const struct word request_words[] = {
    {"all", FAULT_ALL_REQUESTS}, {"reads", FAULT_READS}, {"writes", FAULT_WRITES}, {NULL, 0}};

static const struct word table_words[] = {{"coil", TABLE_COIL},
                                          {"discrete", TABLE_DISCRETE},
                                          {"input", TABLE_INPUT},
                                          {"holding", TABLE_HOLDING},
                                          {NULL, 0}};

static const struct word lie_words[] = {{"transaction", LIE_TRANSACTION},
                                        {"protocol", LIE_PROTOCOL},
                                        {"length", LIE_LENGTH},
                                        {"unit", LIE_UNIT},
                                        {"function", LIE_FUNCTION},
                                        {"count", LIE_BYTE_COUNT},
                                        {"address", LIE_ADDRESS},
                                        {"value", LIE_VALUE},
                                        {"crc", LIE_CRC},
                                        {NULL, 0}};

#define RULE_DURATION(a_name, a_member, a_help)                                                \
    {                                                                                          \
        .name = (a_name), .kind = FIELD_DURATION, FIELD_AT(rule_fields, rule.a_member),        \
        .max = MAX_FAULT_MS, .initial = "0s", .help = (a_help)                                 \
    }

#define EFFECT_FLAG(a_name, a_help)                                                            \
    {                                                                                          \
        .name = #a_name, .kind = FIELD_BOOL, FIELD_AT(rule_fields, rule.effect.a_name),        \
        .initial = "false", .help = (a_help)                                                   \
    }

#define EFFECT_COUNT(a_name, a_max, a_help)                                                    \
    {                                                                                          \
        .name = #a_name, .kind = FIELD_INT, FIELD_AT(rule_fields, rule.effect.a_name),         \
        .min = 1, .max = (a_max), .help = (a_help)                                             \
    }

static const struct field rule_rows[] = {
    RULE_DURATION("at", from_ms, "when it begins, counted from when the file was read"),
    RULE_DURATION("for", lasting_ms, "how long it lasts; 0s: for ever"),
    RULE_DURATION("every", every_ms, "it begins again after this time; 0s: it does not"),
    {.name = "chance",
     .kind = FIELD_DECIMAL,
     FIELD_AT(rule_fields, chance),
     .initial = "1",
     .help = "of each request concerned, 0 to 1"},
    {.name = "nth",
     .kind = FIELD_INT,
     FIELD_AT(rule_fields, rule.nth),
     .min = 1,
     .max = 1000000,
     .help = "only each n-th request concerned"},
    {.name = "bus",
     .kind = FIELD_TEXT,
     FIELD_AT(rule_fields, bus),
     .help = "only on this bus of the site"},
    {.name = "device",
     .kind = FIELD_TEXT,
     FIELD_AT(rule_fields, device),
     .help = "only for this device"},
    {.name = "unit_id",
     .kind = FIELD_INT,
     FIELD_AT(rule_fields, rule.unit_id),
     .min = 0,
     .max = 255,
     .help = "only for this unit id"},
    {.name = "table",
     .kind = FIELD_WORD,
     FIELD_AT(rule_fields, rule.table),
     .words = table_words,
     .help = "only for requests to this table"},
    {.name = "addresses",
     .kind = FIELD_CODES,
     FIELD_AT(rule_fields, addresses),
     .help = "only for requests that touch these PDU addresses, n or a..b"},
    {.name = "requests",
     .kind = FIELD_WORD,
     FIELD_AT(rule_fields, rule.requests),
     .words = request_words,
     .initial = "all",
     .help = "only for these"},
    EFFECT_FLAG(silent, "the request is not heard"),
    EFFECT_FLAG(unanswered, "the request is carried out, but not answered"),
    EFFECT_FLAG(unexecuted, "a write is answered as if it had been carried out"),
    {.name = "exception",
     .kind = FIELD_INT,
     FIELD_AT(rule_fields, exception),
     .min = 1,
     .max = 255,
     .help = "the answer is this exception code"},
    EFFECT_FLAG(executed, "with an exception: the request is carried out all the same"),
    RULE_DURATION("latency", effect.latency_ms, "the answer comes so much later"),
    RULE_DURATION("jitter", effect.jitter_ms, "and up to so much later still"),
    {.name = "lie",
     .kind = FIELD_WORD,
     FIELD_AT(rule_fields, rule.effect.lie),
     .words = lie_words,
     .help = "what is untrue in a well-formed answer"},
    EFFECT_FLAG(stale, "the answer before goes out once more, instead"),
    EFFECT_FLAG(foreign, "an answer of another unit goes out first"),
    EFFECT_FLAG(echo, "the request itself comes back first"),
    EFFECT_COUNT(repeat, 3, "the answer goes out so many times more"),
    EFFECT_COUNT(truncate, MAX_SPOILT_BYTES, "bytes missing at the end of the answer"),
    EFFECT_COUNT(drop, MAX_SPOILT_BYTES, "bytes missing anywhere"),
    EFFECT_COUNT(flip, MAX_SPOILT_BYTES, "inverted bits"),
    EFFECT_COUNT(noise, MAX_SPOILT_BYTES, "random bytes in between"),
    {.name = "lead",
     .kind = FIELD_INT,
     FIELD_AT(rule_fields, rule.effect.lead),
     .min = 0,
     .max = 255,
     .help = "this byte before the answer"},
    RULE_DURATION("dribble", effect.dribble_ms, "between the bytes of the answer"),
    EFFECT_FLAG(close, "the connection is closed instead of an answer"),
    EFFECT_FLAG(reset, "the connection is reset instead of an answer"),
    EFFECT_FLAG(refuse, "a TCP endpoint closes every connection, and new ones at once"),
    EFFECT_FLAG(unplug, "a serial port is gone"),
    EFFECT_FLAG(strict_gap, "requests that break the silence between frames are not heard"),
};

static const struct field_table table_fault = {
    .name = "a fault",
    .help = "What goes wrong, when, and for which requests.",
    .rows = rule_rows,
    .count = ARRAY_LENGTH(rule_rows),
};

static const struct field file_rows[] = {
    {.name = "seed",
     .kind = FIELD_INT,
     FIELD_AT(file_fields, seed),
     .min = 1,
     .max = INT32_MAX,
     .help = "makes chance repeatable"},
    {.name = "faults",
     .kind = FIELD_NODE,
     FIELD_AT(file_fields, faults),
     .items = &table_fault,
     .required = true,
     .shape = "a list of faults",
     .help = "all that hold at the same time join"},
};

static const struct field_table table_faults_file = {
    .name = "a faults file",
    .help = "What simulated equipment does wrong.",
    .rows = file_rows,
    .count = ARRAY_LENGTH(file_rows),
};

static int find_name(const struct reader *reader, const struct node *node, const char *key,
                     const char *const *names, size_t count)
{
    struct strbuf text = {0};
    struct suggestion suggestion;
    suggest_start(&suggestion, node->text);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], node->text) == 0)
            return (int)i;
        suggest_candidate(&suggestion, names[i]);
    }
    suggest_append(&suggestion, &text);
    (void)diagnostics_error(reader->diagnostics, &node->at, "there is no %s '%s'%s", key,
                            node->text, strbuf_text(&text));
    strbuf_done(&text);
    return NO_INDEX;
}

static int find_names(const struct reader *reader, const struct layers *layers,
                      const struct fault_names *names, struct rule_fields *fields)
{
    struct fault_rule *rule = &fields->rule;
    if (fields->device)
        rule->device = find_name(reader, layers_find(layers, "device"), "device",
                                 names->devices, names->device_count);
    if (fields->bus)
        rule->bus = find_name(reader, layers_find(layers, "bus"), "bus", names->buses,
                              names->bus_count);
    bool is_found = (!fields->device || rule->device != NO_INDEX) &&
                    (!fields->bus || rule->bus != NO_INDEX);
    return is_found ? 0 : -1;
}

static int read_chance(const struct reader *reader, const struct layers *layers,
                       struct rule_fields *fields)
{
    const struct node *node = layers_find(layers, "chance");
    fields->rule.chance = 1;
    if (!node)
        return 0;
    fields->rule.chance =
        (double)fields->chance.mantissa * num_power_of_ten(fields->chance.exponent);
    if (fields->rule.chance >= 0 && fields->rule.chance <= 1)
        return 0;
    return diagnostics_error(reader->diagnostics, &node->at,
                             "chance is from 0 (never) to 1 (always), found %s", node->text);
}

static int read_addresses(const struct reader *reader, const struct layers *layers,
                          struct rule_fields *fields)
{
    const struct codes *codes = &fields->addresses;
    fields->rule.any_address = !codes->is_given;
    if (!codes->is_given)
        return 0;
    if (codes->low < 0 || codes->high > UINT16_MAX)
        return diagnostics_error(reader->diagnostics, &layers_find(layers, "addresses")->at,
                                 "addresses are from 0 to 65535");
    fields->rule.first_address = (uint16_t)codes->low;
    fields->rule.last_address = (uint16_t)codes->high;
    return 0;
}

// Keys that only say when and for whom.
static const char *const selecting_keys[] = {"at",    "for",       "every",   "chance",
                                             "nth",   "bus",       "device",  "unit_id",
                                             "table", "addresses", "requests"};

static bool has_effect(const struct node *mapping)
{
    size_t selecting = 0;
    for (size_t i = 0; i < mapping->count; i++) {
        for (size_t k = 0; k < ARRAY_LENGTH(selecting_keys); k++)
            selecting += strcmp(mapping->children[i].key, selecting_keys[k]) == 0;
    }
    return selecting < mapping->count;
}

static int check_rule(const struct reader *reader, const struct node *mapping,
                      const struct fault_rule *rule)
{
    const struct fault_effect *effect = &rule->effect;
    bool is_of_line = effect->refuse || effect->unplug || effect->strict_gap;
    bool is_picky = rule->device != NO_INDEX || rule->unit_id != NO_INDEX ||
                    rule->table != NO_INDEX || !rule->any_address || rule->requests ||
                    rule->nth || rule->chance < 1;
    if (!has_effect(mapping))
        return diagnostics_error(reader->diagnostics, &rule->at,
                                 "this fault does nothing: give it 'silent', 'exception', "
                                 "'latency' or another consequence");
    if (is_of_line && is_picky)
        return diagnostics_error(reader->diagnostics, &rule->at,
                                 "refuse, unplug and strict_gap are about a whole bus: only "
                                 "'bus', 'at', 'for' and 'every' may stand beside them");
    if (rule->every_ms && rule->lasting_ms >= rule->every_ms)
        return diagnostics_error(reader->diagnostics, &rule->at,
                                 "it lasts longer than until it begins again: 'for' must be "
                                 "shorter than 'every'");
    return 0;
}

static int read_rule(const struct reader *reader, const struct node *node,
                     const struct fault_names *names, struct fault_rule *ret_rule)
{
    struct rule_fields fields = {0};
    struct layers layers = {.nodes = {node}};
    fields.rule.device = NO_INDEX;
    fields.rule.bus = NO_INDEX;
    fields.rule.unit_id = NO_INDEX;
    fields.rule.table = NO_INDEX;
    fields.rule.effect.lead = NO_INDEX;
    fields.rule.at = node->at;
    if (fields_expect_mapping(reader, node, "a fault") ||
        fields_read(reader, &table_fault, &layers, &fields) ||
        find_names(reader, &layers, names, &fields) || read_chance(reader, &layers, &fields) ||
        read_addresses(reader, &layers, &fields))
        return -1;
    fields.rule.effect.exception = (uint8_t)fields.exception;
    *ret_rule = fields.rule;
    return check_rule(reader, node, &fields.rule);
}

static int read_rules(const struct reader *reader, const struct node *list,
                      const struct fault_names *names, struct fault_script *script)
{
    if (fields_expect_list(reader, list, "faults"))
        return -1;
    if (list->count > MAX_FAULT_RULES)
        return diagnostics_error(reader->diagnostics, &list->at, "more than %d faults",
                                 (int)MAX_FAULT_RULES);
    struct fault_rule *rules = ARENA_NEW_ARRAY(reader->arena, list->count, struct fault_rule);
    int failed = 0;
    for (size_t i = 0; i < list->count; i++)
        failed |= read_rule(reader, list->children[i].value, names, &rules[i]);
    script->rules = rules;
    script->count = list->count;
    return failed;
}

int config_load_faults(struct arena *arena, const char *path, const struct fault_names *names,
                       struct diagnostics *diagnostics, const struct fault_script **ret_script)
{
    const struct reader reader = {.arena = arena, .diagnostics = diagnostics};
    const struct node *root = NULL;
    struct file_fields fields = {0};
    if (tree_read(arena, path, diagnostics, &root))
        return -1;
    struct layers layers = {.nodes = {root}};
    if (fields_expect_mapping(&reader, root, "a faults file") ||
        fields_read(&reader, &table_faults_file, &layers, &fields))
        return -1;
    struct fault_script *script = ARENA_NEW(arena, struct fault_script);
    script->has_seed = fields.seed != 0;
    script->seed = (uint64_t)fields.seed;
    if (read_rules(&reader, fields.faults, names, script))
        return -1;
    *ret_script = script;
    return 0;
}
