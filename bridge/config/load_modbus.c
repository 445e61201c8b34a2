// SPDX-License-Identifier: MIT
#include <string.h>

#include "base/mem.h"
#include "config/load.h"
#include "model/message.h"
#include "registers/codec.h"

// The keys of modbus: as written.
struct modbus_fields {
    struct modbus_settings settings;
    int word_order;
    int byte_order;
    int write_function;
    const struct node *verify;
    const struct node *invalid;
    const struct node *blocks;
    const struct node *unreadable;
    const struct node *sunspec;
};

static const struct word addressings[] = {
    {"zero_based", 0}, {"one_based", 1}, {"modicon", 2}, {0}};
static const struct word orders[] = {{"big", ORDER_BIG}, {"little", ORDER_LITTLE}, {0}};
static const struct word gaps[] = {{"auto", GAP_AUTO}, {0}};
static const struct word write_functions[] = {
    {"single", WRITE_SINGLE}, {"multiple", WRITE_MULTIPLE}, {0}};

// clang-format off
static const struct field modbus_rows[] = {
    {.name = "addressing", .kind = FIELD_WORD, FIELD_AT(modbus_fields, settings.address_base), .words = addressings,
     .initial = "zero_based", .help = "what addresses count from: the frame's own number, one more, or 40001, 30001, ..."},
    {.name = "word_order", .kind = FIELD_WORD, FIELD_AT(modbus_fields, word_order), .words = orders, .by_parameter = true,
     .initial = "big", .help = "which word of a value comes first: the high one (big) or the low one (little)"},
    {.name = "byte_order", .kind = FIELD_WORD, FIELD_AT(modbus_fields, byte_order), .words = orders, .by_parameter = true,
     .initial = "big", .help = "little: the bytes inside each word are swapped"},
    {.name = "max_registers", .kind = FIELD_INT, FIELD_AT(modbus_fields, settings.max_registers), .min = 1, .max = MAX_READ_REGISTERS,
     .initial = "125", .help = "registers one request may ask for"},
    {.name = "max_bits", .kind = FIELD_INT, FIELD_AT(modbus_fields, settings.max_bits), .min = 1, .max = MAX_READ_BITS,
     .initial = "2000", .help = "coils or discrete inputs one request may ask for"},
    {.name = "merge_gap", .kind = FIELD_INT, FIELD_AT(modbus_fields, settings.merge_gap), .words = gaps, .min = 0, .max = MAX_READ_REGISTERS,
     .initial = "0", .help = "unlisted registers a request may span, or auto: decided by cost"},
    {.name = "min_gap", .kind = FIELD_DURATION, FIELD_AT(modbus_fields, settings.min_gap_ms), .max = 60000,
     .initial = "0s", .help = "pause between two requests to this device"},
    {.name = "connect_delay", .kind = FIELD_DURATION, FIELD_AT(modbus_fields, settings.connect_delay_ms), .max = 60000,
     .initial = "0s", .help = "pause after connecting"},
    {.name = "timeout", .kind = FIELD_DURATION, FIELD_AT(modbus_fields, settings.timeout_ms), .min = 10, .max = 60000,
     .initial = "1s", .help = "longest wait for an answer"},
    {.name = "every", .kind = FIELD_DURATION, FIELD_AT(modbus_fields, settings.every_ms), .max = 86400000,
     .initial = "1s", .help = "default period of telemetry and alerts"},
    {.name = "verify", .kind = FIELD_NODE, FIELD_AT(modbus_fields, verify), .shape = "{within: duration}",
     .initial = "{within: 2s}", .help = "how long a written value may take to read back"},
    {.name = "invalid", .kind = FIELD_NODE, FIELD_AT(modbus_fields, invalid), .shape = "type: number or list, or the word sunspec",
     .help = "'no value' per type; an entry's own invalid replaces it"},
    {.name = "write_function", .kind = FIELD_WORD, FIELD_AT(modbus_fields, write_function), .words = write_functions, .by_parameter = true,
     .help = "single or multiple writes; default: single for one word, multiple for more"},
    {.name = "blocks", .kind = FIELD_NODE, FIELD_AT(modbus_fields, blocks), .shape = "list of {table: first..last}",
     .help = "exact requests, where the firmware wants them"},
    {.name = "unreadable", .kind = FIELD_NODE, FIELD_AT(modbus_fields, unreadable), .shape = "list of {table: first..last}",
     .help = "addresses no request may touch"},
    {.name = "sunspec", .kind = FIELD_NODE, FIELD_AT(modbus_fields, sunspec), .shape = "list of addresses",
     .help = "PDU addresses where the SunSpec marker may be, such as [40000, 50000, 0]: addresses may then begin at model(id)"},
};
// clang-format on

const struct field_table table_modbus = {
    .name = "modbus",
    .help = "how this family wants to be talked to",
    .rows = modbus_rows,
    .count = ARRAY_LENGTH(modbus_rows),
};

struct verify_fields {
    int64_t within_ms;
};

static const struct field verify_rows[] = {
    {.name = "within",
     .kind = FIELD_DURATION,
     FIELD_AT(verify_fields, within_ms),
     .required = true,
     .max = 600000,
     .help = "how long a written value may take to read back"},
};

static const struct field_table table_verify = {
    .name = "verify", .rows = verify_rows, .count = ARRAY_LENGTH(verify_rows)};

// SunSpec Device Information Model Specification: "not implemented" per type.
static const struct {
    enum point_type type;
    uint64_t pattern;
} sunspec_patterns[] = {
    {TYPE_U16, 0xFFFF},
    {TYPE_I16, 0x8000},
    {TYPE_U32, 0xFFFFFFFF},
    {TYPE_I32, 0x80000000},
    {TYPE_U64, 0xFFFFFFFFFFFFFFFF},
    {TYPE_I64, 0x8000000000000000},
};

static void load_sunspec_patterns(struct loader *loader)
{
    for (size_t i = 0; i < ARRAY_LENGTH(sunspec_patterns); i++)
        loader->type_invalid[sunspec_patterns[i].type] =
            (struct patterns){.items = {sunspec_patterns[i].pattern}, .count = 1};
}

static int find_type(struct loader *loader, const struct child *child)
{
    for (const struct word *word = type_words; word->text; word++) {
        if (strcmp(word->text, child->key) == 0)
            return word->value;
    }
    return diagnostics_error(loader->reader.diagnostics, &child->key_at,
                             "invalid: '%s' is not a type such as u16 or i32", child->key);
}

static void load_type_patterns(struct loader *loader, const struct node *node)
{
    if (node->kind == NODE_SCALAR && strcmp(node->text, "sunspec") == 0) {
        load_sunspec_patterns(loader);
        return;
    }
    if (node->kind != NODE_MAPPING) {
        (void)diagnostics_error(loader->reader.diagnostics, &node->at,
                                "invalid: expected a value per type, such as {u16: 0xFFFF}, or "
                                "the word sunspec");
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        int type = find_type(loader, &node->children[i]);
        if (type >= 0)
            (void)load_patterns(loader, node->children[i].value, (enum point_type)type,
                                &loader->type_invalid[type]);
    }
}

static void load_verify(struct loader *loader, const struct node *node, int64_t *ret_within_ms)
{
    struct verify_fields fields = {.within_ms = *ret_within_ms};
    struct layers layers = {{node}};
    if (fields_read(&loader->reader, &table_verify, &layers, &fields) == 0)
        *ret_within_ms = fields.within_ms;
}

// Blocks are requests: each must be one the device takes.
static void check_blocks(struct loader *loader, const struct node *node,
                         const struct modbus_settings *modbus)
{
    for (size_t i = 0; i < modbus->block_count; i++) {
        const struct span *block = &modbus->blocks[i];
        int most = table_is_bits(block->table) ? modbus->max_bits : modbus->max_registers;
        if (block->count > most)
            (void)diagnostics_error(loader->reader.diagnostics, &node->children[i].value->at,
                                    "blocks: %d addresses are more than one request holds "
                                    "(%d)",
                                    block->count, most);
    }
}

void load_modbus(struct loader *loader, const struct node *node)
{
    struct modbus_fields fields = {
        .settings = {.max_registers = MAX_READ_REGISTERS,
                     .max_bits = MAX_READ_BITS,
                     .timeout_ms = DEFAULT_ANSWER_TIMEOUT_MS,
                     .every_ms = 1000,
                     .verify_within_ms = 2000},
        .word_order = ORDER_BIG,
        .byte_order = ORDER_BIG,
        .write_function = WRITE_AUTO,
    };
    struct layers layers = {{loader->overrides->modbus, node}};
    if (node && loader->overrides->modbus)
        (void)fields_check_keys(&loader->reader, &table_modbus, node);
    else if (node)
        layers = (struct layers){{node}};
    (void)fields_read(&loader->reader, &table_modbus, &layers, &fields);
    struct modbus_settings *modbus = &loader->map.modbus;
    *modbus = fields.settings;
    modbus->word_order = (enum order)fields.word_order;
    modbus->byte_order = (enum order)fields.byte_order;
    modbus->write_function = (enum write_function)fields.write_function;
    (void)load_sunspec(loader, fields.sunspec);
    if (fields.verify)
        load_verify(loader, fields.verify, &modbus->verify_within_ms);
    if (fields.invalid)
        load_type_patterns(loader, fields.invalid);
    if (load_spans(loader, fields.blocks, "blocks", &modbus->blocks, &modbus->block_count) == 0)
        check_blocks(loader, fields.blocks, modbus);
    (void)load_spans(loader, fields.unreadable, "unreadable", &modbus->unreadable,
                     &modbus->unreadable_count);
}
