// SPDX-License-Identifier: MIT
#include "cloud/sql.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum {
    BUSY_MS = 2000, // somebody looks at the file with another program
    MAX_STATEMENTS = 48,
};

struct sql_statement {
    const char *literal;
    sqlite3_stmt *raw;
};

struct sql {
    sqlite3 *handle;
    struct sql_statement statements[MAX_STATEMENTS];
    size_t count;
};

static enum sql_result result_of(int code)
{
    if (code == SQLITE_NOMEM || code == SQLITE_IOERR_NOMEM)
        mem_exhausted();   // and not the disk
    switch (code & 0xFF) { // the primary code; extended ones tell where it happened
    case SQLITE_OK:
    case SQLITE_DONE:
        return SQL_DONE;
    case SQLITE_ROW:
        return SQL_ROW;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return SQL_DAMAGED;
    case SQLITE_FULL:
        return SQL_FULL;
    case SQLITE_ERROR:
        return SQL_MISFIT;
    default:
        return SQL_FAILED;
    }
}

enum sql_result sql_open(const char *path, struct sql **ret_sql, char *ret_error)
{
    struct sql *sql = mem_new(1, sizeof *sql);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    enum sql_result result = result_of(sqlite3_open_v2(path, &sql->handle, flags, NULL));
    if (result == SQL_DONE) {
        (void)sqlite3_busy_timeout(sql->handle, BUSY_MS);
        *ret_sql = sql;
        return SQL_DONE;
    }
    (void)snprintf(ret_error, SQL_ERROR_SIZE, "%s", sql_error(sql));
    sql_close(sql);
    return result;
}

void sql_close(struct sql *sql)
{
    if (!sql)
        return;
    for (size_t i = 0; i < sql->count; i++)
        (void)sqlite3_finalize(sql->statements[i].raw);
    (void)sqlite3_close(sql->handle);
    free(sql);
}

const char *sql_error(const struct sql *sql)
{
    return sqlite3_errmsg(sql->handle);
}

enum sql_result sql_run(struct sql *sql, const char *text)
{
    return result_of(sqlite3_exec(sql->handle, text, NULL, NULL, NULL));
}

enum sql_result sql_number(struct sql *sql, const char *text, int64_t *ret_number)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(sql->handle, text, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        *ret_number = sqlite3_column_int64(statement, 0);
        code = SQLITE_OK;
    }
    enum sql_result result = result_of(code);
    (void)sqlite3_finalize(statement);
    return result;
}

struct sql_statement *sql_prepare(struct sql *sql, const char *literal)
{
    for (size_t i = 0; i < sql->count; i++) {
        if (sql->statements[i].literal == literal)
            return &sql->statements[i];
    }
    assert(sql->count < MAX_STATEMENTS && "as many as the store has");
    sqlite3_stmt *raw = NULL;
    int code =
        sqlite3_prepare_v3(sql->handle, literal, -1, SQLITE_PREPARE_PERSISTENT, &raw, NULL);
    if (result_of(code) != SQL_DONE)
        return NULL;
    sql->statements[sql->count] = (struct sql_statement){literal, raw};
    return &sql->statements[sql->count++];
}

void sql_bind_number(struct sql_statement *statement, int at, int64_t number)
{
    if (statement)
        (void)sqlite3_bind_int64(statement->raw, at, number);
}

void sql_bind_text(struct sql_statement *statement, int at, const char *text)
{
    if (statement)
        (void)sqlite3_bind_text(statement->raw, at, text, -1, SQLITE_STATIC);
}

void sql_bind_column(struct sql_statement *statement, int at, struct sql_statement *from,
                     int column)
{
    if (statement)
        (void)result_of(
            sqlite3_bind_value(statement->raw, at, sqlite3_column_value(from->raw, column)));
}

enum sql_result sql_step(struct sql_statement *statement)
{
    return statement ? result_of(sqlite3_step(statement->raw)) : SQL_FAILED;
}

int64_t sql_column_number(struct sql_statement *statement, int column)
{
    return sqlite3_column_int64(statement->raw, column);
}

const char *sql_column_text(struct sql_statement *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement->raw, column);
    if (!text && sqlite3_errcode(sqlite3_db_handle(statement->raw)) == SQLITE_NOMEM)
        mem_exhausted();
    return text;
}

bool sql_column_is_null(struct sql_statement *statement, int column)
{
    return sqlite3_column_type(statement->raw, column) == SQLITE_NULL;
}

void sql_reset(struct sql_statement *statement)
{
    if (!statement)
        return;
    (void)sqlite3_reset(statement->raw);
    (void)sqlite3_clear_bindings(statement->raw);
}

enum sql_result sql_execute(struct sql_statement *statement)
{
    enum sql_result result = sql_step(statement);
    sql_reset(statement);
    return result;
}

int64_t sql_changes(const struct sql *sql)
{
    return sqlite3_changes64(sql->handle);
}
