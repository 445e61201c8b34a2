// SPDX-License-Identifier: MIT
// The part of SQLite that the store needs, with its results reduced to what the store decides
// on. One owner, one thread (the store's; before that starts, the main thread).
// Source: SQLite C API; what goes wrong on real disks: docs/decisions/0005-sqlite.md.
#ifndef CLOUD_SQL_H
#define CLOUD_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sql;           // an open database
struct sql_statement; // a prepared statement; it lives until the database is closed

enum sql_result {
    SQL_DONE,    // nothing more comes
    SQL_ROW,     // a row is there to be read
    SQL_DAMAGED, // the file is not a database, or not a sound one
    SQL_MISFIT,  // the statement does not fit the tables
    SQL_FULL,    // no room: neither in the file (its limit) nor perhaps on the disk
    SQL_FAILED,  // anything else, mostly the disk
};

enum { SQL_ERROR_SIZE = 240 };

// Opens or creates the database; ":memory:" is one without a file. Others may not open it
// meanwhile. SQL_DONE and the database, which the caller closes; else the reason in
// `ret_error` (SQL_ERROR_SIZE bytes).
enum sql_result sql_open(const char *path, struct sql **ret_sql, char *ret_error);

// NULL is allowed.
void sql_close(struct sql *sql);

// Why the last call failed; valid until the next one.
const char *sql_error(const struct sql *sql);

// Runs one or more statements; what rows they give is ignored.
enum sql_result sql_run(struct sql *sql, const char *text);

// The number that a statement gives in its first row and column, such as a pragma.
enum sql_result sql_number(struct sql *sql, const char *text, int64_t *ret_number);

// The prepared statement of a text that is a literal: the same literal gives the same
// statement. NULL when it cannot be prepared, see sql_error; all functions below take that and
// fail.
struct sql_statement *sql_prepare(struct sql *sql, const char *literal);

// Values for the parameters ?1, ?2, ...; texts and bytes stay the caller's and must live until
// sql_reset. A NULL text is NULL.
void sql_bind_number(struct sql_statement *statement, int at, int64_t number);
void sql_bind_text(struct sql_statement *statement, int at, const char *text);

// As parameter `at` the value in a column of another statement's row.
void sql_bind_column(struct sql_statement *statement, int at, struct sql_statement *from,
                     int column);

// Goes on to the next row, if there is one.
enum sql_result sql_step(struct sql_statement *statement);

// Columns of the row, from 0. Texts are valid until the next step or reset and NULL for NULL.
int64_t sql_column_number(struct sql_statement *statement, int column);
const char *sql_column_text(struct sql_statement *statement, int column);
bool sql_column_is_null(struct sql_statement *statement, int column);

// Makes it ready for the next use. A statement left in the middle keeps the file from being
// tidied up: always reset.
void sql_reset(struct sql_statement *statement);

// Steps a statement that gives no rows, and resets it.
enum sql_result sql_execute(struct sql_statement *statement);

// Rows that the last statement inserted, changed or deleted.
int64_t sql_changes(const struct sql *sql);

#endif
