// SPDX-License-Identifier: MIT
#include "base/folder.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

int folder_make(const char *path)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return 0;
    if (errno != ENOENT)
        return -1;
    char *parent = mem_copy_text(path);
    char *slash = strrchr(parent, '/');
    bool has_parent = slash && slash != parent;
    if (has_parent)
        *slash = '\0';
    int failed = has_parent ? mkdir(parent, 0755) : -1;
    free(parent);
    return failed ? -1 : mkdir(path, 0700);
}
