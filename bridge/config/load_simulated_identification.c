// SPDX-License-Identifier: MIT
// What a simulated device says of itself when it is asked for its identification (Modbus
// function 43), as the simulation section of a map has it.
#include <string.h>

#include "base/mem.h"
#include "config/load_simulated_values.h"

struct identification_fields {
    bool supported;
    const char *texts[SIMULATED_TEXT_COUNT];
};

#define TEXT_ROW(key, number, text)                                                            \
    {                                                                                          \
        .name = (key), .kind = FIELD_TEXT, FIELD_AT(identification_fields, texts[(number)]),   \
        .help = (text)                                                                         \
    }

static const struct field identification_rows[] = {
    {.name = "supported",
     .kind = FIELD_BOOL,
     FIELD_AT(identification_fields, supported),
     .initial = "true",
     .help = "false: the request is refused with exception 1, as most meters do"},
    TEXT_ROW("vendor_name", 0, "object 0; default: the map's vendor"),
    TEXT_ROW("product_code", 1, "object 1; default: the map's model"),
    TEXT_ROW("revision", 2, "object 2, the version of its firmware; default: simulated"),
    TEXT_ROW("vendor_url", 3, "object 3; default: there is none"),
    TEXT_ROW("product_name", 4, "object 4; default: there is none"),
    TEXT_ROW("model_name", 5, "object 5; default: there is none"),
    TEXT_ROW("application_name", 6, "object 6; default: there is none"),
};

const struct field_table table_simulated_identification = {
    .name = "identification",
    .help = "What a simulated device answers to \"read device identification\" (function 43).",
    .rows = identification_rows,
    .count = ARRAY_LENGTH(identification_rows),
};

int load_simulated_identification(const struct reader *reader, const struct node *node,
                                  const struct simulated_identification **ret_identification)
{
    enum { LONGEST = 244 }; // what one answer holds, section 6.21
    struct identification_fields fields = {.supported = true};
    struct layers layers = {.nodes = {node}};
    if (fields_expect_mapping(reader, node, "identification") < 0 ||
        fields_read(reader, &table_simulated_identification, &layers, &fields) < 0)
        return -1;
    struct simulated_identification *identification =
        ARENA_NEW(reader->arena, struct simulated_identification);
    identification->is_refused = !fields.supported;
    for (size_t i = 0; i < SIMULATED_TEXT_COUNT; i++) {
        if (fields.texts[i] && strlen(fields.texts[i]) > LONGEST)
            return diagnostics_error(reader->diagnostics, &node->at,
                                     "identification: a text has %d bytes at most", LONGEST);
        identification->texts[i] = fields.texts[i];
    }
    *ret_identification = identification;
    return 0;
}
