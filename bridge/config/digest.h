// SPDX-License-Identifier: MIT
// Numbers that differ when what was written differs: so that a later reading of the same files
// can tell what it changes. Where things stand in a file, comments and spacing do not count.
// Any thread.
#ifndef CONFIG_DIGEST_H
#define CONFIG_DIGEST_H

#include <stdint.h>

#include "config/tree.h"
#include "model/site.h"

// The digest of what `digest` stands for (0: nothing) followed by a tree; NULL is one too.
uint64_t digest_tree(uint64_t digest, const struct node *node);

// Of a device whose section is `node`: with its map, and with what it takes from elsewhere in
// the site. `cloud` is its connection; NULL: none.
uint64_t digest_device(const struct device *device, const struct node *node,
                       const struct cloud_settings *cloud);

// Of a cloud connection with what its files hold at the moment: passwords, keys, certificates.
uint64_t digest_cloud(const struct cloud_settings *cloud);

#endif
