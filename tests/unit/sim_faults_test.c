// SPDX-License-Identifier: MIT
// Which requests a fault concerns and when, and what it makes of an answer.
#include "unit/sim_fixture.h"

#include "sim/faults.h"

#define RULE_OF(a_table)                                                                       \
    .chance = 1, .bus = NO_INDEX, .device = NO_INDEX, .unit_id = NO_INDEX, .table = (a_table), \
    .any_address = true
#define ANY_RULE RULE_OF(NO_INDEX)

static const struct request read_two = {
    .unit_id = 7, .function = 3, .address = 100, .count = 2};
static const struct request write_one = {
    .unit_id = 7, .function = 6, .address = 100, .count = 1, .words = {5}};
static const struct request read_coil = {
    .unit_id = 7, .function = 1, .address = 100, .count = 1};

static const struct concern {
    const char *what;
    struct fault_rule rule;
    const struct request *request;
    int64_t at_ms;
    bool is_hit;
} concerns[] = {
    {"everything", {ANY_RULE}, &read_two, 0, true},
    {"not yet", {ANY_RULE, .from_ms = 10}, &read_two, 9, false},
    {"now", {ANY_RULE, .from_ms = 10}, &read_two, 10, true},
    {"its last moment", {ANY_RULE, .from_ms = 10, .lasting_ms = 5}, &read_two, 14, true},
    {"over", {ANY_RULE, .from_ms = 10, .lasting_ms = 5}, &read_two, 15, false},
    {"again", {ANY_RULE, .lasting_ms = 5, .every_ms = 20}, &read_two, 44, true},
    {"over again", {ANY_RULE, .lasting_ms = 5, .every_ms = 20}, &read_two, 45, false},
    {"the table", {RULE_OF(TABLE_HOLDING)}, &read_two, 0, true},
    {"another table", {RULE_OF(TABLE_HOLDING)}, &read_coil, 0, false},
    {"only writes", {ANY_RULE, .requests = FAULT_WRITES}, &read_two, 0, false},
    {"a write", {ANY_RULE, .requests = FAULT_WRITES}, &write_one, 0, true},
    {"only reads", {ANY_RULE, .requests = FAULT_READS}, &write_one, 0, false},
    {"nobody knows what", {ANY_RULE, .requests = FAULT_READS}, NULL, 0, false},
    {"anything all the same", {ANY_RULE}, NULL, 0, true},
};

static void a_rule_concerns_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(concerns); i++) {
        const struct concern *row = &concerns[i];
        struct fault_rule rule = row->rule;
        struct fault_effect effect;
        struct faults *faults = faults_new(1);
        rule.effect = (struct fault_effect){.silent = true, .lead = NO_INDEX};
        const struct fault_script script = {.rules = &rule, .count = 1};
        const struct fault_scene scene = {0, 0, 7, row->request};
        faults_take(faults, &script, 5000000);
        faults_of_request(faults, &scene, 5000000 + row->at_ms * 1000, &effect);
        if (effect.silent != row->is_hit)
            fail_msg("%s: %d", row->what, effect.silent);
        faults_free(faults);
    }
}

static void addresses_names_and_units_choose(void **state)
{
    (void)state;
    const struct fault_rule rules[] = {
        {ANY_RULE, .effect = {.exception = 2, .lead = NO_INDEX}},
        {ANY_RULE, .effect = {.latency_ms = 1, .lead = NO_INDEX}},
        {ANY_RULE, .effect = {.latency_ms = 10, .lead = NO_INDEX}},
        {ANY_RULE, .effect = {.latency_ms = 100, .lead = NO_INDEX}},
    };
    struct fault_rule mine[4];
    memcpy(mine, rules, sizeof mine);
    mine[0].any_address = false;
    mine[0].first_address = 101;
    mine[0].last_address = 105;
    mine[1].bus = 3;
    mine[2].device = 4;
    mine[3].unit_id = 7;
    const struct fault_script script = {.rules = mine, .count = 4};
    struct faults *faults = faults_new(1);
    struct fault_effect effect;
    faults_take(faults, &script, 0);
    faults_of_request(faults, &(struct fault_scene){3, 4, 7, &read_two}, 0, &effect);
    assert_int_equal(effect.exception, 2); // 100 and 101
    assert_int_equal(effect.latency_ms, 111);
    faults_of_request(faults, &(struct fault_scene){1, 2, 8, &write_one}, 0, &effect);
    assert_int_equal(effect.exception, 0);
    assert_int_equal(effect.latency_ms, 0);
    faults_take(faults, NULL, 0);
    faults_of_request(faults, &(struct fault_scene){3, 4, 7, &read_two}, 0, &effect);
    assert_int_equal(effect.exception, 0);
    faults_free(faults);
}

static size_t count_hits(const struct fault_rule *rule, uint64_t seed, uint64_t *ret_pattern)
{
    const struct fault_script script = {
        .has_seed = true, .seed = seed, .rules = rule, .count = 1};
    struct faults *faults = faults_new(99);
    size_t hits = 0;
    *ret_pattern = 0;
    faults_take(faults, &script, 0);
    for (int i = 0; i < 1000; i++) {
        struct fault_effect effect;
        faults_of_request(faults, &(struct fault_scene){0, 0, 1, &read_two}, i, &effect);
        hits += effect.silent;
        *ret_pattern = *ret_pattern * 3 + effect.silent;
    }
    faults_free(faults);
    return hits;
}

static void chance_is_kept_and_repeats_with_its_seed(void **state)
{
    (void)state;
    const struct fault_effect silent = {.silent = true, .lead = NO_INDEX};
    struct fault_rule rule = {ANY_RULE, .effect = silent};
    uint64_t one = 0;
    uint64_t other = 0;
    rule.chance = 0.25;
    size_t hits = count_hits(&rule, 5, &one);
    assert_in_range(hits, 180, 320); // five standard deviations
    assert_int_equal(count_hits(&rule, 5, &other), hits);
    assert_true(one == other);
    (void)count_hits(&rule, 6, &other);
    assert_true(one != other);
    rule.chance = 1;
    rule.nth = 10;
    assert_int_equal(count_hits(&rule, 5, &one), 100);
    rule.nth = 0;
    rule.chance = 0;
    assert_int_equal(count_hits(&rule, 5, &one), 0);
}

static const uint8_t pdu_read[] = {3, 4, 0, 1, 0, 2};
static const uint8_t pdu_echo[] = {6, 0, 100, 0, 5};
static const uint8_t request_frame[] = {7, 3, 0, 100, 0, 2, 0x84, 0x72};

static size_t spoil(const struct fault_effect *effect, enum framing framing, bool is_write,
                    uint8_t *ret_bytes)
{
    static const uint8_t stale[] = {0xEE, 0xEE};
    const struct fault_answer answer = {
        .framing = framing,
        .transaction = 0x1234,
        .unit_id = 7,
        .pdu = is_write ? pdu_echo : pdu_read,
        .pdu_length = is_write ? sizeof pdu_echo : sizeof pdu_read,
        .request = request_frame,
        .request_length = sizeof request_frame,
        .stale = stale,
        .stale_length = sizeof stale,
    };
    struct faults *faults = faults_new(3);
    size_t length = faults_spoil(faults, effect, &answer, ret_bytes);
    faults_free(faults);
    return length;
}

// What is wrong with the answer of a liar, as its client sees it.
static const struct lie_case {
    enum fault_lie lie;
    enum framing framing;
    bool is_write;
    enum frame_kind expected;
} lie_cases[] = {
    {LIE_NONE, FRAMING_TCP, false, FRAME_ANSWER},
    {LIE_NONE, FRAMING_RTU, false, FRAME_ANSWER},
    {LIE_TRANSACTION, FRAMING_TCP, false, FRAME_FOREIGN},
    {LIE_PROTOCOL, FRAMING_TCP, false, FRAME_GARBLED},
    {LIE_UNIT, FRAMING_TCP, false, FRAME_FOREIGN},
    {LIE_UNIT, FRAMING_RTU, false, FRAME_FOREIGN},
    {LIE_FUNCTION, FRAMING_TCP, false, FRAME_FOREIGN},
    {LIE_LENGTH, FRAMING_TCP, false, FRAME_NEED_MORE},
    {LIE_BYTE_COUNT, FRAMING_TCP, false, FRAME_GARBLED},
    {LIE_ADDRESS, FRAMING_TCP, true, FRAME_GARBLED},
    {LIE_VALUE, FRAMING_TCP, true, FRAME_GARBLED},
};

static void every_lie_is_seen_through(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(lie_cases); i++) {
        const struct lie_case *row = &lie_cases[i];
        const struct fault_effect effect = {.lie = row->lie, .lead = NO_INDEX};
        uint8_t bytes[FAULTS_ROOM];
        struct answer answer = {0};
        size_t length = spoil(&effect, row->framing, row->is_write, bytes);
        struct frame_verdict verdict =
            frame_match(row->framing, 0x1234, row->is_write ? &write_one : &read_two, bytes,
                        length, &answer);
        if (verdict.kind != row->expected)
            fail_msg("lie %d, framing %d: verdict %d: %s", row->lie, row->framing, verdict.kind,
                     verdict.problem ? verdict.problem : "");
    }
}

// RTU lies that leave no frame of this request behind.
static void no_lie_on_a_line_is_taken_for_the_answer(void **state)
{
    (void)state;
    const enum fault_lie lies[] = {LIE_UNIT, LIE_FUNCTION, LIE_LENGTH, LIE_BYTE_COUNT, LIE_CRC};
    for (size_t i = 0; i < ARRAY_LENGTH(lies); i++) {
        const struct fault_effect effect = {.lie = lies[i], .lead = NO_INDEX};
        uint8_t bytes[FAULTS_ROOM];
        struct answer answer = {0};
        size_t length = spoil(&effect, FRAMING_RTU, false, bytes);
        struct frame_verdict verdict =
            frame_match(FRAMING_RTU, 0, &read_two, bytes, length, &answer);
        if (verdict.kind == FRAME_ANSWER)
            fail_msg("lie %d is believed", lies[i]);
    }
}

static void bytes_are_added_and_lost_as_asked(void **state)
{
    (void)state;
    enum { PLAIN = 9 }; // unit, PDU, CRC
    const struct {
        struct fault_effect effect;
        size_t expected;
    } rows[] = {
        {{.lead = NO_INDEX}, PLAIN},
        {{.lead = NO_INDEX, .truncate = 2}, PLAIN - 2},
        {{.lead = NO_INDEX, .truncate = 50}, 0},
        {{.lead = NO_INDEX, .drop = 3}, PLAIN - 3},
        {{.lead = NO_INDEX, .drop = 50}, 0},
        {{.lead = NO_INDEX, .noise = 4}, PLAIN + 4},
        {{.lead = 0}, PLAIN + 1},
        {{.lead = NO_INDEX, .flip = 1}, PLAIN},
        {{.lead = NO_INDEX, .repeat = 2}, 3 * PLAIN},
        {{.lead = NO_INDEX, .stale = true}, 2},
        {{.lead = NO_INDEX, .foreign = true}, 2 * PLAIN},
        {{.lead = NO_INDEX, .echo = true}, sizeof request_frame + PLAIN},
        {{.lead = 1, .noise = 64, .repeat = 3, .foreign = true, .echo = true},
         1 + 64 + 5 * PLAIN + sizeof request_frame},
    };
    uint8_t plain[FAULTS_ROOM];
    assert_int_equal(spoil(&rows[0].effect, FRAMING_RTU, false, plain), PLAIN);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        uint8_t bytes[FAULTS_ROOM];
        size_t length = spoil(&rows[i].effect, FRAMING_RTU, false, bytes);
        if (length != rows[i].expected)
            fail_msg("row %zu: %zu bytes", i, length);
        bool is_same = length == PLAIN && memcmp(bytes, plain, PLAIN) == 0;
        assert_true(is_same == (i == 0));
    }
}

static void lines_have_faults_of_their_own(void **state)
{
    (void)state;
    struct fault_rule rules[] = {
        {ANY_RULE, .from_ms = 10, .lasting_ms = 5, .every_ms = 100,
         .effect = {.unplug = true, .lead = NO_INDEX}},
        {ANY_RULE, .effect = {.silent = true, .lead = NO_INDEX}}, // not about lines
    };
    const struct fault_script script = {.rules = rules, .count = 2};
    struct faults *faults = faults_new(1);
    struct fault_effect effect;
    rules[0].bus = 1;
    faults_take(faults, &script, 0);
    faults_of_line(faults, 1, 12000, &effect);
    assert_true(effect.unplug);
    assert_false(effect.silent);
    faults_of_line(faults, 0, 12000, &effect);
    assert_false(effect.unplug);
    faults_of_line(faults, 1, 15000, &effect);
    assert_false(effect.unplug);
    const int64_t moments[] = {0, 10000, 15000, 110000, 115000};
    for (size_t i = 0; i + 1 < ARRAY_LENGTH(moments); i++)
        assert_int_equal(faults_next_us(faults, moments[i]), moments[i + 1]);
    faults_free(faults);
    assert_int_equal(faults_next_us(NULL, 0), FAULTS_IDLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_concerns_what_it_says),
        cmocka_unit_test(addresses_names_and_units_choose),
        cmocka_unit_test(chance_is_kept_and_repeats_with_its_seed),
        cmocka_unit_test(every_lie_is_seen_through),
        cmocka_unit_test(no_lie_on_a_line_is_taken_for_the_answer),
        cmocka_unit_test(bytes_are_added_and_lost_as_asked),
        cmocka_unit_test(lines_have_faults_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
