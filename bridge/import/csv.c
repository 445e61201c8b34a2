// SPDX-License-Identifier: MIT
#include "import/csv.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

static const char separators[] = {',', ';', '\t'}; // the first wins a tie
static const char byte_order_mark[] = "\xEF\xBB\xBF";

static bool is_at_line_end(const struct csv *csv)
{
    return csv->at == csv->end || *csv->at == '\n' ||
           (*csv->at == '\r' && (csv->at + 1 == csv->end || csv->at[1] == '\n'));
}

// Goes on by one byte. Columns count characters: the later bytes of one do not count.
static void step(struct csv *csv)
{
    if (*csv->at == '\n') {
        csv->line++;
        csv->column = 1;
    } else if (((unsigned char)*csv->at & 0xC0) != 0x80) {
        csv->column++;
    }
    csv->at++;
}

static void skip_line_end(struct csv *csv)
{
    while (csv->at < csv->end && *csv->at == '\r')
        step(csv);
    if (csv->at < csv->end)
        step(csv);
}

static void skip_comments(struct csv *csv)
{
    while (csv->at < csv->end && (*csv->at == '#' || is_at_line_end(csv))) {
        while (!is_at_line_end(csv))
            step(csv);
        skip_line_end(csv);
    }
}

static char guess_separator(const struct csv *csv)
{
    size_t counts[ARRAY_LENGTH(separators)] = {0};
    struct csv ahead = *csv;
    bool is_quoted = false;
    for (; ahead.at < ahead.end && (is_quoted || !is_at_line_end(&ahead)); step(&ahead)) {
        is_quoted ^= *ahead.at == '"';
        for (size_t i = 0; i < ARRAY_LENGTH(separators) && !is_quoted; i++)
            counts[i] += *ahead.at == separators[i];
    }
    size_t best = 0;
    for (size_t i = 1; i < ARRAY_LENGTH(separators); i++)
        best = counts[i] > counts[best] ? i : best;
    return separators[best];
}

void csv_begin(struct csv *csv, const char *text, size_t length)
{
    *csv = (struct csv){.at = text, .end = text + length, .line = 1, .column = 1};
    size_t mark = sizeof byte_order_mark - 1;
    if (length >= mark && memcmp(text, byte_order_mark, mark) == 0)
        csv->at += mark;
    skip_comments(csv);
    csv->separator = guess_separator(csv);
}

static int fail(struct csv *csv, const char *text)
{
    csv->error = text;
    return -1;
}

static int finish_field(struct csv *csv, struct arena *arena, struct csv_field *field,
                        const char *start, size_t length)
{
    if (length > MAX_CSV_FIELD_BYTES)
        return fail(csv, "a field of more than 16384 bytes");
    field->text = arena_copy(arena, start, length);
    field->length = length;
    return 0;
}

// Each doubled quote is one.
static size_t halve_quotes(char *text, size_t length)
{
    size_t kept = 0;
    for (size_t i = 0; i < length; i++) {
        text[kept++] = text[i];
        i += text[i] == '"';
    }
    text[kept] = '\0';
    return kept;
}

static int read_quoted(struct csv *csv, struct arena *arena, struct csv_field *field)
{
    const char *start = csv->at + 1;
    const struct csv opening = *csv;
    step(csv);
    while (csv->at < csv->end) {
        bool is_quote = *csv->at == '"';
        bool is_doubled = is_quote && csv->at + 1 < csv->end && csv->at[1] == '"';
        if (is_quote && !is_doubled)
            break;
        step(csv);
        if (is_doubled)
            step(csv);
    }
    if (csv->at == csv->end) {
        *csv = opening;
        return fail(csv, "this quote is never closed");
    }
    if (finish_field(csv, arena, field, start, (size_t)(csv->at - start)) != 0)
        return -1;
    field->length = halve_quotes((char *)field->text, field->length);
    step(csv);
    if (!is_at_line_end(csv) && *csv->at != csv->separator)
        return fail(csv, "text behind a closing quote; a quote inside a quoted field is "
                         "written twice");
    return 0;
}

static int read_plain(struct csv *csv, struct arena *arena, struct csv_field *field)
{
    const char *start = csv->at;
    while (!is_at_line_end(csv) && *csv->at != csv->separator)
        step(csv);
    return finish_field(csv, arena, field, start, (size_t)(csv->at - start));
}

enum csv_outcome csv_next(struct csv *csv, struct arena *arena, struct csv_record *ret_record)
{
    ret_record->count = 0;
    skip_comments(csv);
    if (csv->error)
        return CSV_BROKEN;
    if (csv->at == csv->end)
        return CSV_END;
    for (;;) {
        if (ret_record->count == MAX_CSV_FIELDS)
            return fail(csv, "more than 64 fields") < 0 ? CSV_BROKEN : CSV_END;
        struct csv_field *field = &ret_record->fields[ret_record->count++];
        *field = (struct csv_field){.line = csv->line, .column = csv->column};
        bool is_quoted = csv->at < csv->end && *csv->at == '"';
        if ((is_quoted ? read_quoted : read_plain)(csv, arena, field) != 0)
            return CSV_BROKEN;
        if (is_at_line_end(csv))
            break;
        step(csv);
    }
    skip_line_end(csv);
    return CSV_RECORD;
}
