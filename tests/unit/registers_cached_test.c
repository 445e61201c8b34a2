// SPDX-License-Identifier: MIT
// What a raw read would say, out of an image: all of it, and fresh, or nothing.
#include "registers/cached.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"

#define WORDS(wanted, at, words)                                                               \
    .source = SOURCE_WORDS, .table = (wanted), .address = (at), .word_count = (words),         \
    .unit_id = NO_INDEX, .access = ACCESS_READ, .sf = NO_INDEX, .from = NO_INDEX,              \
    .bit_low = NO_INDEX, .every_ms = 1000

static const struct point points[] = {
    {.key = "a", WORDS(TABLE_HOLDING, 10, 1), .type = TYPE_U16},
    {.key = "b", WORDS(TABLE_HOLDING, 11, 2), .type = TYPE_U32},
    {.key = "c", WORDS(TABLE_COIL, 10, 1), .type = TYPE_BOOL},
    {.key = "d", WORDS(TABLE_COIL, 11, 1), .type = TYPE_BOOL},
};
static const struct map map = {
    .name = "test", .path = "test.yaml", .points = points, .point_count = ARRAY_LENGTH(points)};
static const struct modbus_settings modbus = {.every_ms = 1000};
static const uint16_t all[] = {0, 1, 2, 3};
static const struct block registers = {.unit_id = NO_INDEX,
                                       .table = TABLE_HOLDING,
                                       .address = 10,
                                       .count = 3,
                                       .points = &all[0],
                                       .point_count = 2};
static const struct block coils = {.unit_id = NO_INDEX,
                                   .table = TABLE_COIL,
                                   .address = 10,
                                   .count = 2,
                                   .points = &all[2],
                                   .point_count = 2};

static struct cached_request ask(enum table table, uint16_t address, uint16_t count)
{
    return (struct cached_request){
        .device_unit_id = 4,
        .unit_id = 4,
        .table = table,
        .address = address,
        .count = count,
        .now_ms = 5500,
    };
}

static struct image *read_at_5000(void)
{
    static const uint16_t words[] = {7, 8, 9};
    static const uint16_t bits[] = {2};
    struct image *image = image_new(&map, &modbus);
    image_store(image, &registers, words, 5000);
    image_store(image, &coils, bits, 5000);
    return image;
}

static void test_registers_and_bits_as_they_were_read(void **state)
{
    (void)state;
    uint16_t words[MAX_READ_REGISTERS];
    struct image *image = read_at_5000();
    struct cached_request request = ask(TABLE_HOLDING, 10, 3);
    assert_true(cached_read(image, &request, words));
    assert_int_equal(words[0], 7);
    assert_int_equal(words[1], 8);
    assert_int_equal(words[2], 9);
    request = ask(TABLE_HOLDING, 12, 1); // half an entry
    assert_true(cached_read(image, &request, words));
    assert_int_equal(words[0], 9);
    request = ask(TABLE_COIL, 10, 2);
    assert_true(cached_read(image, &request, words));
    assert_int_equal(words[0], 2);
    image_free(image);
}

static void test_all_or_nothing(void **state)
{
    (void)state;
    uint16_t words[MAX_READ_REGISTERS];
    struct image *image = read_at_5000();
    struct cached_request request = ask(TABLE_HOLDING, 9, 2);
    assert_false(cached_read(image, &request, words));
    request = ask(TABLE_HOLDING, 10, 4);
    assert_false(cached_read(image, &request, words));
    request = ask(TABLE_INPUT, 10, 1);
    assert_false(cached_read(image, &request, words));
    request = ask(TABLE_HOLDING, 10, 1);
    request.unit_id = 5;
    assert_false(cached_read(image, &request, words));
    image_free(image);
}

static void test_within_the_period_and_since_the_last_write(void **state)
{
    (void)state;
    uint16_t words[MAX_READ_REGISTERS];
    struct image *image = read_at_5000();
    struct cached_request request = ask(TABLE_HOLDING, 10, 1);
    request.now_ms = 6000;
    assert_true(cached_read(image, &request, words));
    request.now_ms = 6001;
    assert_false(cached_read(image, &request, words));
    request.now_ms = 5500;
    request.after_ms = 4999;
    assert_true(cached_read(image, &request, words));
    request.after_ms = 5000;
    assert_false(cached_read(image, &request, words));
    image_free(image);
    image = image_new(&map, &modbus);
    request.after_ms = 0;
    assert_false(cached_read(image, &request, words)); // never read
    image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registers_and_bits_as_they_were_read),
        cmocka_unit_test(test_all_or_nothing),
        cmocka_unit_test(test_within_the_period_and_since_the_last_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
