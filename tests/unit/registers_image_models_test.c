// SPDX-License-Identifier: MIT
// What an image makes of where the SunSpec models are: unknown before the walk, absent where
// there is none, never words of the model behind.
#include "registers/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/plain_point.h"

enum { POWER, MODULE, PLAIN, POINTS };

#define ENTRY(name, at, words, number)                                                         \
    {                                                                                          \
        PLAIN_POINT, .key = (name), .source = SOURCE_WORDS, .table = TABLE_HOLDING,            \
                     .model = (number), .address = (at), .word_count = (words),                \
                     .type = (words) == 2 ? TYPE_U32 : TYPE_U16, .access = ACCESS_READ,        \
                     .decimals = DECIMALS_SHORTEST, .every_ms = 1000                           \
    }

static const struct point points[POINTS] = {ENTRY("power", 14, 1, 1), ENTRY("module", 31, 2, 2),
                                            ENTRY("plain", 500, 1, SUNSPEC_NONE)};
static const struct sunspec_model models[] = {{101, 103, 1}, {160, 160, 1}};
static const struct map map = {
    .points = points, .point_count = POINTS, .models = models, .model_count = 2};
static const struct modbus_settings modbus = {.max_registers = 125, .timeout_ms = 500};

static const uint16_t power_points[] = {POWER};
static const uint16_t module_points[] = {MODULE};
static const struct block power_block = {.table = TABLE_HOLDING,
                                         .unit_id = NO_INDEX,
                                         .model = 1,
                                         .address = 14,
                                         .count = 1,
                                         .points = power_points,
                                         .point_count = 1};
// As where the firmware wants the whole model in one request.
static const struct block module_block = {.table = TABLE_HOLDING,
                                          .unit_id = NO_INDEX,
                                          .model = 2,
                                          .address = 0,
                                          .count = 40,
                                          .points = module_points,
                                          .point_count = 1};

static enum value_kind kind_of(const struct image *image, int point)
{
    struct image_space space = {0};
    return image_value(image, point, 0, &space).kind;
}

static void set_lengths(struct image *image, uint16_t first, uint16_t second)
{
    const struct sunspec_places places = {.count = 2,
                                          .items = {{40069, first}, {40121, second}}};
    image_set_models(image, &places);
}

static void before_the_walk_everything_is_unknown(void **state)
{
    (void)state;
    struct image *image = image_new(&map, &modbus);
    uint16_t address = 0;
    uint16_t count = 0;
    uint16_t words[MAX_READ_REGISTERS] = {7};
    char name[64];
    assert_null(image_models(image));
    assert_false(image_place(image, &power_block, &address, &count));
    assert_false(image_wants(image, &power_block, 0));
    assert_false(image_lacks(image, &points[POWER]));
    assert_false(image_lacks(image, &points[PLAIN]));
    image_store(image, &power_block, words, 0);
    assert_int_equal(kind_of(image, POWER), VALUE_UNKNOWN);
    image_name_place(image, TABLE_HOLDING, 1, 14, name, sizeof name);
    assert_string_equal(name, "holding model(101..103) + 14");
    image_name_place(image, TABLE_HOLDING, SUNSPEC_NONE, 500, name, sizeof name);
    assert_string_equal(name, "holding 500");
    image_free(image);
}

static void a_block_is_where_its_model_is(void **state)
{
    (void)state;
    struct image *image = image_new(&map, &modbus);
    struct image_space space = {0};
    uint16_t address = 0;
    uint16_t count = 0;
    uint16_t words[MAX_READ_REGISTERS] = {7};
    char name[64];
    set_lengths(image, 50, 48);
    assert_true(image_wants(image, &power_block, 0));
    assert_true(image_place(image, &power_block, &address, &count));
    assert_int_equal(address, 40083);
    assert_int_equal(count, 1);
    image_store(image, &power_block, words, 0);
    assert_int_equal((int)image_value(image, POWER, 0, &space).integer, 7);
    image_name_place(image, TABLE_HOLDING, 1, 14, name, sizeof name);
    assert_string_equal(name, "holding 40083 = model(101..103) + 14");
    image_forget(image);
    assert_null(image_models(image));
    assert_int_equal(kind_of(image, POWER), VALUE_UNKNOWN);
    image_free(image);
}

static void what_a_model_has_no_room_for_is_absent(void **state)
{
    (void)state;
    // The entry is registers 31 and 32: a length of 31 (and the header) is the least.
    static const struct {
        uint16_t length;
        int count; // registers of the request, 0: none is made
        enum value_kind kind;
    } rows[] = {
        {48, 40, VALUE_INTEGER}, {31, 33, VALUE_INTEGER}, {30, 32, VALUE_ABSENT},
        {1, 3, VALUE_ABSENT},    {0, 0, VALUE_ABSENT},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct image *image = image_new(&map, &modbus);
        uint16_t words[MAX_READ_REGISTERS] = {0};
        uint16_t address = 0;
        uint16_t count = 0;
        set_lengths(image, 50, rows[i].length);
        bool is_there = image_place(image, &module_block, &address, &count);
        assert_int_equal(is_there, rows[i].count > 0);
        if (is_there)
            assert_int_equal(count, rows[i].count);
        assert_int_equal(image_lacks(image, &points[MODULE]), rows[i].kind == VALUE_ABSENT);
        image_store(image, &module_block, words, 0);
        assert_int_equal(kind_of(image, MODULE), rows[i].kind);
        image_free(image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_walk_everything_is_unknown),
        cmocka_unit_test(a_block_is_where_its_model_is),
        cmocka_unit_test(what_a_model_has_no_room_for_is_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
