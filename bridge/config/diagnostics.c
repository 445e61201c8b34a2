// SPDX-License-Identifier: MIT
#include "config/diagnostics.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

const char *const finding_severity_names[] = {
    [FINDING_ERROR] = "error",
    [FINDING_WARNING] = "warning",
};

void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena)
{
    memset(diagnostics, 0, sizeof *diagnostics);
    diagnostics->arena = arena;
}

static bool is_known(const struct diagnostics *diagnostics, const struct position *at,
                     const char *text)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct finding *finding = &diagnostics->findings[i];
        if (finding->at.line == at->line && finding->at.column == at->column &&
            strcmp(finding->at.file, at->file) == 0 && strcmp(finding->text, text) == 0)
            return true;
    }
    return false;
}

// A finding is one line, and what it quotes of a file must not steer a terminal or a log.
static void make_harmless(char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '\n' || byte == '\t' || byte == '\r')
            *text = ' ';
        else if (byte < 0x20 || byte == 0x7F)
            *text = '?';
        else if (byte == 0xC2 && (unsigned char)text[1] >= 0x80 &&
                 (unsigned char)text[1] < 0xA0)
            text[0] = text[1] = '?'; // U+0080 to U+009F
    }
}

__attribute__((format(printf, 4, 0))) static void add(struct diagnostics *diagnostics,
                                                      enum finding_severity severity,
                                                      const struct position *at,
                                                      const char *format, va_list args)
{
    struct position place = *at;
    char text[800];
    (void)vsnprintf(text, sizeof text, format, args);
    utf8_mend_end(text);
    make_harmless(text);
    if (!place.file)
        place.file = "";
    if (is_known(diagnostics, &place, text))
        return;
    if (severity == FINDING_ERROR)
        diagnostics->error_count++;
    if (diagnostics->count == MAX_FINDINGS) {
        diagnostics->dropped_count++;
        return;
    }
    diagnostics->findings[diagnostics->count] = (struct finding){
        .severity = severity,
        .at = place,
        .text = arena_text(diagnostics->arena, text),
        .sequence = diagnostics->count,
    };
    diagnostics->count++;
}

int diagnostics_error(struct diagnostics *diagnostics, const struct position *at,
                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diagnostics, FINDING_ERROR, at, format, args);
    va_end(args);
    return -1;
}

void diagnostics_warning(struct diagnostics *diagnostics, const struct position *at,
                         const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diagnostics, FINDING_WARNING, at, format, args);
    va_end(args);
}

static int compare_findings(const void *left, const void *right)
{
    const struct finding *a = left;
    const struct finding *b = right;
    int order = strcmp(a->at.file, b->at.file);
    if (order == 0)
        order = (a->at.line > b->at.line) - (a->at.line < b->at.line);
    if (order == 0)
        order = (a->at.column > b->at.column) - (a->at.column < b->at.column);
    if (order == 0)
        order = (a->sequence > b->sequence) - (a->sequence < b->sequence);
    return order;
}

void diagnostics_sort(struct diagnostics *diagnostics)
{
    qsort(diagnostics->findings, diagnostics->count, sizeof diagnostics->findings[0],
          compare_findings);
}

void diagnostics_print(struct diagnostics *diagnostics, FILE *file)
{
    diagnostics_sort(diagnostics);
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct finding *finding = &diagnostics->findings[i];
        (void)fprintf(file, "%s:%d:%d: %s: %s\n", finding->at.file, finding->at.line,
                      finding->at.column, finding_severity_names[finding->severity],
                      finding->text);
    }
    if (diagnostics->dropped_count > 0)
        (void)fprintf(file, "%zu more findings are not shown: correct these first\n",
                      diagnostics->dropped_count);
}
