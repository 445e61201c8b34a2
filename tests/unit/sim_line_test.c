// SPDX-License-Identifier: MIT
// A paced serial line and a faulty endpoint in virtual time: when bytes leave, which silences
// are broken, and what faults do to requests that are carried out or not.
#include "unit/sim_fixture.h"

#include "sim/channel.h"

enum {
    BYTE_US = 1042, // 10 bits at 9600 baud, rounded up
    SILENCE_US = 3645,
    REQUEST_BYTES = 8,
    ANSWER_BYTES = 7,
};

struct bench {
    struct sim_device *device;
    struct faults *faults;
    struct fault_rule rule;
    struct fault_script script;
    struct channel channel;
};

static void build(struct bench *bench, enum framing framing, bool is_paced,
                  const struct fault_effect *effect)
{
    struct error err = {0};
    const struct bus_settings settings = {
        .transport = TRANSPORT_RTU, .baud = 9600, .parity = PARITY_NONE, .stop_bits = 1};
    (void)fixture_map();
    const struct sim_device_settings made = {
        .map = &fixture_map_copy, .modbus = &fixture_modbus, .unit_id = 1};
    assert_int_equal(sim_device_new(&made, 0, &bench->device, &err), 0);
    bench->faults = faults_new(1);
    bench->rule = (struct fault_rule){.chance = 1,
                                      .bus = NO_INDEX,
                                      .device = NO_INDEX,
                                      .unit_id = NO_INDEX,
                                      .table = NO_INDEX,
                                      .any_address = true};
    if (effect) {
        bench->rule.effect = *effect;
        bench->script = (struct fault_script){.rules = &bench->rule, .count = 1};
        faults_take(bench->faults, &bench->script, 0);
    }
    struct line line = {.devices = &bench->device, .count = 1, .faults = bench->faults};
    if (is_paced)
        line.pace = pace_of(&settings);
    channel_init(&bench->channel, framing, &line, 0);
}

static void tear_down(struct bench *bench)
{
    channel_done(&bench->channel);
    faults_free(bench->faults);
    sim_device_free(bench->device);
    fixture_done();
}

static void put(struct bench *bench, const uint8_t *bytes, size_t length, int64_t now_us)
{
    size_t room = 0;
    uint8_t *space = channel_space(&bench->channel, &room);
    assert_true(length <= room);
    memcpy(space, bytes, length);
    channel_heard(&bench->channel, length, now_us);
}

static void ask(struct bench *bench, uint8_t unit_id, int64_t now_us)
{
    static const uint8_t read_run[] = {3, 0x03, 0xE8, 0, 1};
    uint8_t frame[MAX_FRAME];
    if (bench->channel.framing == FRAMING_RTU)
        put(bench, frame, rtu_build_frame(unit_id, read_run, sizeof read_run, frame), now_us);
    else
        put(bench, frame, tcp_build_frame(1, unit_id, read_run, sizeof read_run, frame),
            now_us);
}

static void write_run(struct bench *bench)
{
    static const uint8_t pdu[] = {6, 0x03, 0xE8, 0, 1};
    uint8_t frame[MAX_FRAME];
    put(bench, frame, tcp_build_frame(1, 1, pdu, sizeof pdu, frame), 0);
}

// Lets time pass as the server does, from wake to wake; returns the bytes that left and when
// the last one did.
static size_t pass(struct bench *bench, int64_t *now_us, enum outlet_end *ret_end)
{
    size_t total = 0;
    *ret_end = OUTLET_STAYS;
    for (int turn = 0; turn < 1000; turn++) {
        size_t length = 0;
        assert_true(channel_work(&bench->channel, *now_us));
        while (channel_output(&bench->channel, *now_us, &length)) {
            enum outlet_end end = channel_sent(&bench->channel, length);
            if (end)
                *ret_end = end;
            total += length;
        }
        int64_t next_us = channel_next_us(&bench->channel);
        if (next_us == CHANNEL_IDLE)
            return total;
        assert_true(next_us > *now_us);
        *now_us = next_us;
    }
    fail_msg("it never comes to rest");
    return 0;
}

static void bytes_take_their_time_on_a_paced_line(void **state)
{
    (void)state;
    struct bench bench;
    enum outlet_end end;
    int64_t now_us = 1000000;
    build(&bench, FRAMING_RTU, true, NULL);
    ask(&bench, 1, now_us);
    assert_int_equal(pass(&bench, &now_us, &end), ANSWER_BYTES);
    int64_t ideal_us = 1000000 + (REQUEST_BYTES + ANSWER_BYTES) * BYTE_US + SILENCE_US;
    assert_in_range(now_us, ideal_us - 20, ideal_us);
    const struct meter *meter = &bench.channel.meter;
    assert_int_equal(meter->requests, 1);
    assert_int_equal(meter->asked[1], 1);
    assert_int_equal(meter->answered[1], 1);
    assert_int_equal(meter->smallest_gap_us, -1); // nothing was before
    assert_in_range(meter->busy_us, 15 * BYTE_US - 20, 15 * BYTE_US);
    tear_down(&bench);
}

static void a_request_is_not_heard_before_it_has_ended(void **state)
{
    (void)state;
    struct bench bench;
    size_t length = 0;
    build(&bench, FRAMING_RTU, true, NULL);
    ask(&bench, 1, 0);
    assert_true(channel_work(&bench.channel, 8 * 1041));
    assert_int_equal(bench.channel.meter.requests, 0);
    assert_true(channel_work(&bench.channel, 8 * BYTE_US));
    assert_int_equal(bench.channel.meter.requests, 1);
    assert_null(channel_output(&bench.channel, 8 * BYTE_US, &length)); // its silence
    tear_down(&bench);
}

static void broken_silences_are_counted(void **state)
{
    (void)state;
    for (int strict = 0; strict < 2; strict++) {
        struct bench bench;
        enum outlet_end end;
        int64_t now_us = 1000000;
        const struct fault_effect effect = {.strict_gap = strict == 1, .lead = NO_INDEX};
        build(&bench, FRAMING_RTU, true, &effect);
        const struct meter *meter = &bench.channel.meter;
        ask(&bench, 1, now_us);
        assert_int_equal(pass(&bench, &now_us, &end), ANSWER_BYTES);
        now_us += SILENCE_US + 1;
        ask(&bench, 1, now_us); // in time
        assert_int_equal(pass(&bench, &now_us, &end), ANSWER_BYTES);
        assert_int_equal(meter->gaps_broken, 0);
        now_us += SILENCE_US - 200;
        ask(&bench, 1, now_us); // too soon
        assert_int_equal(pass(&bench, &now_us, &end), strict ? 0 : ANSWER_BYTES);
        assert_int_equal(meter->gaps_broken, 1);
        assert_int_equal(meter->collisions, 0);
        assert_int_equal(meter->requests, 3);
        assert_in_range(meter->smallest_gap_us, SILENCE_US - 202, SILENCE_US - 199);
        tear_down(&bench);
    }
}

static void a_request_into_an_answer_is_a_collision(void **state)
{
    (void)state;
    struct bench bench;
    size_t length = 0;
    enum outlet_end end;
    int64_t now_us = 9 * BYTE_US;
    build(&bench, FRAMING_RTU, true, NULL);
    ask(&bench, 1, 0);
    assert_true(channel_work(&bench.channel, now_us));
    now_us += SILENCE_US + BYTE_US;
    assert_non_null(channel_output(&bench.channel, now_us, &length));
    (void)channel_sent(&bench.channel, length);
    ask(&bench, 1, now_us);
    assert_int_equal(bench.channel.meter.collisions, 1);
    assert_int_equal(bench.channel.meter.smallest_gap_us, 0);
    (void)pass(&bench, &now_us, &end);
    assert_int_equal(bench.channel.meter.requests, 2);
    tear_down(&bench);
}

static void a_late_answer_does_not_keep_another_unit_waiting(void **state)
{
    (void)state;
    struct bench bench;
    const struct fault_effect slow = {.latency_ms = 700, .lead = NO_INDEX};
    size_t length = 0;
    build(&bench, FRAMING_TCP, false, &slow);
    bench.rule.nth = 2; // the first of two answers at once
    ask(&bench, 1, 0);
    ask(&bench, 1, 0);
    assert_true(channel_work(&bench.channel, 0));
    assert_non_null(channel_output(&bench.channel, 0, &length));
    (void)channel_sent(&bench.channel, length);
    assert_null(channel_output(&bench.channel, 699999, &length));
    assert_int_equal(channel_next_us(&bench.channel), 700000);
    ask(&bench, 9, 500000); // nobody, says the endpoint
    assert_true(channel_work(&bench.channel, 500000));
    const uint8_t *bytes = channel_output(&bench.channel, 500000, &length);
    assert_non_null(bytes);
    assert_int_equal(bytes[MBAP_SIZE], 0x83);
    tear_down(&bench);
}

// What came back, and whether the write happened.
static const struct effect_case {
    struct fault_effect effect;
    size_t bytes;
    enum outlet_end end;
    bool is_written;
} effect_cases[] = {
    {{.lead = NO_INDEX}, 12, OUTLET_STAYS, true},
    {{.silent = true, .lead = NO_INDEX}, 0, OUTLET_STAYS, false},
    {{.unanswered = true, .lead = NO_INDEX}, 0, OUTLET_STAYS, true},
    {{.unexecuted = true, .lead = NO_INDEX}, 12, OUTLET_STAYS, false},
    {{.exception = 4, .lead = NO_INDEX}, 9, OUTLET_STAYS, false},
    {{.exception = 4, .executed = true, .lead = NO_INDEX}, 9, OUTLET_STAYS, true},
    {{.close = true, .lead = NO_INDEX}, 0, OUTLET_CLOSES, true},
    {{.reset = true, .lead = NO_INDEX}, 0, OUTLET_RESETS, true},
    {{.dribble_ms = 10, .lead = NO_INDEX}, 12, OUTLET_STAYS, true},
};

static void a_write_happens_or_not_whatever_is_answered(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(effect_cases); i++) {
        const struct effect_case *row = &effect_cases[i];
        struct bench bench;
        enum outlet_end end;
        int64_t now_us = 0;
        build(&bench, FRAMING_TCP, false, &row->effect);
        write_run(&bench);
        size_t bytes = pass(&bench, &now_us, &end);
        struct bank *bank = entries_bank(sim_device_entries(bench.device));
        bool is_written = bank_word(bank, BANK_OWN_UNIT, TABLE_HOLDING, 1000) == 1;
        if (bytes != row->bytes || end != row->end || is_written != row->is_written)
            fail_msg("row %zu: %zu bytes, end %d, written %d", i, bytes, end, is_written);
        assert_int_equal(now_us, row->effect.dribble_ms * 12 * 1000);
        tear_down(&bench);
    }
}

static void pace_follows_the_settings(void **state)
{
    (void)state;
    const struct {
        struct bus_settings settings;
        int64_t byte_ns;
        int64_t silence_us;
    } rows[] = {
        {{.baud = 9600, .parity = PARITY_NONE, .stop_bits = 1}, 1041666, 3645},
        {{.baud = 19200, .parity = PARITY_EVEN, .stop_bits = 1}, 572916, 2005},
        {{.baud = 38400, .parity = PARITY_NONE, .stop_bits = 2}, 286458, 1750},
        {{.baud = 0}, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct pace pace = pace_of(&rows[i].settings);
        assert_int_equal(pace.byte_ns, rows[i].byte_ns);
        assert_int_equal(pace.silence_us, rows[i].silence_us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_take_their_time_on_a_paced_line),
        cmocka_unit_test(a_request_is_not_heard_before_it_has_ended),
        cmocka_unit_test(broken_silences_are_counted),
        cmocka_unit_test(a_request_into_an_answer_is_a_collision),
        cmocka_unit_test(a_late_answer_does_not_keep_another_unit_waiting),
        cmocka_unit_test(a_write_happens_or_not_whatever_is_answered),
        cmocka_unit_test(pace_follows_the_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
