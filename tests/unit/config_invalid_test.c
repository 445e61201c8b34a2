// SPDX-License-Identifier: MIT
// Which words are no value of a view (from:): held against the values of a whole map.
#include "config_support.h"

#include <unistd.h>

#include "base/mem.h"
#include "config/config.h"
#include "registers/block.h"
#include "registers/image.h"

static const char text[] =
    "modbridge: map/1\n"
    "modbus: {invalid: {u16: 0xFFFF, i16: [0x8000, 0x7FFF], u32: 0xFFFF0000}}\n"
    "registers:\n"
    "  word: {holding: 0, type: u16}\n"
    "  part: {from: word, bits: 4..7}\n"
    "  flag: {from: word, bits: 3, type: bool}\n"
    "  any: {from: word, type: bool}\n"
    "  signed: {from: word, type: i16}\n"
    "  open: {from: word, bits: 4..7, invalid: []}\n"
    "  own: {from: word, bits: 4..7, invalid: 0x1234}\n"
    "  own_part: {from: own, bits: 4}\n"
    "  given: {holding: 1, type: i16, invalid: [0x0FF0, -2]}\n"
    "  given_part: {from: given, type: u16, bits: 4..7}\n"
    "  given_whole: {from: given, type: u16}\n"
    "  given_label: {from: given_part, bits: 4..7, enum: {0..15: some}}\n"
    "  given_text: {from: given, type: string, length: 1}\n"
    "  long: {holding: 2, type: u32, word_order: little}\n"
    "  long_flag: {from: long, bits: 31}\n"
    "  long_high: {from: long, word_order: big, bits: 0..7}\n";

struct bench {
    struct desk *desk;
    const struct map *map;
    struct image *image;
};

static int set_up(void **state)
{
    struct bench *bench = mem_new(1, sizeof *bench);
    char path[] = "/tmp/invalid-test-XXXXXX";
    int file = mkstemp(path);
    bench->desk = desk_new();
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    assert_int_equal(close(file), 0);
    assert_int_equal(
        config_load_map(bench->desk->arena, path, NULL, &bench->desk->diagnostics, &bench->map),
        0);
    assert_int_equal(unlink(path), 0);
    bench->image = image_new(bench->map, &bench->map->modbus);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    image_free(bench->image);
    desk_free(bench->desk);
    free(bench);
    return 0;
}

static void hold(const struct bench *bench, const uint16_t words[4])
{
    int points[] = {map_find_point(bench->map, "word"), map_find_point(bench->map, "given"),
                    map_find_point(bench->map, "long")};
    struct plan_request request = {.map = bench->map, .modbus = &bench->map->modbus};
    const struct plan *plan =
        block_plan_for(bench->desk->arena, &request, points, ARRAY_LENGTH(points));
    for (size_t i = 0; i < plan->block_count; i++)
        image_store(bench->image, &plan->blocks[i], words + plan->blocks[i].address, 0);
}

struct row {
    const char *key;
    uint16_t words[4];
    const char *expected;
};

// "absent" as people read it is "unknown" too, so kinds are told apart here.
static void look(const struct bench *bench, const struct row *row)
{
    struct image_space space = {0};
    char seen[40] = "absent";
    hold(bench, row->words);
    struct value value =
        image_value(bench->image, map_find_point(bench->map, row->key), 0, &space);
    if (value.kind != VALUE_ABSENT)
        value_format(&value, seen, sizeof seen);
    if (strcmp(seen, row->expected) != 0)
        fail_msg("%s of %04X %04X %04X %04X: %s, not %s", row->key, row->words[0],
                 row->words[1], row->words[2], row->words[3], seen, row->expected);
}

static void views_have_no_more_of_a_value_than_their_entry(void **state)
{
    static const struct row rows[] = {
        {"part", {0x00F7}, "15"},
        {"part", {0xFFFF}, "absent"},
        {"flag", {0x0008}, "true"},
        {"flag", {0xFFFF}, "absent"},
        {"any", {0x0100}, "true"},
        {"any", {0xFFFF}, "absent"},
        {"given", {0, 0x0FF0}, "absent"},
        {"given", {0, 0xFFFE}, "absent"},
        {"given", {0, 0x8000}, "-32768"}, // its own replace those of its type
        {"given_part", {0, 0x0FF0}, "absent"},
        {"given_part", {0, 0xFFFE}, "absent"},
        {"given_part", {0, 0x0FF1}, "15"},
        {"given_part", {0, 0xFFFF}, "15"},
        {"given_whole", {0, 0x0FF0}, "absent"},
        {"given_whole", {0, 0xFFFF}, "65535"},
        {"given_label", {0, 0xFFFE}, "absent"},
        {"given_label", {0, 0x0FF1}, "some"},
        {"given_text", {0, 0x0FF0}, "absent"},
        {"given_text", {0, 0x4142}, "AB"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        look(*state, &rows[i]);
}

static void another_number_type_and_an_own_pattern_go_by_themselves(void **state)
{
    static const struct row rows[] = {
        {"signed", {0xFFFF}, "-1"},  {"signed", {0x8000}, "absent"},
        {"open", {0xFFFF}, "15"},    {"own", {0xFFFF}, "15"},
        {"own", {0x1234}, "absent"}, {"own_part", {0x1234}, "absent"},
        {"own_part", {0xFFFF}, "1"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        look(*state, &rows[i]);
}

static void patterns_are_of_the_words_whatever_the_order(void **state)
{
    static const struct row rows[] = {
        {"long", {0, 0, 0x0000, 0xFFFF}, "absent"},
        {"long", {0, 0, 0xFFFF, 0x0000}, "65535"},
        {"long_flag", {0, 0, 0x0000, 0xFFFF}, "absent"},
        {"long_flag", {0, 0, 0x0001, 0xFFFF}, "1"},
        {"long_high", {0, 0, 0x0000, 0xFFFF}, "absent"},
        {"long_high", {0, 0, 0xFFFF, 0x0000}, "0"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        look(*state, &rows[i]);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(views_have_no_more_of_a_value_than_their_entry),
        TEST(another_number_type_and_an_own_pattern_go_by_themselves),
        TEST(patterns_are_of_the_words_whatever_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
