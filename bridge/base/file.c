// SPDX-License-Identifier: MIT
#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

char *file_read(const char *path, size_t limit, size_t *ret_length)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return NULL;
    char *bytes = mem_new(limit + 2, 1);
    size_t length = fread(bytes, 1, limit + 1, file);
    int failed = ferror(file) ? errno : 0;
    (void)fclose(file);
    if (failed) {
        free(bytes);
        errno = failed;
        return NULL;
    }
    *ret_length = length;
    return bytes;
}
