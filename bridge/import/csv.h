// SPDX-License-Identifier: MIT
// Reads tables of text as spreadsheets save them (RFC 4180), record by record, with the place
// of each field. Lines may end in LF or CRLF, a byte order mark is skipped, quotes inside a
// field without quotes are taken as they stand. Lines that begin with # between records are
// comments. Pure; one owner.
//
// Debian's libcsv was looked at: it hands fields to callbacks without their place, which every
// message here needs, and leaves comments, marks and the choice of the separator to its caller.
#ifndef IMPORT_CSV_H
#define IMPORT_CSV_H

#include <stddef.h>

#include "base/arena.h"

enum {
    MAX_CSV_FIELDS = 64,         // of one record
    MAX_CSV_FIELD_BYTES = 16384, // of one field
};

struct csv_field {
    const char *text; // NUL-terminated; empty, never NULL
    size_t length;    // may count a NUL inside
    int line;         // where it begins, from 1
    int column;       // in characters, from 1
};

struct csv_record {
    size_t count; // never 0
    struct csv_field fields[MAX_CSV_FIELDS];
};

enum csv_outcome {
    CSV_RECORD,
    CSV_END,
    CSV_BROKEN, // the place and `error` say why; there is nothing more to be read
};

struct csv {
    const char *at;
    const char *end;
    char separator;
    int line; // of `at`
    int column;
    const char *error; // CSV_BROKEN: for people; constant
};

// Begins to read; the text must outlive the reader. The separator is whichever of , ; and tab
// is most frequent in the first line that is no comment.
void csv_begin(struct csv *csv, const char *text, size_t length);

// Reads the next record; texts of fields live in the arena. Empty lines and comments are
// skipped. After CSV_BROKEN `csv->line` and `csv->column` are the place.
enum csv_outcome csv_next(struct csv *csv, struct arena *arena, struct csv_record *ret_record);

#endif
