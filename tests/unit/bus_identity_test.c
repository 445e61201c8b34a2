// SPDX-License-Identifier: MIT
#include "bus/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "support/plain_point.h"

static const struct match_case {
    const char *pattern;
    const char *text;
    bool matches;
} match_cases[] = {
    {"ES41", "ES41", true},
    {"ES41", "EL21", false},
    {"ES41", "ES410", false},
    {"SUN*", "SUN-10K", true},
    {"SUN*", "SUN", true},
    {"SUN*", "XSUN", false},
    {"*", "", true},
    {"", "", true},
    {"", "x", false},
    {"*10K*", "SUN-10K-3P", true},
    {"a*b*c", "aXbYbZc", true},
    {"a*b*c", "aXbYbZ", false},
    {"**x", "yyx", true},
    {"a*a", "a", false},
};

static void test_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(match_cases); i++) {
        const struct match_case *row = &match_cases[i];
        bool matches =
            identity_matches(row->pattern, strlen(row->pattern), row->text, strlen(row->text));
        if (matches != row->matches)
            fail_msg("'%s' against '%s'", row->text, row->pattern);
    }
}

struct world {
    struct point points[2];
    struct value models[2];
    struct value types[2];
    struct identify identify[2];
    struct map map;
    struct modbus_settings modbus;
    struct image *image;
};

static struct point entry(const char *key, uint16_t address, enum point_type type,
                          uint16_t count)
{
    return (struct point){
        .key = key,
        .source = SOURCE_WORDS,
        .table = TABLE_INPUT,
        .address = address,
        .word_count = count,
        .type = type,
        .access = ACCESS_READ,
        .decimals = DECIMALS_SHORTEST,
        .every_ms = EVERY_CONNECT,
        PLAIN_POINT,
    };
}

static void begin(struct world *world)
{
    *world = (struct world){.modbus = {.max_registers = 125, .timeout_ms = 500}};
    world->points[0] = entry("device_model", 0, TYPE_STRING, 2);
    world->points[1] = entry("device_type", 10, TYPE_U16, 1);
    world->models[0] = value_text("ES41");
    world->types[0] = value_integer(5);
    world->types[1] = value_integer(0x0500);
    world->identify[0] = (struct identify){0, world->models, 1};
    world->identify[1] = (struct identify){1, world->types, 2};
    world->map = (struct map){
        .points = world->points,
        .point_count = 2,
        .identify = world->identify,
        .identify_count = 2,
    };
    world->image = image_new(&world->map, &world->modbus);
}

static void store(struct world *world, uint16_t point, const uint16_t *words)
{
    struct block block = {
        .table = TABLE_INPUT,
        .address = world->points[point].address,
        .count = world->points[point].word_count,
        .points = &point,
        .point_count = 1,
    };
    image_store(world->image, &block, words, 0);
}

static enum fault judge(const struct world *world, char *text, size_t size)
{
    text[0] = '\0';
    return identity_judge(&world->map, world->image, 0, text, size);
}

static void test_right_wrong_and_unreadable(void **state)
{
    (void)state;
    static const uint16_t es41[] = {0x4553, 0x3431};
    static const uint16_t el21[] = {0x454C, 0x3231};
    static const uint16_t type_500 = 0x0500;
    static const uint16_t type_7 = 7;
    struct world world;
    char text[200];
    begin(&world);
    // Nothing could be read: that says nothing.
    assert_int_equal(judge(&world, text, sizeof text), FAULT_NONE);
    store(&world, 0, es41);
    assert_int_equal(judge(&world, text, sizeof text), FAULT_NONE);
    store(&world, 1, &type_500); // the second of two values
    assert_int_equal(judge(&world, text, sizeof text), FAULT_NONE);
    store(&world, 1, &type_7);
    assert_int_equal(judge(&world, text, sizeof text), FAULT_IDENTITY);
    assert_string_equal(text, "device_type is 7 instead of 5 or another that fits");
    store(&world, 0, el21);
    assert_int_equal(judge(&world, text, sizeof text), FAULT_IDENTITY);
    assert_string_equal(text, "device_model is EL21 instead of ES41");
    image_free(world.image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_right_wrong_and_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
