// SPDX-License-Identifier: MIT
// Tables as spreadsheets save them: records shown as [field][field], one a line, with the place
// of the last one.
#include "import/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strbuf.h"

struct csv_case {
    const char *name;
    const char *text;
    const char *expected;
};

static const struct csv_case cases[] = {
    {"nothing", "", "end 1:1"},
    {"one field without an end of line", "a", "1:1 [a]\nend 1:2"},
    {"LF and CRLF", "a,b\nc,d\r\ne,f", "1:1 [a][b]\n2:1 [c][d]\n3:1 [e][f]\nend 3:4"},
    {"empty fields", ",\n,,\n", "1:1 [][]\n2:1 [][][]\nend 3:1"},
    {"empty lines and comments are passed over", "\n# x, \"y\n\r\na\n#\n\nb\n#end",
     "4:1 [a]\n7:1 [b]\nend 8:5"},
    {"# inside a record is text", "a,#b\n", "1:1 [a][#b]\nend 2:1"},
    {"quotes around what separates", "\"a,b\",\"c\nd\"\ne\n",
     "1:1 [a,b][c\nd]\n3:1 [e]\nend 4:1"},
    {"a quote is written twice", "\"a\"\"b\",\"\"\"\"\n", "1:1 [a\"b][\"]\nend 2:1"},
    {"a quote inside a field without quotes", "5\" pipe,x\"y\"\n",
     "1:1 [5\" pipe][x\"y\"]\nend 2:1"},
    {"a byte order mark",
     "\xEF\xBB\xBF"
     "a,b\n",
     "1:1 [a][b]\nend 2:1"},
    {"semicolons", "a;b,c;d\n1;2;3\n", "1:1 [a][b,c][d]\n2:1 [1][2][3]\nend 3:1"},
    {"tabs", "a\tb\n1,5\t2\n", "1:1 [a][b]\n2:1 [1,5][2]\nend 3:1"},
    {"what is quoted does not tell the separator", "\"a;b;c;d\",e\n",
     "1:1 [a;b;c;d][e]\nend 2:1"},
    {"the separator is told behind comments", "# a,b,c\nx;y\n", "2:1 [x][y]\nend 3:1"},
    {"columns count characters", "\xC3\xA4\xE2\x82\xAC,\"never\n",
     "broken 1:4 this quote is never closed"},
    {"text behind a closing quote", "a\n\"b\" c,d\n",
     "1:1 [a]\nbroken 2:4 text behind a closing quote; a quote inside a quoted field is "
     "written "
     "twice"},
    {"a lone CR is text", "a\rb,c\r", "1:1 [a\rb][c]\nend 1:7"},
};

static void show(struct strbuf *out, const char *text, size_t length)
{
    struct arena *arena = arena_new();
    struct csv_record record;
    struct csv csv;
    csv_begin(&csv, text, length);
    enum csv_outcome outcome = csv_next(&csv, arena, &record);
    for (; outcome == CSV_RECORD; outcome = csv_next(&csv, arena, &record)) {
        strbuf_printf(out, "%d:%d ", record.fields[0].line, record.fields[0].column);
        for (size_t i = 0; i < record.count; i++)
            strbuf_printf(out, "[%s]", record.fields[i].text);
        strbuf_add(out, "\n");
    }
    if (outcome == CSV_END)
        strbuf_printf(out, "end %d:%d", csv.line, csv.column);
    else
        strbuf_printf(out, "broken %d:%d %s", csv.line, csv.column, csv.error);
    assert_int_equal(csv_next(&csv, arena, &record), outcome);
    arena_free(arena);
}

static void tables_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct strbuf out = {0};
        show(&out, cases[i].text, strlen(cases[i].text));
        if (strcmp(strbuf_text(&out), cases[i].expected) != 0)
            fail_msg("%s:\n%s\ninstead of\n%s", cases[i].name, strbuf_text(&out),
                     cases[i].expected);
        strbuf_done(&out);
    }
}

static void what_is_too_large_is_refused(void **state)
{
    (void)state;
    struct strbuf text = {0};
    struct strbuf out = {0};
    for (int i = 0; i < MAX_CSV_FIELDS; i++)
        strbuf_add(&text, ",");
    show(&out, strbuf_text(&text), text.length);
    assert_string_equal(strbuf_text(&out), "broken 1:65 more than 64 fields");
    strbuf_clear(&out);
    strbuf_clear(&text);
    for (int i = 0; i <= MAX_CSV_FIELD_BYTES; i++)
        strbuf_add(&text, "x");
    show(&out, strbuf_text(&text), text.length);
    assert_string_equal(strbuf_text(&out), "broken 1:16386 a field of more than 16384 bytes");
    strbuf_done(&out);
    strbuf_done(&text);
}

static void a_nul_is_counted(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct csv_record record;
    struct csv csv;
    csv_begin(&csv, "a\0b,c", 5);
    assert_int_equal(csv_next(&csv, arena, &record), CSV_RECORD);
    assert_int_equal(record.fields[0].length, 3);
    assert_int_equal(record.fields[1].column, 5);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_read),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(a_nul_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
