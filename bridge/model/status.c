// SPDX-License-Identifier: MIT
#include "model/status.h"

#include <stdlib.h>

#include "base/mem.h"

struct bus_status *bus_status_new(size_t unit_count)
{
    size_t size = sizeof(struct bus_status) + unit_count * sizeof(struct unit_status);
    struct bus_status *status = mem_new(1, size);
    status->unit_count = unit_count;
    return status;
}

void bus_status_free(struct bus_status *status)
{
    free(status);
}
