// SPDX-License-Identifier: MIT
// The secrets of a cloud connection: they are read and checked when the site loads, so that a
// mistake has a line in the file, and read again when they are used. Internal to config.
#ifndef CONFIG_LOAD_CREDENTIALS_H
#define CONFIG_LOAD_CREDENTIALS_H

#include "config/load_site.h"

extern const struct field_table table_tls;

// Where the password is.
int load_password(struct site_loader *loader, const struct node *node,
                  struct credential *ret_password);

// The section tls: of a connection.
int load_tls(struct site_loader *loader, const struct node *node,
             struct tls_settings *ret_settings);

#endif
