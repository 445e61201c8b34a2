// SPDX-License-Identifier: MIT
#include "model/site.h"

#include <string.h>

int site_find_device(const struct site *site, const char *name)
{
    for (size_t i = 0; name[0] && i < site->device_count; i++) { // else a place may be empty
        if (strcmp(site->devices[i].name, name) == 0)
            return (int)i;
    }
    return NO_INDEX;
}
