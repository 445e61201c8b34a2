// SPDX-License-Identifier: MIT
#include "unit/sim_fixture.h"

#include "sim/bank.h"

static const struct access_case {
    const char *what;
    int unit;
    struct span span;
    enum bank_refusal read;
    enum bank_refusal write;
} access_cases[] = {
    {"read and write", BANK_OWN_UNIT, {TABLE_HOLDING, 1000, 1, 0}, 0, 0},
    {"two words", BANK_OWN_UNIT, {TABLE_HOLDING, 1002, 2, 0}, 0, 0},
    {"one of two words", BANK_OWN_UNIT, {TABLE_HOLDING, 1003, 1, 0}, 0, 0},
    {"a gap inside", BANK_OWN_UNIT, {TABLE_HOLDING, 1000, 3, 0}, 2, 2},
    {"past the end", BANK_OWN_UNIT, {TABLE_HOLDING, 1002, 3, 0}, 2, 2},
    {"before the beginning", BANK_OWN_UNIT, {TABLE_HOLDING, 999, 2, 0}, 2, 2},
    {"nothing there", BANK_OWN_UNIT, {TABLE_HOLDING, 60000, 1, 0}, 2, 2},
    {"past the last address", BANK_OWN_UNIT, {TABLE_HOLDING, 65535, 2, 0}, 2, 2},
    {"write-only", BANK_OWN_UNIT, {TABLE_HOLDING, 4000, 1, 0}, 2, 0},
    {"two write-only", BANK_OWN_UNIT, {TABLE_HOLDING, 4000, 2, 0}, 2, 0},
    {"input register", BANK_OWN_UNIT, {TABLE_INPUT, 1200, 1, 0}, 0, 2},
    {"the same number in another table", BANK_OWN_UNIT, {TABLE_INPUT, 1000, 1, 0}, 2, 2},
    {"event list", BANK_OWN_UNIT, {TABLE_INPUT, 768, 33, 0}, 0, 2},
    {"coil", BANK_OWN_UNIT, {TABLE_COIL, 5, 1, 0}, 0, 0},
    {"two coils, one listed", BANK_OWN_UNIT, {TABLE_COIL, 5, 2, 0}, 2, 2},
    {"discrete input", BANK_OWN_UNIT, {TABLE_DISCRETE, 10, 1, 0}, 0, 2},
    {"first of two words apart", BANK_OWN_UNIT, {TABLE_INPUT, 622, 1, 0}, 0, 2},
    {"second of two words apart", BANK_OWN_UNIT, {TABLE_INPUT, 690, 1, 0}, 0, 2},
    {"what would follow the first", BANK_OWN_UNIT, {TABLE_INPUT, 623, 1, 0}, 2, 2},
    {"another unit", 225, {TABLE_INPUT, 843, 1, 0}, 0, 2},
    {"the other unit's at the own", BANK_OWN_UNIT, {TABLE_INPUT, 843, 1, 0}, 2, 2},
    {"the own at the other unit", 225, {TABLE_INPUT, 1200, 1, 0}, 2, 2},
    {"a unit nobody has", 7, {TABLE_INPUT, 1200, 1, 0}, 2, 2},
};

static void only_listed_addresses_exist(void **state)
{
    (void)state;
    struct bank *bank = bank_new(fixture_map(), &fixture_modbus, 1);
    for (size_t i = 0; i < ARRAY_LENGTH(access_cases); i++) {
        const struct access_case *row = &access_cases[i];
        uint16_t words[40] = {0};
        enum bank_refusal read = bank_read(bank, row->unit, row->span, words);
        enum bank_refusal write = bank_write(bank, row->unit, row->span, words);
        if (read != row->read || write != row->write)
            fail_msg("%s: read %d, write %d", row->what, (int)read, (int)write);
    }
    bank_free(bank);
    fixture_done();
}

static void written_words_read_back(void **state)
{
    (void)state;
    struct bank *bank = bank_new(fixture_map(), &fixture_modbus, 1);
    const struct span rate = {TABLE_HOLDING, 1002, 2, 0};
    uint16_t words[2] = {0x4270, 0x0001};
    uint16_t back[2] = {0};
    uint64_t revision = bank_revision(bank);
    assert_int_equal(bank_write(bank, BANK_OWN_UNIT, rate, words), BANK_FINE);
    assert_true(bank_revision(bank) != revision);
    assert_int_equal(bank_read(bank, BANK_OWN_UNIT, rate, back), BANK_FINE);
    assert_memory_equal(words, back, sizeof words);
    bank_free(bank);
    fixture_done();
}

static void a_refused_write_changes_nothing(void **state)
{
    (void)state;
    struct bank *bank = bank_new(fixture_map(), &fixture_modbus, 1);
    uint16_t words[3] = {1, 1, 1};
    uint64_t revision = bank_revision(bank);
    assert_int_equal(
        bank_write(bank, BANK_OWN_UNIT, (struct span){TABLE_HOLDING, 1002, 3, 0}, words),
        BANK_ILLEGAL_ADDRESS);
    assert_int_equal(bank_word(bank, BANK_OWN_UNIT, TABLE_HOLDING, 1002), 0);
    assert_true(bank_revision(bank) == revision);
    bank_free(bank);
    fixture_done();
}

static void a_unit_id_that_is_the_own_is_the_own(void **state)
{
    (void)state;
    struct bank *bank = bank_new(fixture_map(), &fixture_modbus, 225);
    uint16_t word = 0;
    assert_false(bank_has_unit(bank, 225));
    assert_int_equal(
        bank_read(bank, BANK_OWN_UNIT, (struct span){TABLE_INPUT, 843, 1, 0}, &word),
        BANK_FINE);
    bank_free(bank);
    bank = bank_new(fixture_map(), &fixture_modbus, NO_INDEX);
    assert_true(bank_has_unit(bank, 225));
    assert_false(bank_has_unit(bank, 226));
    bank_free(bank);
    fixture_done();
}

static const struct gap_case {
    int merge_gap;
    enum bank_refusal one;    // 1000..1002 spans one unlisted register
    enum bank_refusal larger; // 1003..4000 spans more than a request holds
} gap_cases[] = {{0, 2, 2}, {1, 0, 2}, {GAP_AUTO, 0, 2}};

static void gaps_that_requests_may_span_exist_for_reading(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(gap_cases); i++) {
        (void)fixture_map();
        fixture_modbus.merge_gap = gap_cases[i].merge_gap;
        struct bank *bank = bank_new(&fixture_map_copy, &fixture_modbus, 1);
        uint16_t words[3] = {0};
        struct span one = {TABLE_HOLDING, 1000, 3, 0};
        struct span larger = {TABLE_HOLDING, 1003, 2, 0};
        assert_int_equal(bank_read(bank, BANK_OWN_UNIT, one, words), gap_cases[i].one);
        assert_int_equal(bank_write(bank, BANK_OWN_UNIT, one, words), BANK_ILLEGAL_ADDRESS);
        assert_int_equal(bank_read(bank, BANK_OWN_UNIT, larger, words), gap_cases[i].larger);
        bank_free(bank);
        fixture_done();
    }
}

static void unreadable_addresses_stay_holes(void **state)
{
    (void)state;
    static const struct span unreadable[] = {{TABLE_HOLDING, 1001, 1, 0}};
    static const struct span blocks[] = {{TABLE_HOLDING, 1000, 1, 0},
                                         {TABLE_HOLDING, 2000, 10, 0}};
    (void)fixture_map();
    fixture_modbus.merge_gap = GAP_AUTO;
    fixture_modbus.unreadable = unreadable;
    fixture_modbus.unreadable_count = 1;
    fixture_modbus.blocks = blocks;
    fixture_modbus.block_count = 2;
    struct bank *bank = bank_new(&fixture_map_copy, &fixture_modbus, 1);
    uint16_t words[10];
    assert_int_equal(
        bank_read(bank, BANK_OWN_UNIT, (struct span){TABLE_HOLDING, 1000, 3, 0}, words),
        BANK_ILLEGAL_ADDRESS);
    assert_int_equal(
        bank_read(bank, BANK_OWN_UNIT, (struct span){TABLE_HOLDING, 2000, 10, 0}, words),
        BANK_FINE);
    bank_free(bank);
    fixture_done();
}

static void a_word_of_a_dump_makes_its_address_exist(void **state)
{
    (void)state;
    struct bank *bank = bank_new(fixture_map(), &fixture_modbus, 1);
    uint16_t words[2] = {0};
    bank_set_word(bank, BANK_OWN_UNIT, TABLE_HOLDING, 1001, 77);
    assert_int_equal(
        bank_read(bank, BANK_OWN_UNIT, (struct span){TABLE_HOLDING, 1000, 2, 0}, words),
        BANK_FINE);
    assert_int_equal(words[1], 77);
    assert_int_equal(
        bank_write(bank, BANK_OWN_UNIT, (struct span){TABLE_HOLDING, 1001, 1, 0}, words),
        BANK_ILLEGAL_ADDRESS);
    bank_free(bank);
    fixture_done();
}

static void words_that_lie_apart_are_one_entry(void **state)
{
    (void)state;
    const struct map *map = fixture_map();
    struct bank *bank = bank_new(map, &fixture_modbus, 1);
    const uint16_t words[2] = {11, 22};
    uint16_t back[MAX_POINT_WORDS] = {0};
    bank_set_point(bank, &map->points[APART], words);
    assert_int_equal(bank_word(bank, BANK_OWN_UNIT, TABLE_INPUT, 622), 11);
    assert_int_equal(bank_word(bank, BANK_OWN_UNIT, TABLE_INPUT, 690), 22);
    bank_get_point(bank, &map->points[APART], back);
    assert_memory_equal(words, back, sizeof words);
    assert_true(bank_touches(bank, &map->points[APART], BANK_OWN_UNIT,
                             (struct span){TABLE_INPUT, 680, 20, 0}));
    assert_false(bank_touches(bank, &map->points[APART], BANK_OWN_UNIT,
                              (struct span){TABLE_INPUT, 623, 67, 0}));
    assert_false(bank_touches(bank, &map->points[APART], BANK_OWN_UNIT,
                              (struct span){TABLE_HOLDING, 622, 1, 0}));
    bank_free(bank);
    fixture_done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_listed_addresses_exist),
        cmocka_unit_test(written_words_read_back),
        cmocka_unit_test(a_refused_write_changes_nothing),
        cmocka_unit_test(a_unit_id_that_is_the_own_is_the_own),
        cmocka_unit_test(gaps_that_requests_may_span_exist_for_reading),
        cmocka_unit_test(unreadable_addresses_stay_holes),
        cmocka_unit_test(a_word_of_a_dump_makes_its_address_exist),
        cmocka_unit_test(words_that_lie_apart_are_one_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
