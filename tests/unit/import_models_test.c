// SPDX-License-Identifier: MIT
// What SunSpec models hold, as files say it, and what a device does not have.
#include "import/sunspec_device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

static const char head[] =
    "model,group,offset,size,point,type,count,sf,unit,access,section,key,labels,set,name\n";

static struct arena *arena;
static char folder[] = "/tmp/import_models_XXXXXX";
static struct map_folders folders;

static const char *write_facts(const char *name, const char *rows)
{
    const char *inside = arena_printf(arena, "%s/%s/sunspec", folder, name);
    assert_return_code(mkdir(arena_printf(arena, "%s/%s", folder, name), 0700), 0);
    assert_return_code(mkdir(inside, 0700), 0);
    FILE *file = fopen(arena_printf(arena, "%s/facts.csv", inside), "w");
    assert_non_null(file);
    assert_true(fprintf(file, "%s%s", head, rows) > 0);
    assert_int_equal(fclose(file), 0);
    return arena_printf(arena, "%s/%s", folder, name);
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    assert_non_null(mkdtemp(folder));
    folders.items[0] = write_facts("own", "7,,,4,,model,,,,,,own,,,Own\n"
                                          "7,,2,1,X,uint16,,,W,r,telemetry,own_x,,,\n");
    folders.items[1] =
        write_facts("shipped", "7,,,4,,model,,,,,,other,,,Other\n"
                               "7,,2,1,X,uint16,,,W,r,telemetry,other_x,,,\n"
                               "8,,,4,,model,,,,,,eight,,,Eight\n"
                               "8,G,4,2,,group,N,,,,,,,,\n"
                               "8,,2,1,N,count,,,,r,properties,eight_n,,,\n"
                               "8,G,0,1,A,int16,,SF,V,r,telemetry,eight{n}_a,,,\n"
                               "8,G,1,1,SF,sunssf,,,,r,registers,eight{n}_sf,,,\n"
                               "8,,3,1,LONE,sunssf,,,,r,registers,eight_lone,,,\n");
    folders.count = 2;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < folders.count; i++) {
        (void)unlink(arena_printf(arena, "%s/sunspec/facts.csv", folders.items[i]));
        (void)rmdir(arena_printf(arena, "%s/sunspec", folders.items[i]));
        (void)rmdir(folders.items[i]);
    }
    arena_free(arena);
    return rmdir(folder);
}

static void load(struct sunspec_facts *facts)
{
    struct error err;
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics, arena);
    assert_int_equal(sunspec_facts_load(arena, &folders, &diagnostics, facts, &err), 0);
    assert_int_equal(diagnostics.count, 0);
}

static void the_first_folder_has_all_of_a_model(void **state)
{
    (void)state;
    struct sunspec_facts facts;
    load(&facts);
    const struct sunspec_facts_model *model = sunspec_facts_find(&facts, 7);
    assert_string_equal(model->title, "Own");
    size_t count = 0;
    for (size_t i = 0; i < facts.point_count; i++)
        count += sunspec_point_is_of(&facts.points[i], model);
    assert_int_equal(count, 1);
    assert_null(sunspec_facts_find(&facts, 9));
}

static void no_file_is_an_error_that_says_where_it_was_looked_for(void **state)
{
    (void)state;
    struct sunspec_facts facts;
    struct error err;
    struct diagnostics diagnostics;
    const struct map_folders nowhere = {{"/nowhere", "/neither"}, 2};
    diagnostics_init(&diagnostics, arena);
    assert_int_equal(sunspec_facts_load(arena, &nowhere, &diagnostics, &facts, &err), -1);
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_non_null(strstr(err.text, "/nowhere/sunspec, /neither/sunspec"));
}

// Model 8 with room for three instances, of which the device says it has `claimed`.
static void make_eight(const struct sunspec_facts *facts, uint16_t claimed,
                       struct sunspec_chain *chain, struct sunspec_device *device)
{
    static uint16_t words[10];
    static bool known[10];
    *chain = (struct sunspec_chain){
        .base = 40000, .count = 1, .links = {{8, {.address = 40002, .length = 8}}}};
    memset(known, true, sizeof known);
    words[2] = claimed;
    const struct sunspec_words read = {words, known};
    sunspec_device_make(arena, facts, chain, &read, device);
}

static void instances_are_counted_as_far_as_there_is_room(void **state)
{
    (void)state;
    static const struct {
        uint16_t claimed;
        int count;
    } rows[] = {{0, 0}, {2, 2}, {3, 3}, {4, 3}, {0xFFFE, 3}, {0xFFFF, 3}}; // the last: no value
    struct sunspec_facts facts;
    load(&facts);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct sunspec_chain chain;
        struct sunspec_device device;
        make_eight(&facts, rows[i].claimed, &chain, &device);
        assert_int_equal(device.instances[0].repeats[0].count, rows[i].count);
        // N, and with an instance A and the scale factor it needs; LONE is needed by nothing.
        assert_int_equal(device.instances[0].point_count, rows[i].count ? 3 : 1);
    }
}

static void patterns_of_what_is_not_there(void **state)
{
    (void)state;
    static const struct {
        enum sunspec_absence absence;
        int size;
        uint16_t words[4];
        bool is_absent;
    } rows[] = {
        {ABSENT_ONES, 1, {0xFFFF}, true},
        {ABSENT_ONES, 2, {0xFFFF, 0xFFFE}, false},
        {ABSENT_SIGN, 1, {0x8000}, true},
        {ABSENT_SIGN, 2, {0x8000, 0}, true},
        {ABSENT_SIGN, 2, {0x8000, 1}, false},
        {ABSENT_ONES_OR_ZERO, 2, {0, 0}, true},
        {ABSENT_ONES_OR_ZERO, 2, {0, 1}, false},
        {ABSENT_ONES_OR_ZERO, 2, {0xFFFF, 0xFFFF}, true},
        {ABSENT_ZERO, 4, {0, 0, 0, 0}, true},
        {ABSENT_ZERO, 4, {0, 0, 0, 0x20}, false},
        {ABSENT_NAN, 2, {0x7FC0, 0}, true},
        {ABSENT_NAN, 2, {0x7F80, 0}, false}, // infinite
        {ABSENT_NAN, 2, {0xFF80, 1}, true},
        {ABSENT_NAN, 2, {0x42C8, 0}, false},
        {ABSENT_NAN, 4, {0x7FF8, 0, 0, 0}, true},
        {ABSENT_NAN, 4, {0x7F80, 0, 0, 1}, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct sunspec_type type = {.absence = rows[i].absence};
        struct sunspec_point point = {.type = &type, .size = rows[i].size};
        if (sunspec_is_absent(&point, rows[i].words) != rows[i].is_absent)
            fail_msg("row %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_folder_has_all_of_a_model),
        cmocka_unit_test(no_file_is_an_error_that_says_where_it_was_looked_for),
        cmocka_unit_test(instances_are_counted_as_far_as_there_is_room),
        cmocka_unit_test(patterns_of_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
