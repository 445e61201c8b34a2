// SPDX-License-Identifier: MIT
#include "cloud/store_salvage.h"

#include "base/mem.h"

struct table {
    const char *forwards;
    const char *backwards;
    const char *insert;
    int columns;
};

#define COPY(name, columns, marks, count)                                                      \
    {                                                                                          \
        "SELECT " columns " FROM " name " ORDER BY rowid",                                     \
            "SELECT " columns " FROM " name " ORDER BY rowid DESC",                            \
            "INSERT OR IGNORE INTO " name "(" columns ") VALUES(" marks ")", count             \
    }

static const struct table tables[] = {
    COPY("boots", "id, boot, offset_ms", "?1, ?2, ?3", 3),
    COPY("clouds", "id, name", "?1, ?2", 2),
    COPY("commands",
         "serial, device, id, fingerprint, state, boot, at_ms, request, response, crc",
         "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10", 10),
    COPY("notes", "kind, device, key, text", "?1, ?2, ?3, ?4", 4),
    COPY("responses", "id, cloud, kind, boot, at_ms, crc, topic, payload",
         "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8", 8),
    COPY("outbox", "id, cloud, kind, boot, at_ms, crc, topic, payload",
         "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8", 8),
};

// Copies until the first error or a row that is there already, and counts.
static enum sql_result copy(struct sql *to, struct sql *old, const char *select,
                            const struct table *table, uint64_t *rows)
{
    struct sql_statement *source = sql_prepare(old, select);
    struct sql_statement *target = sql_prepare(to, table->insert);
    enum sql_result result = sql_step(source);
    while (result == SQL_ROW) {
        for (int i = 0; i < table->columns; i++)
            sql_bind_column(target, i + 1, source, i);
        // A garbled row may break a constraint: the others behind it are wanted all the same.
        enum sql_result inserted = sql_execute(target);
        if (inserted == SQL_FULL)
            break;
        *rows += inserted == SQL_DONE && sql_changes(to) > 0;
        result = sql_step(source);
    }
    sql_reset(source);
    return result;
}

struct store_salvage store_salvage(struct sql *to, const char *from)
{
    struct store_salvage found = {0};
    struct sql *old = NULL;
    char error[SQL_ERROR_SIZE];
    if (sql_open(from, &old, error) != SQL_DONE)
        return found;
    if (sql_run(to, "BEGIN") == SQL_DONE) {
        for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
            const struct table *table = &tables[i];
            if (copy(to, old, table->forwards, table, &found.rows) != SQL_DONE)
                (void)copy(to, old, table->backwards, table, &found.rows);
        }
        if (sql_run(to, "COMMIT") != SQL_DONE) {
            (void)sql_run(to, "ROLLBACK");
            found.rows = 0;
        }
    }
    sql_close(old);
    return found;
}
