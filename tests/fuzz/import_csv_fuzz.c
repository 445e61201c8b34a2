// SPDX-License-Identifier: MIT
// Any file as a table: reading ends, within the limits, each field begins behind the one
// before, and what is said to be a text ends where it says.
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_record(const struct csv_record *record, const struct csv *csv)
{
    require(record->count >= 1 && record->count <= MAX_CSV_FIELDS);
    for (size_t i = 0; i < record->count; i++) {
        const struct csv_field *field = &record->fields[i];
        require(field->length <= MAX_CSV_FIELD_BYTES && field->text[field->length] == '\0');
        require(field->line >= 1 && field->line <= csv->line && field->column >= 1);
        const struct csv_field *before = i ? field - 1 : field;
        require(field->line >= before->line);
        require(field == before || field->line > before->line ||
                field->column > before->column);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct csv_record record;
    struct csv csv;
    size_t records = 0;
    csv_begin(&csv, (const char *)data, size);
    enum csv_outcome outcome = csv_next(&csv, arena, &record);
    for (; outcome == CSV_RECORD; outcome = csv_next(&csv, arena, &record)) {
        check_record(&record, &csv);
        require(++records <= size);
    }
    require(outcome != CSV_BROKEN || csv.error);
    require(outcome != CSV_END || csv.at == (const char *)data + size);
    arena_free(arena);
    return 0;
}
