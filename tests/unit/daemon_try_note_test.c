// SPDX-License-Identifier: MIT
// Open tries as a text, and what makes that text void: another map, another command.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/try_note.h"
#include "registers/formula.h"

static struct arena *arena;
static struct point points[3];
static struct assignment writes[2];
static struct step inside[1];
static struct step undo[1];
static struct step steps[2];
static struct argument arguments[1];
static struct command command;
static struct map map;

static const struct formula *constant(int64_t number)
{
    struct value value = value_integer(number);
    return formula_constant(arena, &value);
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    static const struct point point = {.source = SOURCE_WORDS,
                                       .table = TABLE_HOLDING,
                                       .unit_id = NO_INDEX,
                                       .word_count = 1,
                                       .from = NO_INDEX,
                                       .type = TYPE_U16,
                                       .scale = {1, 0},
                                       .sf = NO_INDEX};
    for (uint16_t i = 0; i < 3; i++) {
        points[i] = point;
        points[i].address = (uint16_t)(100 + i);
    }
    points[0].key = "begin";
    points[1].key = "rate";
    points[2].key = "status";
    map = (struct map){.name = "m", .points = points, .point_count = 3};
    writes[0] = (struct assignment){0, constant(1)};
    writes[1] = (struct assignment){0, constant(0)};
    inside[0] = (struct step){.kind = STEP_WRITE, .writes = &writes[0], .write_count = 1};
    undo[0] = (struct step){.kind = STEP_WRITE, .writes = &writes[1], .write_count = 1};
    steps[0] = (struct step){.kind = STEP_TRY,
                             .steps = inside,
                             .step_count = 1,
                             .on_failure = undo,
                             .on_failure_count = 1};
    steps[1] = (struct step){.kind = STEP_WAIT, .duration_ms = 5};
    arguments[0] = (struct argument){
        .key = "wanted", .type = ARGUMENT_INTEGER, .initial = value_integer(7), .target = 1};
    command = (struct command){.key = "configure",
                               .arguments = arguments,
                               .argument_count = 1,
                               .steps = steps,
                               .step_count = 2,
                               .set_point = NO_INDEX};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void test_there_and_back(void **state)
{
    static const struct open_tries tries = {.count = 3,
                                            .tries = {{1, false}, {3, true}, {4, false}}};
    (void)state;
    char form[FORM_SIZE];
    struct open_tries read;
    struct error err = {0};
    try_note_form(&map, &command, form);
    char *text = try_note_text(form, &tries);
    assert_int_equal(try_note_read(text, form, &read, &err), 0);
    assert_int_equal(read.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(read.tries[i].ordinal, tries.tries[i].ordinal);
        assert_int_equal(read.tries[i].has_failed, tries.tries[i].has_failed);
    }
    free(text);
}

static void test_another_form_is_said(void **state)
{
    static const struct open_tries tries = {.count = 1, .tries = {{1, false}}};
    (void)state;
    struct open_tries read;
    struct error err = {0};
    char *text = try_note_text("0123456789abcdef", &tries);
    assert_int_equal(try_note_read(text, "0123456789abcdee", &read, &err), -1);
    assert_string_equal(err.text, "the map has changed");
    free(text);
}

enum change {
    CHANGE_NOTHING,
    CHANGE_TEXTS,
    CHANGE_ADDRESS,
    CHANGE_TABLE,
    CHANGE_SCALE,
    CHANGE_INVALID,
    CHANGE_KEY,
    CHANGE_UNDO_VALUE,
    CHANGE_UNDO_TARGET,
    CHANGE_UNDO_LENGTH,
    CHANGE_WAIT,
    CHANGE_VERIFY,
    CHANGE_ARGUMENT,
    CHANGE_DEFAULT,
    CHANGE_NAME,
    CHANGE_COUNT,
};

static void change(enum change what)
{
    switch (what) {
    case CHANGE_NOTHING:
    case CHANGE_COUNT:
        return;
    case CHANGE_TEXTS:
        points[1].display_name = "Rate";
        points[1].every_ms = 5;
        command.display_name = "Configure";
        command.timeout_ms = 99;
        return;
    case CHANGE_ADDRESS:
        points[2].address = 99;
        return;
    case CHANGE_TABLE:
        points[0].table = TABLE_COIL;
        return;
    case CHANGE_SCALE:
        points[1].scale.exponent = -1;
        return;
    case CHANGE_INVALID:
        points[2].invalid[0] = 0xFFFF;
        points[2].invalid_count = 1;
        return;
    case CHANGE_KEY:
        points[2].key = "state";
        return;
    case CHANGE_UNDO_VALUE:
        writes[1].value = constant(2);
        return;
    case CHANGE_UNDO_TARGET:
        writes[1].point = 1;
        return;
    case CHANGE_UNDO_LENGTH:
        steps[0].on_failure_count = 0;
        return;
    case CHANGE_WAIT:
        steps[1].duration_ms = 6;
        return;
    case CHANGE_VERIFY:
        inside[0].verify = true;
        return;
    case CHANGE_ARGUMENT:
        arguments[0].key = "want";
        return;
    case CHANGE_DEFAULT:
        arguments[0].initial = value_integer(8);
        return;
    case CHANGE_NAME:
        command.key = "configured";
        return;
    }
}

static void test_what_changes_the_form(void **state)
{
    (void)state;
    char before[FORM_SIZE];
    char after[FORM_SIZE];
    try_note_form(&map, &command, before);
    for (enum change what = CHANGE_NOTHING; what < CHANGE_COUNT; what++) {
        change(what);
        try_note_form(&map, &command, after);
        if ((strcmp(before, after) == 0) != (what <= CHANGE_TEXTS))
            fail_msg("change %d: %s and %s", (int)what, before, after);
        arena_free(arena);
        (void)set_up(NULL);
    }
}

static void test_damaged_texts_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "null",
        "[]",
        "{}",
        "{\"form\":\"x\"}",
        "{\"form\":\"x\",\"tries\":[]}",
        "{\"form\":7,\"tries\":[{\"try\":1,\"on_failure\":false}]}",
        "{\"form\":\"x\",\"tries\":[1]}",
        "{\"form\":\"x\",\"tries\":[{\"try\":0,\"on_failure\":false}]}",
        "{\"form\":\"x\",\"tries\":[{\"try\":1.5,\"on_failure\":false}]}",
        "{\"form\":\"x\",\"tries\":[{\"try\":1}]}",
        "{\"form\":\"x\",\"form\":\"x\",\"tries\":[{\"try\":1,\"on_failure\":false}]}",
        "{\"form\":\"x\",\"tries\":[{\"try\":99999999999,\"on_failure\":false}]}",
        "{\"form\":\"x\",\"tries\":[1,2,3,4,5,6]}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct open_tries read;
        struct error err = {0};
        assert_int_equal(try_note_read(texts[i], "x", &read, &err), -1);
        assert_string_equal(err.text, "what was kept of it is damaged");
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_there_and_back),
        TEST(test_another_form_is_said),
        TEST(test_what_changes_the_form),
        TEST(test_damaged_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
