// SPDX-License-Identifier: MIT
// The walk along a chain of SunSpec models over devices that are a list of words.
#include "registers/sunspec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

enum { MAX_CASE_WORDS = 24, ILLEGAL_ADDRESS = 2, SERVER_FAILURE = 4 };

#define SUNS 0x5375, 0x6E53

static const uint16_t usual_bases[] = {40000, 50000, 0};

// Words from one address on; everything else is refused.
struct walk_case {
    const char *name;
    uint16_t address;
    uint16_t words[MAX_CASE_WORDS];
    size_t count;
    const char *expected; // the list, or the text of a failure
};

static const struct walk_case cases[] = {
    {"a chain at the first candidate",
     40000,
     {SUNS, 1, 2, 7, 7, 103, 1, 9, 0xFFFF, 0},
     11,
     "1 at 40002 (2), 103 at 40006 (1)"},
    {"a chain at the last candidate", 0, {SUNS, 1, 1, 9, 0xFFFF, 0}, 7, "1 at 2 (1)"},
    {"an id nobody knows is passed by its length",
     50000,
     {SUNS, 64999, 3, 1, 2, 3, 103, 1, 9, 0xFFFF, 0},
     12,
     "64999 at 50002 (3), 103 at 50007 (1)"},
    {"a chain without models", 40000, {SUNS, 0xFFFF, 0}, 4, ""},
    {"the end may be a length of 0 as well",
     40000,
     {SUNS, 1, 1, 9, 103, 0},
     7,
     "1 at 40002 (1)"},
    {"what is there is not the marker",
     40000,
     {0x5375, 0x6E54, 1, 66},
     4,
     "no SunSpec marker at 40000, 50000, 0: check the unit id and whether SunSpec is switched "
     "on"},
    {"the chain is cut off",
     40000,
     {SUNS, 1, 1, 9, 103},
     6,
     "the chain of SunSpec models is broken at 40005, after model 1 at 40002 with length 1: "
     "illegal data address"},
    {"nothing behind the last model, not even the end",
     40000,
     {SUNS, 1, 1, 9, 103, 2, 7, 7},
     9,
     "1 at 40002 (1), 103 at 40005 (2)"},
    {"half an end",
     40000,
     {SUNS, 1, 1, 9, 103, 2, 7, 7, 0xFFFF},
     10,
     "1 at 40002 (1), 103 at 40005 (2)"},
    {"it is cut off behind the marker",
     40000,
     {SUNS},
     2,
     "the chain of SunSpec models is broken at 40002, after the marker: illegal data address"},
    {"a length beyond the last register",
     40000,
     {SUNS, 1, 30000},
     4,
     "the chain of SunSpec models is broken at 40002, after the marker: the next length "
     "reaches "
     "beyond the last register"},
    {"a model that ends with the last register",
     40000,
     {SUNS, 1, 25532},
     4,
     "the chain of SunSpec models is broken at 40002, after model 1 at 40002 with length "
     "25532: "
     "it runs beyond the last register"},
};

static void walk_words(const struct walk_case *device, struct sunspec_walk *walk)
{
    size_t reads = 0;
    sunspec_begin(walk, usual_bases, ARRAY_LENGTH(usual_bases));
    while (walk->state == SUNSPEC_READ) {
        int first = walk->address - device->address;
        assert_true(++reads <= MAX_SUNSPEC_CHAIN + ARRAY_LENGTH(usual_bases) + 1);
        if (first >= 0 && first + SUNSPEC_READ_COUNT <= (int)device->count)
            sunspec_take(walk, &device->words[first]);
        else
            sunspec_refuse(walk, ILLEGAL_ADDRESS);
    }
}

static void chains_are_followed_as_the_device_says_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct sunspec_walk walk;
        char list[200];
        walk_words(&cases[i], &walk);
        sunspec_list(&walk.chain, list, sizeof list);
        const char *found = walk.state == SUNSPEC_DONE ? list : walk.text;
        if (strcmp(found, cases[i].expected) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\"", cases[i].name, found, cases[i].expected);
    }
}

static void only_a_missing_address_may_end_a_chain(void **state)
{
    (void)state;
    static const uint16_t marker[] = {SUNS};
    static const uint16_t head[] = {103, 50};
    struct sunspec_walk walk;
    sunspec_begin(&walk, usual_bases, ARRAY_LENGTH(usual_bases));
    sunspec_take(&walk, marker);
    sunspec_take(&walk, head);
    sunspec_refuse(&walk, SERVER_FAILURE);
    assert_int_equal(walk.state, SUNSPEC_FAILED);
    assert_non_null(strstr(walk.text, "broken at 40054, after model 103"));
}

// A device that says "1, length 1" for ever.
static void an_endless_chain_ends(void **state)
{
    (void)state;
    static const uint16_t marker[] = {SUNS};
    static const uint16_t head[] = {1, 1};
    static const uint16_t base[] = {0};
    struct sunspec_walk walk;
    size_t reads = 1;
    sunspec_begin(&walk, base, 1);
    sunspec_take(&walk, marker);
    for (; walk.state == SUNSPEC_READ; reads++)
        sunspec_take(&walk, head);
    assert_int_equal(walk.state, SUNSPEC_FAILED);
    assert_int_equal(reads, MAX_SUNSPEC_CHAIN + 2);
    assert_non_null(strstr(walk.text, "more models than any device"));
    // What comes after the end changes nothing.
    sunspec_take(&walk, head);
    sunspec_refuse(&walk, ILLEGAL_ADDRESS);
    assert_int_equal(walk.state, SUNSPEC_FAILED);
    sunspec_begin(&walk, base, 0);
    assert_int_equal(walk.state, SUNSPEC_FAILED);
}

static void models_of_a_map_are_found(void **state)
{
    (void)state;
    static const struct sunspec_chain chain = {
        .base = 40000,
        .count = 5,
        .links = {{1, {40002, 65}},
                  {103, {40069, 50}},
                  {1, {40121, 65}},
                  {203, {40188, 105}},
                  {203, {40295, 105}}},
    };
    static const struct {
        struct sunspec_model model;
        const char *name;
        struct sunspec_place place;
    } rows[] = {
        {{1, 1, 1}, "model(1)", {40002, 65}},
        {{1, 1, 2}, "model(1, 2)", {40121, 65}},
        {{101, 103, 1}, "model(101..103)", {40069, 50}},
        {{201, 204, 2}, "model(201..204, 2)", {40295, 105}},
        {{203, 203, 3}, "model(203, 3)", {0, 0}},
        {{160, 160, 1}, "model(160)", {0, 0}},
    };
    struct sunspec_model models[ARRAY_LENGTH(rows)];
    struct sunspec_places places;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        models[i] = rows[i].model;
    sunspec_find(&chain, models, ARRAY_LENGTH(rows), &places);
    assert_int_equal(places.count, ARRAY_LENGTH(rows));
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char name[40];
        sunspec_name(&models[i], name, sizeof name);
        assert_string_equal(name, rows[i].name);
        assert_int_equal(places.items[i].address, rows[i].place.address);
        assert_int_equal(places.items[i].length, rows[i].place.length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_are_followed_as_the_device_says_them),
        cmocka_unit_test(only_a_missing_address_may_end_a_chain),
        cmocka_unit_test(an_endless_chain_ends),
        cmocka_unit_test(models_of_a_map_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
