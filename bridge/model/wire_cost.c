// SPDX-License-Identifier: MIT
#include "model/wire_cost.h"

int64_t wire_cost_of_read(const struct wire_cost *cost, enum table table, int count)
{
    int bytes = table_is_bits(table) ? (count + 7) / 8 : 2 * count;
    return cost->frames_ns + cost->silence_ns + cost->response_ns + cost->pause_ns +
           bytes * cost->byte_ns;
}
