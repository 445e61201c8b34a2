// SPDX-License-Identifier: MIT
// extends: a map laid over another one, before anything of either is understood. Internal to
// config.
#ifndef CONFIG_EXTENDS_H
#define CONFIG_EXTENDS_H

#include "config/config.h"
#include "config/fields.h"
#include "config/tree.h"

enum { MAX_EXTENDS = 8 }; // maps over each other

// Replaces *root by the whole of the map and those it extends: sections are joined entry by
// entry, whole entries of the upper map replace, null removes; other keys replace. Within
// simulation: its values, noise and named rules are joined one by one; null stays among its
// values, where it means "no value". -1 after a finding.
int extends_resolve(const struct reader *reader, const struct map_folders *folders,
                    const char *path, const struct node **root);

#endif
