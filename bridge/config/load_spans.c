// SPDX-License-Identifier: MIT
// Addresses as a map writes them, and ranges of them.
#include <string.h>

#include "config/load.h"
#include "model/message.h"

enum { ADDRESSING_MODICON = 2 };

// The first digit of a Modicon address, and the five- and six-digit ranges that follow from it.
static int modicon_digit(enum table table)
{
    static const int digits[TABLE_COUNT] = {
        [TABLE_COIL] = 0, [TABLE_DISCRETE] = 1, [TABLE_INPUT] = 3, [TABLE_HOLDING] = 4};
    return digits[table];
}

static int64_t from_modicon(enum table table, int64_t written)
{
    int64_t digit = modicon_digit(table);
    if (written > digit * 10000 && written <= digit * 10000 + 9999)
        return written - digit * 10000 - 1;
    if (written > digit * 100000 && written <= digit * 100000 + 65536)
        return written - digit * 100000 - 1;
    return -1;
}

static int report_modicon(struct loader *loader, const struct node *node, enum table table,
                          int64_t written)
{
    return diagnostics_error(loader->reader.diagnostics, &node->at,
                             "%s: with addressing: modicon an address is %d0001 to %d9999 or "
                             "%d00001 to %d65536, not %lld",
                             table_names[table], modicon_digit(table), modicon_digit(table),
                             modicon_digit(table), modicon_digit(table), (long long)written);
}

int load_pdu_address(struct loader *loader, const struct node *node, enum table table,
                     int64_t written, uint16_t *ret_address)
{
    int base = loader->map.modbus.address_base;
    int64_t address =
        base == ADDRESSING_MODICON ? from_modicon(table, written) : written - base;
    if (base == ADDRESSING_MODICON && address < 0)
        return report_modicon(loader, node, table, written);
    if (address < 0 || address > UINT16_MAX)
        return diagnostics_error(loader->reader.diagnostics, &node->at,
                                 "%s: address %lld is outside %d to %d%s", table_names[table],
                                 (long long)written, base, UINT16_MAX + base,
                                 base ? " (addressing: one_based)" : "");
    *ret_address = (uint16_t)address;
    return 0;
}

static bool find_table(const char *name, enum table *ret_table)
{
    for (int i = 0; i < TABLE_COUNT; i++) {
        if (strcmp(table_names[i], name) == 0) {
            *ret_table = (enum table)i;
            return true;
        }
    }
    return false;
}

// {holding: 35100..35224}
static int load_span(struct loader *loader, const struct node *node, const char *name,
                     struct span *ret_span)
{
    struct diagnostics *diagnostics = loader->reader.diagnostics;
    if (node->kind != NODE_MAPPING || node->count != 1 ||
        !find_table(node->children[0].key, &ret_span->table))
        return diagnostics_error(diagnostics, &node->at,
                                 "%s: expected a table and a range of addresses, such as "
                                 "{holding: 35100..35224}",
                                 name);
    return load_place_range(loader, node->children[0].value, name, ret_span->table, ret_span);
}

int load_spans(struct loader *loader, const struct node *node, const char *name,
               const struct span **ret_spans, size_t *ret_count)
{
    if (!node)
        return 0;
    if (fields_expect_list(&loader->reader, node, name) < 0)
        return -1;
    struct span *spans = ARENA_NEW_ARRAY(loader->reader.arena, node->count, struct span);
    for (size_t i = 0; i < node->count; i++) {
        if (load_span(loader, node->children[i].value, name, &spans[i]) < 0)
            return -1;
    }
    *ret_spans = spans;
    *ret_count = node->count;
    return 0;
}
