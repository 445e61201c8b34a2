// SPDX-License-Identifier: MIT
#include "config/tree_explain.h"

#include <string.h>

#include "base/mem.h"

// What the parser says, in which context, and what to tell instead.
struct explanation {
    const char *problem;
    const char *context; // "" matches any
    bool at_context;     // the mistake is where the context began
    bool tells_context;  // the text is followed by where the context began
    const char *text;
};

static const struct explanation explanations[] = {
    {.problem = "found unexpected end of stream",
     .context = "while scanning a quoted scalar",
     .at_context = true,
     .text = "the quote that opens here is never closed"},
    {.problem = "could not find expected ':'",
     .context = "while scanning a simple key",
     .at_context = true,
     .text = "this line has no ':' between key and value (a quote in a line above may also not "
             "be closed)"},
    {.problem = "did not find expected ',' or '}'",
     .tells_context = true,
     .text =
         "the {...} cannot go on here: a formula or text that holds a comma, quotes or ': ' "
         "must stand in quotes as a whole, or the '{' is not closed"},
    {.problem = "did not find expected ',' or ']'",
     .tells_context = true,
     .text =
         "the [...] cannot go on here: a text that holds a comma, quotes or ': ' must stand "
         "in quotes as a whole, or the '[' is not closed"},
    {.problem = "did not find expected key",
     .text =
         "a key was expected here: is the line indented like its neighbours, and are quotes "
         "and brackets above closed?"},
    {.problem = "did not find expected '-' indicator",
     .text =
         "an element of the list ('- ...') was expected here: is the line indented like its "
         "neighbours?"},
    {.problem = "block sequence entries are not allowed",
     .text = "a list element ('- ...') cannot stand here: begin it on a line of its own"},
    {.problem = "mapping keys are not allowed",
     .text = "a key cannot stand here: is the line indented like its neighbours?"},
    {.problem = "found a tab character", .text = "indent with spaces: YAML refuses tabs"},
    {.problem = "found unknown escape character",
     .text = "\\ and this letter mean nothing inside double quotes: use single quotes"},
    {.problem = "did not find expected alphabetic or numeric character",
     .text = "a value that begins with * or & must be in quotes"},
    {.problem = "did not find expected whitespace or line break",
     .text = "a value that begins with ! must be in quotes; in a formula write 'not x'"},
    {.problem = "did not find expected node content",
     .text = "a value is missing here, or it begins with a character that must be in quotes"},
    {.problem = "did not find expected <document start>",
     .text = "this does not belong to what stands above: is the line indented like its "
             "neighbours?"},
    {.problem = "found unexpected document indicator",
     .text = "a document ends here (--- or ...) while a quote is open"},
};

// First byte of a line (from 1).
static const char *line_start(const struct yaml_problem *problem, int line)
{
    const char *at = problem->bytes;
    const char *end = problem->bytes + problem->length;
    for (int i = 1; i < line && at < end; i++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline ? newline + 1 : end;
    }
    return at;
}

// The byte at a column (from 1, in characters) of a line; '\0' past the end.
static char byte_at(const struct yaml_problem *problem, const struct position *at)
{
    const char *byte = line_start(problem, at->line);
    const char *end = problem->bytes + problem->length;
    int column = 1;
    while (byte < end && *byte != '\n') {
        bool starts = ((unsigned char)*byte & 0xC0) != 0x80;
        if (starts && column++ == at->column)
            return *byte;
        byte++;
    }
    return '\0';
}

// Whether a ": " stands in the line before the place.
static bool has_colon_before(const struct yaml_problem *problem)
{
    const char *line = line_start(problem, problem->at.line);
    const char *end = problem->bytes + problem->length;
    for (int column = 1; line + 1 < end && *line != '\n' && column < problem->at.column;
         column++, line++) {
        if (line[0] == ':' && line[1] == ' ')
            return true;
    }
    return false;
}

static int explain_colon(struct diagnostics *diagnostics, const struct yaml_problem *problem)
{
    if (has_colon_before(problem))
        return diagnostics_error(diagnostics, &problem->at,
                                 "a second ': ' in one line: put quotes around a text that "
                                 "holds one, or {...} around keys and values");
    return diagnostics_error(diagnostics, &problem->at,
                             "this ':' cannot stand here: the line before probably lacks its "
                             "':', or this line is indented too far");
}

static int explain_character(struct diagnostics *diagnostics,
                             const struct yaml_problem *problem)
{
    char byte = byte_at(problem, &problem->at);
    if (byte == '\t')
        return diagnostics_error(diagnostics, &problem->at,
                                 "indent with spaces: YAML refuses tabs");
    if (byte == '%')
        return diagnostics_error(diagnostics, &problem->at,
                                 "a value that begins with %% must be in quotes: \"%%\"");
    return diagnostics_error(diagnostics, &problem->at,
                             "a value that begins with %c must be in quotes", byte);
}

// Where the character begins that cannot be read: the parser names the byte at which it found
// out.
static size_t bad_byte(const struct yaml_problem *problem)
{
    size_t offset = problem->offset < problem->length ? problem->offset : problem->length;
    if (!strstr(problem->text, "trailing"))
        return offset;
    for (size_t i = offset; i-- > 0;) {
        if ((unsigned char)problem->bytes[i] >= 0xC0)
            return i;
    }
    return offset;
}

// The parser gives no line for bytes it cannot read.
static int explain_encoding(struct diagnostics *diagnostics, const struct yaml_problem *problem)
{
    struct position at = {problem->at.file, 1, 1};
    size_t offset = bad_byte(problem);
    for (size_t i = 0; i < offset; i++) {
        if (problem->bytes[i] == '\n') {
            at.line++;
            at.column = 1;
        } else if (((unsigned char)problem->bytes[i] & 0xC0) != 0x80) {
            at.column++;
        }
    }
    unsigned byte = offset < problem->length ? (unsigned char)problem->bytes[offset] : 0;
    if (byte < 0x20 || byte == 0x7F)
        return diagnostics_error(diagnostics, &at,
                                 "a control character (0x%02X) cannot be part of a YAML file",
                                 byte);
    return diagnostics_error(diagnostics, &at,
                             "the byte 0x%02X is not UTF-8: save the file as UTF-8", byte);
}

static int explain_by(struct diagnostics *diagnostics, const struct yaml_problem *problem,
                      const struct explanation *row)
{
    if (row->tells_context)
        return diagnostics_error(diagnostics, &problem->at, "%s (line %d, column %d)",
                                 row->text, problem->context_at.line,
                                 problem->context_at.column);
    return diagnostics_error(diagnostics, row->at_context ? &problem->context_at : &problem->at,
                             "%s", row->text);
}

int explain_yaml_problem(struct diagnostics *diagnostics, const struct yaml_problem *problem)
{
    if (problem->is_encoding)
        return explain_encoding(diagnostics, problem);
    if (strstr(problem->text, "mapping values are not allowed"))
        return explain_colon(diagnostics, problem);
    if (strstr(problem->text, "cannot start any token"))
        return explain_character(diagnostics, problem);
    for (size_t i = 0; i < ARRAY_LENGTH(explanations); i++) {
        const struct explanation *row = &explanations[i];
        if (!strstr(problem->text, row->problem) ||
            (row->context && !strstr(problem->context, row->context)))
            continue;
        return explain_by(diagnostics, problem, row);
    }
    return diagnostics_error(diagnostics, &problem->at, "not YAML: %s", problem->text);
}
