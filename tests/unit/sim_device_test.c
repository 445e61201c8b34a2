// SPDX-License-Identifier: MIT
#include "unit/sim_fixture.h"

#include "sim/channel.h"
#include "sim/device.h"
#include "wire/rtu.h"

static struct sim_device *make_device(int unit_id)
{
    const struct sim_device_settings settings = {
        .map = &fixture_map_copy,
        .modbus = &fixture_modbus,
        .unit_id = unit_id,
        .seed = 1,
    };
    struct sim_device *device = NULL;
    struct error err = {0};
    if (sim_device_new(&settings, 1000, &device, &err))
        fail_msg("%s", err.text);
    return device;
}

// One exchange: request PDU, answer PDU; an empty answer is silence.
static const struct exchange {
    const char *what;
    uint8_t unit_id;
    uint8_t request[16];
    size_t request_length;
    uint8_t answer[16];
    size_t answer_length;
} exchanges[] = {
    {"holding registers", 1, {3, 0x03, 0xE8, 0, 1}, 5, {3, 2, 0, 0}, 4},
    {"an unlisted register", 1, {3, 0x03, 0xE9, 0, 1}, 5, {0x83, 2}, 2},
    {"a write-only register", 1, {3, 0x0F, 0xA0, 0, 1}, 5, {0x83, 2}, 2},
    {"no registers", 1, {3, 0x03, 0xE8, 0, 0}, 5, {0x83, 3}, 2},
    {"too many registers", 1, {3, 0x03, 0xE8, 0, 126}, 5, {0x83, 3}, 2},
    {"an unknown function", 1, {0x41, 0x0E, 1, 0}, 4, {0xC1, 1}, 2},
    {"its vendor",
     1,
     {0x2B, 0x0E, 4, 0},
     4,
     {0x2B, 0x0E, 4, 0x81, 0, 0, 1, 0, 4, 'A', 'c', 'm', 'e'},
     13},
    {"a text it does not have", 1, {0x2B, 0x0E, 4, 5}, 4, {0xAB, 2}, 2},
    {"another MEI type", 1, {0x2B, 0x0D, 1, 0}, 4, {0xAB, 1}, 2},
    {"a short request", 1, {3, 0x03}, 2, {0x83, 3}, 2},
    {"an input register", 1, {4, 0x04, 0xB0, 0, 1}, 5, {4, 2, 0, 0}, 4},
    {"write a register", 1, {6, 0x03, 0xE8, 0, 1}, 5, {6, 0x03, 0xE8, 0, 1}, 5},
    {"... reads back", 1, {3, 0x03, 0xE8, 0, 1}, 5, {3, 2, 0, 1}, 4},
    {"write two registers",
     1,
     {16, 0x03, 0xEA, 0, 2, 4, 0x42, 0x70, 0, 0},
     10,
     {16, 0x03, 0xEA, 0, 2},
     5},
    {"... read back", 1, {3, 0x03, 0xEA, 0, 2}, 5, {3, 4, 0x42, 0x70, 0, 0}, 6},
    {"write a write-only register", 1, {6, 0x0F, 0xA0, 0, 1}, 5, {6, 0x0F, 0xA0, 0, 1}, 5},
    {"write past the entry", 1, {16, 0x03, 0xEB, 0, 2, 4, 0, 0, 0, 0}, 10, {0x90, 2}, 2},
    {"a coil", 1, {1, 0, 5, 0, 1}, 5, {1, 1, 0}, 3},
    {"write a coil", 1, {5, 0, 5, 0xFF, 0}, 5, {5, 0, 5, 0xFF, 0}, 5},
    {"... reads back", 1, {1, 0, 5, 0, 1}, 5, {1, 1, 1}, 3},
    {"write a coil with function 15", 1, {15, 0, 5, 0, 1, 1, 0}, 7, {15, 0, 5, 0, 1}, 5},
    {"... reads back", 1, {1, 0, 5, 0, 1}, 5, {1, 1, 0}, 3},
    {"a coil half on", 1, {5, 0, 5, 0x12, 0}, 5, {0x85, 3}, 2},
    {"a discrete input", 1, {2, 0, 10, 0, 1}, 5, {2, 1, 0}, 3},
    {"two discrete inputs, one listed", 1, {2, 0, 10, 0, 2}, 5, {0x82, 2}, 2},
    {"another unit behind it", 225, {4, 0x03, 0x4B, 0, 1}, 5, {4, 2, 0, 50}, 4},
    {"its register at the own unit", 1, {4, 0x03, 0x4B, 0, 1}, 5, {0x84, 2}, 2},
};

static void requests_are_answered(void **state)
{
    (void)state;
    (void)fixture_map();
    struct sim_device *device = make_device(1);
    for (size_t i = 0; i < ARRAY_LENGTH(exchanges); i++) {
        const struct exchange *row = &exchanges[i];
        uint8_t answer[MAX_PDU] = {0};
        size_t length = sim_device_answer(device, row->unit_id, row->request,
                                          row->request_length, 2000, answer);
        if (length != row->answer_length || memcmp(answer, row->answer, length) != 0)
            fail_msg("%s: %zu bytes, %02x %02x %02x %02x", row->what, length, answer[0],
                     answer[1], answer[2], answer[3]);
    }
    sim_device_free(device);
    fixture_done();
}

static const uint8_t read_run[] = {3, 0x03, 0xE8, 0, 1};

static void a_rule_refuses_a_write_and_nothing_changes(void **state)
{
    (void)state;
    (void)fixture_map();
    const struct simulation_rule rules[] = {
        {FIXTURE_WRITTEN(RUN), .when = fixture_formula("run"), .refuse = 4}};
    const struct simulation simulation = {.rules = rules, .rule_count = 1};
    fixture_map_copy.simulation = &simulation;
    struct sim_device *device = make_device(1);
    const uint8_t start[] = {6, 0x03, 0xE8, 0, 1};
    const uint8_t stop[] = {6, 0x03, 0xE8, 0, 0};
    uint8_t answer[MAX_PDU];
    assert_int_equal(sim_device_answer(device, 1, start, sizeof start, 2000, answer), 2);
    assert_int_equal(answer[1], 4);
    assert_int_equal(sim_device_answer(device, 1, read_run, sizeof read_run, 2000, answer), 4);
    assert_int_equal(answer[3], 0);
    assert_int_equal(sim_device_answer(device, 1, stop, sizeof stop, 2000, answer), 5);
    sim_device_free(device);
    fixture_done();
}

static void a_start_value_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    (void)fixture_map();
    const struct given_value value = {
        .at = {"map.yaml", 3, 4}, .point = STATE, .value = value_text("asleep")};
    const struct simulation simulation = {.values = &value, .value_count = 1};
    fixture_map_copy.simulation = &simulation;
    const struct sim_device_settings settings = {
        .map = &fixture_map_copy, .modbus = &fixture_modbus, .unit_id = 1};
    struct sim_device *device = NULL;
    struct error err = {0};
    assert_int_equal(sim_device_new(&settings, 0, &device, &err), -1);
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_int_equal(strncmp(err.text, "map.yaml:3:4: ", 14), 0);
    fixture_done();
}

static void given_values_are_without_noise(void **state)
{
    (void)state;
    (void)fixture_map();
    const struct simulation_noise noise = {STACK_CURRENT, 3};
    const struct simulation simulation = {.noise = &noise, .noise_count = 1};
    const struct device_values given[2] = {0};
    fixture_map_copy.simulation = &simulation;
    for (size_t i = 0; i < 2; i++) {
        const struct sim_device_settings settings = {.map = &fixture_map_copy,
                                                     .modbus = &fixture_modbus,
                                                     .unit_id = 1,
                                                     .given = i ? &given[i] : NULL};
        struct sim_device *device = NULL;
        struct error err = {0};
        struct image_space space = {0};
        assert_int_equal(sim_device_new(&settings, 0, &device, &err), 0);
        sim_device_step(device, 5000);
        struct value value = entries_value(sim_device_entries(device), STACK_CURRENT, &space);
        assert_true((value_number(&value) == 5) == (i == 1));
        sim_device_free(device);
    }
    fixture_done();
}

static void put(struct channel *channel, const uint8_t *bytes, size_t length, int64_t now_ms)
{
    size_t room = 0;
    uint8_t *space = channel_space(channel, &room);
    assert_true(length <= room);
    memcpy(space, bytes, length);
    channel_heard(channel, length, now_ms * 1000);
}

// The answer that leaves now; 0 bytes when none does.
static size_t take(struct channel *channel, int64_t now_ms, uint8_t *ret_bytes)
{
    size_t length = 0;
    assert_true(channel_work(channel, now_ms * 1000));
    const uint8_t *bytes = channel_output(channel, now_ms * 1000, &length);
    if (!bytes)
        return 0;
    memcpy(ret_bytes, bytes, length);
    (void)channel_sent(channel, length);
    return length;
}

static const uint8_t tcp_request[] = {0x12, 0x34, 0, 0, 0, 6, 1, 3, 0x03, 0xE8, 0, 1};
static const uint8_t tcp_answer[] = {0x12, 0x34, 0, 0, 0, 5, 1, 3, 2, 0, 0};

static void a_request_in_single_bytes_is_answered_once(void **state)
{
    (void)state;
    (void)fixture_map();
    struct sim_device *device = make_device(1);
    struct channel channel;
    uint8_t bytes[MAX_TCP_FRAME];
    channel_init(&channel, FRAMING_TCP, &(struct line){.devices = &device, .count = 1}, 0);
    for (size_t i = 0; i + 1 < sizeof tcp_request; i++) {
        put(&channel, &tcp_request[i], 1, 2000);
        assert_int_equal(take(&channel, 2000, bytes), 0);
    }
    put(&channel, &tcp_request[sizeof tcp_request - 1], 1, 2000);
    assert_int_equal(take(&channel, 2000, bytes), sizeof tcp_answer);
    assert_memory_equal(bytes, tcp_answer, sizeof tcp_answer);
    assert_int_equal(take(&channel, 2000, bytes), 0);
    channel_done(&channel);
    sim_device_free(device);
    fixture_done();
}

static void requests_sent_together_are_answered_in_order(void **state)
{
    (void)state;
    (void)fixture_map();
    struct sim_device *device = make_device(1);
    struct channel channel;
    uint8_t both[2 * sizeof tcp_request];
    uint8_t bytes[MAX_TCP_FRAME];
    memcpy(both, tcp_request, sizeof tcp_request);
    memcpy(both + sizeof tcp_request, tcp_request, sizeof tcp_request);
    both[sizeof tcp_request + 1] = 0x35;
    const struct fault_rule slow = {.chance = 1,
                                    .bus = NO_INDEX,
                                    .device = NO_INDEX,
                                    .unit_id = NO_INDEX,
                                    .table = NO_INDEX,
                                    .any_address = true,
                                    .effect = {.latency_ms = 100, .lead = NO_INDEX}};
    const struct fault_script script = {.rules = &slow, .count = 1};
    struct faults *faults = faults_new(1);
    faults_take(faults, &script, 0);
    const struct line line = {.devices = &device, .count = 1, .faults = faults};
    channel_init(&channel, FRAMING_TCP, &line, 0);
    put(&channel, both, sizeof both, 2000);
    assert_int_equal(take(&channel, 2000, bytes), 0);
    assert_int_equal(channel_next_us(&channel), 2100000);
    assert_int_equal(take(&channel, 2100, bytes), sizeof tcp_answer);
    assert_int_equal(bytes[1], 0x34);
    assert_int_equal(take(&channel, 2100, bytes), 0);
    assert_int_equal(take(&channel, 2200, bytes), sizeof tcp_answer);
    assert_int_equal(bytes[1], 0x35);
    assert_int_equal(channel_next_us(&channel), CHANNEL_IDLE);
    channel_done(&channel);
    faults_free(faults);
    sim_device_free(device);
    fixture_done();
}

static void what_is_no_modbus_ends_the_connection(void **state)
{
    (void)state;
    (void)fixture_map();
    struct sim_device *device = make_device(1);
    struct channel channel;
    channel_init(&channel, FRAMING_TCP, &(struct line){.devices = &device, .count = 1}, 0);
    put(&channel, (const uint8_t *)"GET / HTTP/1.1\r\n", 16, 2000);
    assert_false(channel_work(&channel, 2000000));
    channel_done(&channel);
    sim_device_free(device);
    fixture_done();
}

static const struct unit_case {
    uint8_t asked;
    int first; // unit id of the first of two devices
    int second;
    enum framing framing;
    int expected; // function byte of the answer; 0: silence
} unit_cases[] = {
    {1, 1, 2, FRAMING_TCP, 3},          {2, 1, 2, FRAMING_TCP, 3},
    {3, 1, 2, FRAMING_TCP, 0x83},       {3, 1, NO_INDEX, FRAMING_TCP, 3},
    {225, 1, 2, FRAMING_TCP, 0x83}, // has the unit, but not this register
    {1, 1, 2, FRAMING_RTU, 3},          {3, 1, 2, FRAMING_RTU, 0},
    {3, NO_INDEX, 2, FRAMING_RTU, 3},   {0, 1, 2, FRAMING_RTU, 0},
    {255, NO_INDEX, 2, FRAMING_TCP, 3},
};

static void the_unit_id_chooses_the_device(void **state)
{
    (void)state;
    (void)fixture_map();
    for (size_t i = 0; i < ARRAY_LENGTH(unit_cases); i++) {
        const struct unit_case *row = &unit_cases[i];
        struct sim_device *devices[] = {make_device(row->first), make_device(row->second)};
        struct channel channel;
        uint8_t frame[MAX_TCP_FRAME];
        uint8_t bytes[MAX_TCP_FRAME] = {0};
        bool is_tcp = row->framing == FRAMING_TCP;
        size_t length = is_tcp
                            ? tcp_build_frame(1, row->asked, read_run, sizeof read_run, frame)
                            : rtu_build_frame(row->asked, read_run, sizeof read_run, frame);
        channel_init(&channel, row->framing, &(struct line){.devices = devices, .count = 2}, 0);
        put(&channel, frame, length, 2000);
        length = take(&channel, 2000, bytes);
        int function = length ? bytes[is_tcp ? MBAP_SIZE : 1] : 0;
        if (function != row->expected)
            fail_msg("unit %d of %d and %d: function %d", row->asked, row->first, row->second,
                     function);
        channel_done(&channel);
        sim_device_free(devices[0]);
        sim_device_free(devices[1]);
    }
    fixture_done();
}

static void a_broadcast_is_obeyed_by_all_and_answered_by_none(void **state)
{
    (void)state;
    (void)fixture_map();
    struct sim_device *devices[] = {make_device(1), make_device(2)};
    struct channel channel;
    const uint8_t start[] = {6, 0x03, 0xE8, 0, 1};
    uint8_t frame[MAX_RTU_FRAME];
    uint8_t bytes[MAX_TCP_FRAME];
    size_t length = rtu_build_frame(0, start, sizeof start, frame);
    channel_init(&channel, FRAMING_RTU, &(struct line){.devices = devices, .count = 2}, 0);
    put(&channel, frame, length, 2000);
    assert_int_equal(take(&channel, 2000, bytes), 0);
    for (size_t i = 0; i < 2; i++) {
        struct bank *bank = entries_bank(sim_device_entries(devices[i]));
        assert_int_equal(bank_word(bank, BANK_OWN_UNIT, TABLE_HOLDING, 1000), 1);
        sim_device_free(devices[i]);
    }
    channel_done(&channel);
    fixture_done();
}

static void noise_on_the_line_is_dropped_at_the_next_pause(void **state)
{
    (void)state;
    (void)fixture_map();
    struct sim_device *device = make_device(1);
    struct channel channel;
    uint8_t frame[MAX_RTU_FRAME];
    uint8_t bytes[MAX_TCP_FRAME];
    size_t length = rtu_build_frame(1, read_run, sizeof read_run, frame);
    channel_init(&channel, FRAMING_RTU, &(struct line){.devices = &device, .count = 1}, 0);
    put(&channel, (const uint8_t *)"\xFF\x00\x55", 3, 2000);
    assert_int_equal(take(&channel, 2000, bytes), 0);
    assert_true(channel_next_us(&channel) > 2000000);
    assert_int_equal(take(&channel, channel_next_us(&channel) / 1000, bytes), 0);
    put(&channel, frame, length, 3000);
    assert_int_equal(take(&channel, 3000, bytes), 7);
    frame[length - 1] ^= 1; // a wrong CRC is not answered
    put(&channel, frame, length, 4000);
    assert_int_equal(take(&channel, 4000, bytes), 0);
    assert_int_equal(take(&channel, 4100, bytes), 0);
    assert_int_equal(channel_next_us(&channel), CHANNEL_IDLE);
    channel_done(&channel);
    sim_device_free(device);
    fixture_done();
}

static void an_unknown_function_on_a_line_is_refused_after_a_pause(void **state)
{
    (void)state;
    (void)fixture_map();
    struct sim_device *device = make_device(1);
    struct channel channel;
    const uint8_t unknown[] = {0x41, 0x0E, 1, 0};
    uint8_t frame[MAX_RTU_FRAME];
    uint8_t bytes[MAX_TCP_FRAME];
    size_t length = rtu_build_frame(1, unknown, sizeof unknown, frame);
    channel_init(&channel, FRAMING_RTU, &(struct line){.devices = &device, .count = 1}, 0);
    put(&channel, frame, length, 2000);
    assert_int_equal(take(&channel, 2000, bytes), 0);
    assert_int_equal(take(&channel, 2100, bytes), 5);
    assert_int_equal(bytes[1], 0xC1);
    channel_done(&channel);
    sim_device_free(device);
    fixture_done();
}

static void what_it_says_of_itself_is_what_its_simulation_says(void **state)
{
    (void)state;
    static const struct simulated_identification given = {.texts = {[2] = "1.2", [6] = "mine"}};
    static const struct simulated_identification none = {.is_refused = true};
    struct simulation simulation = {.identification = &given};
    (void)fixture_map();
    fixture_map_copy.simulation = &simulation;
    struct sim_device *device = make_device(1);
    const uint8_t asked[] = {0x2B, 0x0E, 2, 2};
    const uint8_t granted[] = {0x2B, 0x0E, 2,   0x82, 0, 0,   2,   2,   3,
                               '1',  '.',  '2', 6,    4, 'm', 'i', 'n', 'e'};
    const uint8_t refused[] = {0xAB, 1};
    uint8_t answer[MAX_PDU];
    assert_int_equal(sim_device_answer(device, 1, asked, sizeof asked, 2000, answer),
                     sizeof granted);
    assert_memory_equal(answer, granted, sizeof granted);
    simulation.identification = &none;
    assert_int_equal(sim_device_answer(device, 1, asked, sizeof asked, 2000, answer), 2);
    assert_memory_equal(answer, refused, sizeof refused);
    sim_device_free(device);
    fixture_done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered),
        cmocka_unit_test(a_rule_refuses_a_write_and_nothing_changes),
        cmocka_unit_test(a_start_value_that_does_not_fit_is_refused),
        cmocka_unit_test(given_values_are_without_noise),
        cmocka_unit_test(a_request_in_single_bytes_is_answered_once),
        cmocka_unit_test(requests_sent_together_are_answered_in_order),
        cmocka_unit_test(what_is_no_modbus_ends_the_connection),
        cmocka_unit_test(the_unit_id_chooses_the_device),
        cmocka_unit_test(a_broadcast_is_obeyed_by_all_and_answered_by_none),
        cmocka_unit_test(noise_on_the_line_is_dropped_at_the_next_pause),
        cmocka_unit_test(an_unknown_function_on_a_line_is_refused_after_a_pause),
        cmocka_unit_test(what_it_says_of_itself_is_what_its_simulation_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
