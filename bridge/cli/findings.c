// SPDX-License-Identifier: MIT
#include "cli/findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/excerpt.h"
#include "cli/terminal.h"

// How a finding looks on a terminal; all empty without colour.
struct look {
    const char *place;
    const char *severity[2];
    const char *caret;
    const char *end;
};

static const struct look plain = {"", {[FINDING_ERROR] = "", [FINDING_WARNING] = ""}, "", ""};
static const struct look coloured = {
    .place = "\033[1m",
    .severity = {[FINDING_ERROR] = "\033[1;31m", [FINDING_WARNING] = "\033[1;35m"},
    .caret = "\033[1;32m",
    .end = "\033[0m",
};

void findings_print_json(struct diagnostics *diagnostics)
{
    struct strbuf out = {0};
    diagnostics_sort(diagnostics);
    strbuf_add(&out, "[");
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct finding *finding = &diagnostics->findings[i];
        strbuf_add(&out, i ? ",\n {\"file\":" : "{\"file\":");
        strbuf_add_json(&out, finding->at.file);
        strbuf_printf(
            &out, ",\"line\":%d,\"column\":%d,\"severity\":\"%s\",\"text\":", finding->at.line,
            finding->at.column, finding_severity_names[finding->severity]);
        strbuf_add_json(&out, finding->text);
        strbuf_add(&out, "}");
    }
    (void)printf("%s]\n", strbuf_text(&out));
    strbuf_done(&out);
}

// Prints the source line with a caret; nothing when it cannot be read.
static void print_source(const struct position *at, const struct look *look)
{
    FILE *file = fopen(at->file, "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t length = -1;
    for (int number = 0; file && number < at->line; number++)
        length = getline(&line, &room, file);
    if (length > 0 && line) {
        struct strbuf text = {0};
        struct strbuf indent = {0};
        line[strcspn(line, "\r\n")] = '\0';
        excerpt_make(line, at->column, &text, &indent);
        (void)printf("%7d | %s\n        | %s%s^%s\n", at->line, strbuf_text(&text),
                     strbuf_text(&indent), look->caret, look->end);
        strbuf_done(&text);
        strbuf_done(&indent);
    }
    free(line);
    if (file)
        (void)fclose(file);
}

static void print_with_sources(struct diagnostics *diagnostics, const struct look *look)
{
    diagnostics_sort(diagnostics);
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct finding *finding = &diagnostics->findings[i];
        (void)printf("%s%s:%d:%d:%s %s%s:%s %s\n", look->place, finding->at.file,
                     finding->at.line, finding->at.column, look->end,
                     look->severity[finding->severity],
                     finding_severity_names[finding->severity], look->end, finding->text);
        print_source(&finding->at, look);
    }
    if (diagnostics->dropped_count)
        (void)printf("%zu more findings are not shown: correct these first\n",
                     diagnostics->dropped_count);
}

void findings_print(struct diagnostics *diagnostics)
{
    if (terminal_is_there())
        print_with_sources(diagnostics, terminal_in_colour() ? &coloured : &plain);
    else
        diagnostics_print(diagnostics, stdout);
}
