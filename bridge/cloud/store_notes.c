// SPDX-License-Identifier: MIT
#include "cloud/store_notes.h"

static const char put[] = "INSERT INTO notes(kind, device, key, text) VALUES(?1, ?2, ?3, ?4) "
                          "ON CONFLICT DO UPDATE SET text = excluded.text";
static const char delete[] = "DELETE FROM notes WHERE kind = ?1 AND device = ?2 AND key = ?3";
static const char load[] =
    "SELECT device, key, text FROM notes WHERE kind = ?1 ORDER BY device, key";

static struct sql_statement *prepare(struct sql *sql, const char *literal,
                                     const struct note *note)
{
    struct sql_statement *statement = sql_prepare(sql, literal);
    sql_bind_text(statement, 1, note->kind);
    sql_bind_text(statement, 2, note->device);
    sql_bind_text(statement, 3, note->key);
    return statement;
}

enum sql_result store_notes_put(struct sql *sql, const struct note *note)
{
    struct sql_statement *statement = prepare(sql, put, note);
    sql_bind_text(statement, 4, note->text);
    return sql_execute(statement);
}

enum sql_result store_notes_delete(struct sql *sql, const struct note *note)
{
    return sql_execute(prepare(sql, delete, note));
}

enum sql_result store_notes_load(struct sql *sql, const char *kind,
                                 void (*take)(void *context, const struct note *note),
                                 void *context)
{
    struct sql_statement *statement = sql_prepare(sql, load);
    sql_bind_text(statement, 1, kind);
    enum sql_result result = sql_step(statement);
    while (result == SQL_ROW) {
        struct note note = {
            .kind = kind,
            .device = sql_column_text(statement, 0),
            .key = sql_column_text(statement, 1),
            .text = sql_column_text(statement, 2),
        };
        take(context, &note);
        result = sql_step(statement);
    }
    sql_reset(statement);
    return result;
}
