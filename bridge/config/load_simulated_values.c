// SPDX-License-Identifier: MIT
#include "config/load_simulated_values.h"

#include <string.h>

#include "base/mem.h"
#include "base/suggest.h"
#include "config/tree.h"

struct values_fields {
    bool only;
    const struct node *chain;
    const struct node *tables[TABLE_COUNT];
    const struct node *units;
    const struct node *values;
    const struct node *devices;
};

#define WORDS_FIELD(a_name, a_table, what)                                                     \
    {                                                                                          \
        .name = (a_name), .kind = FIELD_NODE, FIELD_AT(values_fields, tables[a_table]),        \
        .shape = "a mapping (address: word)", .help = (what)                                   \
    }

#define WORDS_FIELDS                                                                           \
    WORDS_FIELD("holding", TABLE_HOLDING,                                                      \
                "words of holding registers by PDU address; a list gives "                     \
                "those that follow each other"),                                               \
        WORDS_FIELD("input", TABLE_INPUT, "the same for input registers"),                     \
        WORDS_FIELD("coil", TABLE_COIL, "bits of coils, 0 or 1"),                              \
        WORDS_FIELD("discrete", TABLE_DISCRETE, "bits of discrete inputs, 0 or 1")

#define DEVICE_FIELDS                                                                          \
    {.name = "only",                                                                           \
     .kind = FIELD_BOOL,                                                                       \
     FIELD_AT(values_fields, only),                                                            \
     .help = "true: addresses that are not given here do not exist"},                          \
        {.name = "sunspec",                                                                    \
         .kind = FIELD_NODE,                                                                   \
         FIELD_AT(values_fields, chain),                                                       \
         .table = &table_given_chain,                                                          \
         .help = "another chain of SunSpec models than the one made from the map"},            \
        WORDS_FIELDS,                                                                          \
        {.name = "units",                                                                      \
         .kind = FIELD_NODE,                                                                   \
         FIELD_AT(values_fields, units),                                                       \
         .shape = "a mapping (unit id: its words)",                                            \
         .help = "words at the unit ids of entries with unit_id"},                             \
    {                                                                                          \
        .name = "values", .kind = FIELD_NODE, FIELD_AT(values_fields, values),                 \
        .shape = "a mapping (entry: value)",                                                   \
        .help = "values of entries, as they are published; they win over words"                \
    }

static const struct field device_rows[] = {DEVICE_FIELDS};

static const struct field_table table_device_values = {
    .name = "the values of a device",
    .help = "What a simulated device holds at first.",
    .rows = device_rows,
    .count = ARRAY_LENGTH(device_rows),
};

static const struct field unit_rows[] = {WORDS_FIELDS};

static const struct field_table table_unit_words = {
    .name = "the words of a unit",
    .help = "What equipment behind a simulated device holds at first.",
    .rows = unit_rows,
    .count = ARRAY_LENGTH(unit_rows),
};

static const struct field file_rows[] = {
    DEVICE_FIELDS,
    {.name = "devices",
     .kind = FIELD_NODE,
     FIELD_AT(values_fields, devices),
     .shape = "a mapping (device: its values)",
     .help = "the same for each device of a site by name"},
};

static const struct field_table table_values_file = {
    .name = "a values file",
    .help = "What simulated devices hold at first.",
    .rows = file_rows,
    .count = ARRAY_LENGTH(file_rows),
};

// The words of one device while they are counted and read.
struct word_list {
    struct given_word *items;
    size_t count;
    int unit_id; // of those being read, 0: the device's own
};

static int refuse_address(const struct reader *reader, const struct child *child)
{
    return diagnostics_error(reader->diagnostics, &child->key_at,
                             "'%s' is not an address from 0 to 65535", child->key);
}

static int read_word(const struct reader *reader, const struct node *node, enum table table,
                     int64_t address, struct word_list *list)
{
    int64_t word = 0;
    int64_t largest = table_is_bits(table) ? 1 : 0xFFFF;
    if (address > 0xFFFF)
        return diagnostics_error(reader->diagnostics, &node->at,
                                 "this word would be at address %lld, after the last one",
                                 (long long)address);
    if (field_read_int(reader, node, table_names[table], &word))
        return -1;
    // A captured dump may show signed words.
    if (word < 0 && largest > 1 && word >= INT16_MIN)
        word &= 0xFFFF;
    if (word < 0 || word > largest)
        return diagnostics_error(reader->diagnostics, &node->at,
                                 "%s words are from 0 to %lld, found %s", table_names[table],
                                 (long long)largest, node->text);
    list->items[list->count++] = (struct given_word){
        .at = node->at,
        .unit_id = list->unit_id,
        .table = table,
        .address = (uint16_t)address,
        .word = (uint16_t)word,
    };
    return 0;
}

static size_t count_words(const struct node *mapping)
{
    size_t count = 0;
    for (size_t i = 0; i < mapping->count; i++) {
        const struct node *value = mapping->children[i].value;
        count += value->kind == NODE_SEQUENCE ? value->count : 1;
    }
    return count;
}

static int read_table(const struct reader *reader, const struct node *mapping, enum table table,
                      struct word_list *list)
{
    int failed = 0;
    for (size_t i = 0; i < mapping->count; i++) {
        const struct child *child = &mapping->children[i];
        const struct node *value = child->value;
        int64_t address = 0;
        if (!num_parse_int(child->key, &address) || address < 0 || address > 0xFFFF) {
            failed |= refuse_address(reader, child);
        } else if (value->kind == NODE_SEQUENCE) {
            for (size_t k = 0; k < value->count; k++)
                failed |= read_word(reader, value->children[k].value, table,
                                    address + (int64_t)k, list);
        } else {
            failed |= read_word(reader, value, table, address, list);
        }
    }
    return failed;
}

// How many words there are, or -1 when a table is no mapping.
static int64_t count_tables(const struct reader *reader, const struct values_fields *fields)
{
    int64_t count = 0;
    for (int table = 0; table < TABLE_COUNT; table++) {
        const struct node *mapping = fields->tables[table];
        if (mapping && fields_expect_mapping(reader, mapping, table_names[table]))
            return -1;
        count += mapping ? (int64_t)count_words(mapping) : 0;
    }
    return count;
}

// Appends the words of the device's own unit or of another.
static int read_tables(const struct reader *reader, const struct values_fields *fields,
                       int unit_id, struct word_list *list)
{
    int64_t more = count_tables(reader, fields);
    if (more < 0)
        return -1;
    struct given_word *items =
        ARENA_NEW_ARRAY(reader->arena, list->count + (size_t)more, struct given_word);
    if (list->count)
        memcpy(items, list->items, list->count * sizeof *items);
    list->items = items;
    list->unit_id = unit_id;
    int failed = 0;
    for (int table = 0; table < TABLE_COUNT; table++) {
        if (fields->tables[table])
            failed |= read_table(reader, fields->tables[table], (enum table)table, list);
    }
    return failed;
}

static int read_unit(const struct reader *reader, const struct child *child,
                     struct word_list *list)
{
    int64_t unit_id = 0;
    struct values_fields fields = {0};
    struct layers layers = {.nodes = {child->value}};
    if (!num_parse_int(child->key, &unit_id) || unit_id < 1 || unit_id > 255)
        return diagnostics_error(reader->diagnostics, &child->key_at,
                                 "'%s' is not a unit id from 1 to 255", child->key);
    if (fields_expect_mapping(reader, child->value, child->key) ||
        fields_read(reader, &table_unit_words, &layers, &fields))
        return -1;
    return read_tables(reader, &fields, (int)unit_id, list);
}

static int read_words(const struct reader *reader, const struct values_fields *fields,
                      struct device_values *values)
{
    struct word_list list = {0};
    int failed = read_tables(reader, fields, 0, &list);
    if (fields->units && fields_expect_mapping(reader, fields->units, "units"))
        return -1;
    for (size_t i = 0; fields->units && i < fields->units->count; i++)
        failed |= read_unit(reader, &fields->units->children[i], &list);
    values->words = list.items;
    values->word_count = list.count;
    values->only = fields->only;
    return failed;
}

static struct value read_number(const struct node *node)
{
    int128 integer = 0;
    double real = 0;
    if (num_parse_wide(node->text, &integer))
        return value_integer(integer);
    if (num_parse_real(node->text, &real))
        return value_real(real, DECIMALS_SHORTEST);
    return value_unknown();
}

// What the text means is seen from the text alone, except for entries that hold text.
static struct value read_scalar(const struct point *point, const struct node *node)
{
    bool is_text = node->quoted || point->type == TYPE_STRING || point->type == TYPE_UUID ||
                   point->type == TYPE_IPV4;
    if (!node->quoted && tree_is_null(node))
        return value_absent();
    if (!is_text && strcmp(node->text, "true") == 0)
        return value_boolean(true);
    if (!is_text && strcmp(node->text, "false") == 0)
        return value_boolean(false);
    struct value number = is_text ? value_unknown() : read_number(node);
    return value_is_known(&number) ? number : value_text(node->text);
}

static int read_events(const struct reader *reader, const struct node *node,
                       struct value *ret_value)
{
    uint16_t *codes = ARENA_NEW_ARRAY(reader->arena, node->count, uint16_t);
    for (size_t i = 0; i < node->count; i++) {
        const struct node *item = node->children[i].value;
        int64_t code = 0;
        if (field_read_int(reader, item, "an event code", &code))
            return -1;
        if (code < 0 || code > 0xFFFF)
            return diagnostics_error(reader->diagnostics, &item->at,
                                     "an event code is from 0 to 0xFFFF, found %s", item->text);
        codes[i] = (uint16_t)code;
    }
    *ret_value = (struct value){.kind = VALUE_EVENTS};
    ret_value->events.codes = codes;
    ret_value->events.count = node->count;
    return 0;
}

static int read_given_value(const struct reader *reader, const struct map *map,
                            const struct child *child, struct given_value *ret_given)
{
    const struct node *node = child->value;
    struct given_value given = {.at = node->at, .point = map_find_point(map, child->key)};
    if (given.point == NO_INDEX) {
        struct strbuf text = {0};
        struct suggestion suggestion;
        suggest_start(&suggestion, child->key);
        for (size_t i = 0; i < map->point_count; i++)
            suggest_candidate(&suggestion, map->points[i].key);
        suggest_append(&suggestion, &text);
        (void)diagnostics_error(reader->diagnostics, &child->key_at, "there is no entry '%s'%s",
                                child->key, strbuf_text(&text));
        strbuf_done(&text);
        return -1;
    }
    const struct point *point = &map->points[given.point];
    if (node->kind == NODE_SEQUENCE && point->type == TYPE_EVENT_LIST) {
        if (read_events(reader, node, &given.value))
            return -1;
    } else if (node->kind == NODE_SCALAR) {
        given.value = read_scalar(point, node);
    } else {
        return diagnostics_error(reader->diagnostics, &node->at,
                                 "%s: expected a single value, found %s", child->key,
                                 tree_kind_name(node));
    }
    *ret_given = given;
    return 0;
}

int load_given_values(const struct reader *reader, const struct map *map,
                      const struct node *node, const struct given_value **ret_values,
                      size_t *ret_count)
{
    if (fields_expect_mapping(reader, node, "values"))
        return -1;
    struct given_value *values =
        ARENA_NEW_ARRAY(reader->arena, node->count, struct given_value);
    size_t count = 0;
    for (size_t i = 0; i < node->count; i++) {
        if (read_given_value(reader, map, &node->children[i], &values[count]) == 0)
            count++;
    }
    *ret_values = values;
    *ret_count = count;
    return count == node->count ? 0 : -1;
}

static int read_device(const struct reader *reader, const struct values_fields *fields,
                       const struct map *map, struct device_values *values)
{
    int failed = read_words(reader, fields, values);
    if (fields->chain)
        failed |= load_given_chain(reader, fields->chain, &values->chain);
    if (fields->values)
        failed |= load_given_values(reader, map, fields->values, &values->values,
                                    &values->value_count);
    return failed;
}

static int refuse_device(const struct reader *reader, const struct child *child,
                         const struct values_target *targets, size_t count)
{
    struct strbuf text = {0};
    struct suggestion suggestion;
    suggest_start(&suggestion, child->key);
    for (size_t i = 0; i < count; i++)
        suggest_candidate(&suggestion, targets[i].device);
    suggest_append(&suggestion, &text);
    (void)diagnostics_error(reader->diagnostics, &child->key_at, "there is no device '%s'%s",
                            child->key, strbuf_text(&text));
    strbuf_done(&text);
    return -1;
}

static int read_devices(const struct reader *reader, const struct node *devices,
                        const struct values_target *targets, size_t count,
                        struct device_values *values)
{
    if (fields_expect_mapping(reader, devices, "devices"))
        return -1;
    int failed = 0;
    for (size_t i = 0; i < devices->count; i++) {
        const struct child *child = &devices->children[i];
        struct values_fields fields = {0};
        struct layers layers = {.nodes = {child->value}};
        size_t target = 0;
        while (target < count && strcmp(targets[target].device, child->key) != 0)
            target++;
        if (target == count)
            failed |= refuse_device(reader, child, targets, count);
        else if (fields_expect_mapping(reader, child->value, child->key) ||
                 fields_read(reader, &table_device_values, &layers, &fields))
            failed = -1;
        else
            failed |= read_device(reader, &fields, targets[target].map, &values[target]);
    }
    return failed;
}

// Words and values at the top are about the only device there is.
static int check_single(const struct reader *reader, const struct node *root,
                        const struct values_fields *fields, size_t count)
{
    bool is_about_one = fields->values || fields->chain || fields->units;
    for (int table = 0; table < TABLE_COUNT; table++)
        is_about_one = is_about_one || fields->tables[table];
    if (is_about_one && count != 1)
        return diagnostics_error(reader->diagnostics, &root->at,
                                 "there are %zu devices: put what each one holds under "
                                 "'devices: {NAME: ...}'",
                                 count);
    return is_about_one && fields->devices
               ? diagnostics_error(reader->diagnostics, &fields->devices->at,
                                   "either 'devices' or what the only device holds, not both")
               : 0;
}

int config_load_values(struct arena *arena, const char *path,
                       const struct values_target *targets, size_t target_count,
                       struct diagnostics *diagnostics, const struct site_values **ret_values)
{
    const struct reader reader = {.arena = arena, .diagnostics = diagnostics};
    const struct node *root = NULL;
    struct values_fields fields = {0};
    if (tree_read(arena, path, diagnostics, &root))
        return -1;
    struct layers layers = {.nodes = {root}};
    if (fields_read(&reader, &table_values_file, &layers, &fields) ||
        check_single(&reader, root, &fields, target_count))
        return -1;
    struct device_values *devices = ARENA_NEW_ARRAY(arena, target_count, struct device_values);
    if (fields.devices) {
        if (read_devices(&reader, fields.devices, targets, target_count, devices))
            return -1;
    } else if (target_count && read_device(&reader, &fields, targets[0].map, &devices[0])) {
        return -1;
    }
    struct site_values *values = ARENA_NEW(arena, struct site_values);
    values->devices = devices;
    values->device_count = target_count;
    *ret_values = values;
    return 0;
}
