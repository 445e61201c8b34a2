// SPDX-License-Identifier: MIT
#include "cli/findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/terminal.h"

static const char *const colours[] = {
    [FINDING_ERROR] = "\033[1;31m",
    [FINDING_WARNING] = "\033[1;35m",
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

// Prints the source line with a caret; nothing when it cannot be read. Columns count
// characters.
static void print_source(const struct position *at)
{
    FILE *file = fopen(at->file, "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t length = -1;
    for (int number = 0; file && number < at->line; number++)
        length = getline(&line, &room, file);
    if (length > 0 && line) {
        line[strcspn(line, "\r\n")] = '\0';
        (void)printf("%5d | %s\n      | ", at->line, line);
        int column = 1;
        for (const char *c = line; *c && column < at->column; c++) {
            bool begins = ((unsigned char)*c & 0xC0) != 0x80;
            if (begins)
                (void)putchar(*c == '\t' ? '\t' : ' ');
            column += begins;
        }
        (void)printf("\033[1;32m^\033[0m\n");
    }
    free(line);
    if (file)
        (void)fclose(file);
}

static void print_colours(struct diagnostics *diagnostics)
{
    diagnostics_sort(diagnostics);
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct finding *finding = &diagnostics->findings[i];
        (void)printf("\033[1m%s:%d:%d:\033[0m %s%s:\033[0m %s\n", finding->at.file,
                     finding->at.line, finding->at.column, colours[finding->severity],
                     finding_severity_names[finding->severity], finding->text);
        print_source(&finding->at);
    }
    if (diagnostics->dropped_count)
        (void)printf("%zu more findings are not shown\n", diagnostics->dropped_count);
}

void findings_print(struct diagnostics *diagnostics)
{
    if (terminal_in_colour())
        print_colours(diagnostics);
    else
        diagnostics_print(diagnostics, stdout);
}
