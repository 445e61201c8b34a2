// SPDX-License-Identifier: MIT
#include "import/sheet.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "import/csv.h"
#include "registers/codec_text.h"

enum { NOWHERE = -1 };

struct sheet_reader {
    struct arena *arena;
    const char *name;
    const struct sheet_column *columns;
    size_t column_count;
    struct diagnostics *diagnostics;
    struct csv csv;
    int meaning[MAX_CSV_FIELDS]; // which column a field of the file is, or NOWHERE
    size_t field_count;          // of the header
    struct sheet_row *rows;      // on the heap while they are read
    size_t row_count;
    size_t row_capacity;
};

static struct position place_of(const struct sheet_reader *reader,
                                const struct csv_field *field)
{
    return (struct position){reader->name, field->line, field->column};
}

// One line, trimmed. NULL after a finding.
static const char *clean(const struct sheet_reader *reader, const struct csv_field *field)
{
    struct position at = place_of(reader, field);
    char *text = arena_copy(reader->arena, field->text, field->length);
    for (size_t i = 0; i < field->length; i++) {
        if (text[i] == '\n' || text[i] == '\r' || text[i] == '\t')
            text[i] = ' ';
    }
    if (!codec_text_is_clean(text, field->length)) {
        (void)diagnostics_error(reader->diagnostics, &at,
                                "not UTF-8, or with control characters: save it as UTF-8");
        return NULL;
    }
    while (*text == ' ')
        text++;
    for (size_t length = strlen(text); length && text[length - 1] == ' '; length--)
        text[length - 1] = '\0';
    return text;
}

// The name of a column as it is compared.
static char *normalise(char *text)
{
    for (char *at = text; *at; at++)
        *at = (char)(*at == ' ' ? '_' : tolower((unsigned char)*at));
    return text;
}

static bool is_column(const struct sheet_column *column, const char *name)
{
    if (strcmp(column->name, name) == 0)
        return true;
    size_t length = strlen(name);
    for (const char *alias = column->aliases; alias && *alias;) {
        size_t end = strcspn(alias, " ");
        if (end == length && strncmp(alias, name, end) == 0)
            return true;
        alias += end + (alias[end] == ' ');
    }
    return false;
}

static int find_column(const struct sheet_reader *reader, const char *text)
{
    const char *name = normalise(arena_text(reader->arena, text));
    for (size_t i = 0; i < reader->column_count; i++) {
        if (is_column(&reader->columns[i], name))
            return (int)i;
    }
    return NOWHERE;
}

static void warn_of_column(const struct sheet_reader *reader, const struct csv_field *field,
                           const char *text)
{
    struct position at = place_of(reader, field);
    struct suggestion suggestion;
    struct strbuf near = {0};
    suggest_start(&suggestion, text);
    for (size_t i = 0; i < reader->column_count; i++)
        suggest_candidate(&suggestion, reader->columns[i].name);
    suggest_append(&suggestion, &near);
    diagnostics_warning(reader->diagnostics, &at, "the column '%s' is not known%s", text,
                        strbuf_text(&near));
    strbuf_done(&near);
}

static int take_heading(struct sheet_reader *reader, size_t index,
                        const struct csv_field *field)
{
    struct position at = place_of(reader, field);
    const char *text = clean(reader, field);
    reader->meaning[index] = NOWHERE;
    if (!text)
        return -1;
    int column = find_column(reader, text);
    if (column == NOWHERE) {
        if (text[0])
            warn_of_column(reader, field, text);
        return 0;
    }
    for (size_t i = 0; i < index; i++) {
        if (reader->meaning[i] == column)
            return diagnostics_error(reader->diagnostics, &at, "there is a column '%s' already",
                                     reader->columns[column].name);
    }
    reader->meaning[index] = column;
    return 0;
}

static int check_required(const struct sheet_reader *reader, const struct csv_field *first)
{
    struct position at = place_of(reader, first);
    int result = 0;
    for (size_t i = 0; i < reader->column_count; i++) {
        bool is_there = !reader->columns[i].required;
        for (size_t k = 0; k < reader->field_count; k++)
            is_there = is_there || reader->meaning[k] == (int)i;
        if (!is_there)
            result =
                diagnostics_error(reader->diagnostics, &at,
                                  "there is no column '%s': the first line names the columns",
                                  reader->columns[i].name);
    }
    return result;
}

// 1 when there is a record, 0 at the end, -1 after a finding.
static int next_record(struct sheet_reader *reader, struct csv_record *record)
{
    enum csv_outcome outcome = csv_next(&reader->csv, reader->arena, record);
    struct position at = {reader->name, reader->csv.line, reader->csv.column};
    if (outcome == CSV_BROKEN)
        return diagnostics_error(reader->diagnostics, &at, "%s", reader->csv.error);
    return outcome == CSV_RECORD;
}

static int read_header(struct sheet_reader *reader, struct csv_record *record)
{
    int found = next_record(reader, record);
    struct position start = {reader->name, 1, 1};
    if (found < 0)
        return -1;
    if (found == 0)
        return diagnostics_error(reader->diagnostics, &start,
                                 "the file is empty: the first line names the columns");
    int result = 0;
    reader->field_count = record->count;
    for (size_t i = 0; i < record->count; i++)
        result |= take_heading(reader, i, &record->fields[i]);
    return result ? -1 : check_required(reader, &record->fields[0]);
}

static struct sheet_row *add_row(struct sheet_reader *reader, const struct csv_record *record)
{
    if (reader->row_count == reader->row_capacity) {
        reader->row_capacity = reader->row_capacity ? reader->row_capacity * 2 : 64;
        reader->rows = mem_resize(reader->rows, reader->row_capacity, sizeof *reader->rows);
    }
    struct sheet_row *row = &reader->rows[reader->row_count++];
    *row = (struct sheet_row){.at = place_of(reader, &record->fields[0])};
    for (size_t i = 0; i < MAX_SHEET_COLUMNS; i++)
        row->cells[i].text = "";
    return row;
}

static int take_record(struct sheet_reader *reader, const struct csv_record *record)
{
    struct position at = place_of(reader, &record->fields[0]);
    if (reader->row_count == MAX_SHEET_ROWS)
        return diagnostics_error(reader->diagnostics, &at, "more than %d rows", MAX_SHEET_ROWS);
    struct sheet_row *row = add_row(reader, record);
    bool is_empty = true;
    int result = 0;
    for (size_t i = 0; i < record->count; i++) {
        const char *text = clean(reader, &record->fields[i]);
        at = place_of(reader, &record->fields[i]);
        if (!text || (i >= reader->field_count && text[0]))
            result = text ? diagnostics_error(reader->diagnostics, &at,
                                              "there is no column for '%s': the first line has "
                                              "%zu",
                                              text, reader->field_count)
                          : -1;
        is_empty = is_empty && text && text[0] == '\0';
        if (text && i < reader->field_count && reader->meaning[i] != NOWHERE)
            row->cells[reader->meaning[i]] =
                (struct sheet_cell){text, record->fields[i].column};
    }
    reader->row_count -= is_empty || result != 0;
    return result;
}

static int read_rows(struct sheet_reader *reader, struct csv_record *record)
{
    int result = 0;
    for (;;) {
        int found = next_record(reader, record);
        if (found <= 0)
            return found < 0 ? -1 : result;
        result |= take_record(reader, record);
        if (reader->row_count == MAX_SHEET_ROWS && result)
            return -1;
    }
}

static int parse(struct sheet_reader *reader, const char *text, size_t length,
                 struct sheet *ret_sheet)
{
    struct csv_record record;
    csv_begin(&reader->csv, text, length);
    int result = read_header(reader, &record);
    if (result == 0)
        result = read_rows(reader, &record);
    struct sheet_row *rows =
        ARENA_NEW_ARRAY(reader->arena, reader->row_count, struct sheet_row);
    if (reader->row_count)
        memcpy(rows, reader->rows, reader->row_count * sizeof *rows);
    free(reader->rows);
    *ret_sheet = (struct sheet){rows, reader->row_count};
    return result;
}

int sheet_read(struct arena *arena, const char *path, const struct sheet_column *columns,
               size_t column_count, struct diagnostics *diagnostics, struct sheet *ret_sheet)
{
    struct sheet_reader reader = {.arena = arena,
                                  .name = arena_text(arena, path),
                                  .columns = columns,
                                  .column_count = column_count,
                                  .diagnostics = diagnostics};
    struct position start = {reader.name, 1, 1};
    size_t length = 0;
    char *bytes = file_read(path, MAX_SHEET_BYTES, &length);
    if (!bytes)
        return diagnostics_error(diagnostics, &start, "cannot be read: %s",
                                 error_reason(errno));
    int result =
        length > MAX_SHEET_BYTES
            ? diagnostics_error(diagnostics, &start, "larger than 4 MiB: this is no sheet")
            : parse(&reader, bytes, length, ret_sheet);
    free(bytes);
    return result;
}

struct position sheet_place(const struct sheet_row *row, size_t column)
{
    struct position at = row->at;
    if (row->cells[column].column)
        at.column = row->cells[column].column;
    return at;
}
