// SPDX-License-Identifier: MIT
// The chain of SunSpec models of a simulated device, as a values file or the simulation section
// of a map has it.
#include "base/mem.h"
#include "config/load_simulated_values.h"
#include "model/sunspec.h"

struct chain_fields {
    int base; // NO_INDEX: not given
    const struct node *models;
};

static const struct field chain_rows[] = {
    {.name = "base",
     .kind = FIELD_INT,
     FIELD_AT(chain_fields, base),
     .max = UINT16_MAX - 3,
     .help = "PDU address of the marker; default: the first one the map looks at"},
    {.name = "models",
     .kind = FIELD_NODE,
     FIELD_AT(chain_fields, models),
     .shape = "list of ids, or of {id: length}",
     .help = "the models in the order of the chain; default: those the map names"},
};

const struct field_table table_given_chain = {
    .name = "a SunSpec chain",
    .help = "The chain of SunSpec models of a simulated device.",
    .rows = chain_rows,
    .count = ARRAY_LENGTH(chain_rows),
};

static int read_number(const struct reader *reader, const struct node *node, const char *what,
                       int64_t high, uint16_t *ret_number)
{
    int64_t number = 0;
    if (field_read_int(reader, node, what, &number) < 0)
        return -1;
    if (number < 1 || number > high)
        return diagnostics_error(reader->diagnostics, &node->at,
                                 "%s of a SunSpec model is from 1 to %lld", what,
                                 (long long)high);
    *ret_number = (uint16_t)number;
    return 0;
}

// 103, or {103: 50} with its length.
static int read_model(const struct reader *reader, const struct node *node,
                      struct given_model *ret_model)
{
    if (node->kind == NODE_SCALAR)
        return read_number(reader, node, "the id", SUNSPEC_LAST_ID, &ret_model->id);
    if (node->kind != NODE_MAPPING || node->count != 1)
        return diagnostics_error(reader->diagnostics, &node->at,
                                 "models: expected the id of a model, such as 103, or its id "
                                 "and length, such as {103: 50}");
    const struct child *child = &node->children[0];
    struct node id = {.kind = NODE_SCALAR, .at = child->key_at, .text = child->key};
    if (read_number(reader, &id, "the id", SUNSPEC_LAST_ID, &ret_model->id) < 0)
        return -1;
    return read_number(reader, child->value, "the length", UINT16_MAX, &ret_model->length);
}

int load_given_chain(const struct reader *reader, const struct node *node,
                     const struct given_chain **ret_chain)
{
    struct chain_fields fields = {.base = NO_INDEX};
    struct layers layers = {.nodes = {node}};
    struct given_chain *chain = ARENA_NEW(reader->arena, struct given_chain);
    if (fields_expect_mapping(reader, node, "sunspec") < 0 ||
        fields_read(reader, &table_given_chain, &layers, &fields) < 0)
        return -1;
    if (fields.models && fields_expect_list(reader, fields.models, "models") < 0)
        return -1;
    size_t count = fields.models ? fields.models->count : 0;
    struct given_model *models = ARENA_NEW_ARRAY(reader->arena, count, struct given_model);
    for (size_t i = 0; i < count; i++) {
        if (read_model(reader, fields.models->children[i].value, &models[i]) < 0)
            return -1;
    }
    *chain = (struct given_chain){
        .has_base = fields.base != NO_INDEX,
        .base = (uint16_t)(fields.base == NO_INDEX ? 0 : fields.base),
        .models = models,
        .model_count = count,
    };
    *ret_chain = chain;
    return 0;
}
