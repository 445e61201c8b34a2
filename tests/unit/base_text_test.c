// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "base/utf8.h"

static void strbuf_grows(void **state)
{
    (void)state;
    struct strbuf buf = {0};
    assert_string_equal(strbuf_text(&buf), "");
    for (int i = 0; i < 1000; i++)
        strbuf_printf(&buf, "%03d,", i);
    strbuf_add(&buf, "end");
    strbuf_add_char(&buf, '.');
    strbuf_add_bytes(&buf, "xyz", 1);
    assert_int_equal(buf.length, 4005);
    assert_int_equal(strlen(strbuf_text(&buf)), 4005);
    assert_memory_equal(buf.text, "000,001,", 8);
    assert_string_equal(buf.text + 3996, "999,end.x");
    strbuf_clear(&buf);
    assert_string_equal(strbuf_text(&buf), "");
    strbuf_printf(&buf, "%s", "");
    assert_int_equal(buf.length, 0);
    strbuf_done(&buf);
    assert_null(buf.text);
}

static void strbuf_loses_its_beginning(void **state)
{
    (void)state;
    struct strbuf buf = {0};
    strbuf_skip(&buf, 3);
    strbuf_add(&buf, "one\ntwo");
    strbuf_skip(&buf, 4);
    assert_string_equal(strbuf_text(&buf), "two");
    strbuf_add(&buf, "!");
    assert_string_equal(strbuf_text(&buf), "two!");
    strbuf_skip(&buf, 4);
    assert_string_equal(strbuf_text(&buf), "");
    assert_int_equal(buf.length, 0);
    strbuf_done(&buf);
}

static void strbuf_gives_its_text_away(void **state)
{
    (void)state;
    struct strbuf buf = {0};
    char *text = strbuf_take(&buf);
    assert_string_equal(text, "");
    free(text);
    strbuf_add(&buf, "mine");
    text = strbuf_take(&buf);
    assert_string_equal(text, "mine");
    assert_int_equal(buf.length, 0);
    free(text);
}

static void error_says_what_and_where(void **state)
{
    (void)state;
    struct error err = {0};
    assert_int_equal(error_set(&err, ERROR_CONFIG, "bad %d", 5), -1);
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_string_equal(err.text, "bad 5");
    assert_int_equal(error_prefix(&err, "file %s", "a.yaml"), -1);
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_string_equal(err.text, "file a.yaml: bad 5");
    errno = ENOENT;
    assert_int_equal(error_set_errno(&err, "opening %s", "x"), -1);
    assert_int_equal(err.code, ERROR_FAILED);
    assert_string_equal(err.text, "opening x: No such file or directory");
    assert_int_equal(errno, ENOENT);
}

static void error_is_cut_between_characters(void **state)
{
    (void)state;
    char umlauts[sizeof((struct error *)NULL)->text + 41];
    struct error err = {0};
    for (size_t i = 0; i + 1 < sizeof umlauts; i += 2)
        memcpy(umlauts + i, "\xC3\xA4", 2);
    umlauts[sizeof umlauts - 1] = '\0';
    (void)error_set(&err, ERROR_FAILED, "%s", umlauts);
    assert_int_equal(strlen(err.text),
                     sizeof err.text - 2); // 479 bytes would be half an umlaut
    (void)error_set(&err, ERROR_FAILED, "x%s", umlauts);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    (void)error_prefix(&err, "p");
    assert_int_equal(strlen(err.text), sizeof err.text - 2);
    assert_memory_equal(err.text, "p: x\xC3\xA4", 6);
    (void)error_prefix(&err, "p");
    (void)error_prefix(&err, "%s", umlauts);
    assert_int_equal(strlen(err.text), sizeof err.text - 2);
}

static void mends_the_end_of_a_cut_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
    } rows[] = {
        {"", 0},         {"abc", 3},          {"ab\xC3", 2},        {"ab\xC3\xA4", 4},
        {"\xE2\x82", 0}, {"\xE2\x82\xAC", 3}, {"a\xF0\x9F\x94", 1}, {"a\xF0\x9F\x94\xA5", 5},
        {"\xC3", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[8];
        (void)snprintf(text, sizeof text, "%s", rows[i].text);
        utf8_mend_end(text);
        assert_int_equal(strlen(text), rows[i].length);
    }
}

// What log_line writes on standard error.
static void logged(enum log_level level, const char *text, char *ret_line, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int saved = dup(STDERR_FILENO);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    log_line(level, "bus cabinet", "%s", text);
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    (void)close(saved);
    (void)close(ends[1]);
    ssize_t length = read(ends[0], ret_line, size - 1);
    assert_true(length >= 0);
    ret_line[length] = '\0';
    (void)close(ends[0]);
}

static void log_writes_one_line(void **state)
{
    (void)state;
    char line[2048];
    char long_text[1500];
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    log_set_level(LOG_LEVEL_INFO);
    logged(LOG_LEVEL_WARNING, "no answer from unit 4", line, sizeof line);
    assert_string_equal(line, "warning: bus cabinet: no answer from unit 4\n");
    logged(LOG_LEVEL_DEBUG, "detail", line, sizeof line);
    assert_string_equal(line, "");
    logged(LOG_LEVEL_INFO, "a\nerror: forged\x1B[2J", line, sizeof line);
    assert_string_equal(line, "info: bus cabinet: a?error: forged?[2J\n");
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    logged(LOG_LEVEL_ERROR, long_text, line, sizeof line);
    assert_int_equal(strlen(line), 1023);
    assert_int_equal(line[1022], '\n');
    assert_int_equal(setenv("JOURNAL_STREAM", "8:1", 1), 0);
    log_set_level(LOG_LEVEL_DEBUG);
    logged(LOG_LEVEL_DEBUG, "detail", line, sizeof line);
    assert_string_equal(line, "<7>bus cabinet: detail\n");
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    log_set_level(LOG_LEVEL_INFO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strbuf_grows),
        cmocka_unit_test(strbuf_loses_its_beginning),
        cmocka_unit_test(strbuf_gives_its_text_away),
        cmocka_unit_test(error_says_what_and_where),
        cmocka_unit_test(error_is_cut_between_characters),
        cmocka_unit_test(mends_the_end_of_a_cut_text),
        cmocka_unit_test(log_writes_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
