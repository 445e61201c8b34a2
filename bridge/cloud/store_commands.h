// SPDX-License-Identifier: MIT
// The records of commands in the store's file. The store's thread; before that starts, the main
// thread.
#ifndef CLOUD_STORE_COMMANDS_H
#define CLOUD_STORE_COMMANDS_H

#include <stdint.h>

#include "cloud/sql.h"
#include "cloud/store.h"
#include "cloud/store_order.h"
#include "cloud/store_rows.h"

// Judges a command and records a new one; the verdict and the stored response, if it has one,
// go into the order. Inside a transaction, as all of these but the load.
enum sql_result store_commands_begin(struct sql *sql, int64_t boot, int64_t boot_ms,
                                     struct store_order *order);

// The record says "executing".
enum sql_result store_commands_advance(struct sql *sql, const struct store_order *order);

// The record has its response; what was kept of the request is forgotten.
enum sql_result store_commands_finish(struct sql *sql, const struct store_order *order);

// Forgets answered commands that are too old or too many.
enum sql_result store_commands_expire(const struct store_outbox *outbox, struct sql *sql,
                                      int64_t boot_ms);

// See store_load_commands.
enum sql_result store_commands_load(struct sql *sql,
                                    void (*take)(void *context,
                                                 const struct journal_command *command),
                                    void *context);

#endif
