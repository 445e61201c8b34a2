// SPDX-License-Identifier: MIT
// tests/maps/good/everything.yaml, field by field: the head, entries and alerts.
#include "base/mem.h"
#include "registers/codec.h"
#include "support/good_map.h"

static void the_head_and_modbus(void **state)
{
    (void)state;
    struct loaded loaded = load(GOOD "everything.yaml");
    const struct map *map = loaded.map;
    assert_string_equal(map->name, "everything");
    assert_string_equal(map->path, GOOD "everything.yaml");
    assert_string_equal(map->vendor, "Acme \"GmbH\"");
    assert_string_equal(map->model, "Sun 10");
    assert_string_equal(map->description, "an inverter nobody sells");
    assert_string_equal(map->category, "solar-generators");
    assert_int_equal(map->source_count, 2);
    assert_string_equal(map->sources[1], "second source");
    assert_int_equal(map->implements_count, 0);
    const struct modbus_settings *modbus = &map->modbus;
    assert_int_equal(modbus->address_base, 1);
    assert_int_equal(modbus->max_registers, 60);
    assert_int_equal(modbus->max_bits, 500);
    assert_int_equal(modbus->merge_gap, GAP_AUTO);
    assert_int_equal(modbus->min_gap_ms, 50);
    assert_int_equal(modbus->connect_delay_ms, 1000);
    assert_int_equal(modbus->timeout_ms, 700);
    assert_int_equal(modbus->every_ms, 5000);
    assert_int_equal(modbus->verify_within_ms, 3000);
    assert_int_equal(modbus->write_function, WRITE_MULTIPLE);
    assert_int_equal(modbus->word_order, ORDER_BIG);
    assert_int_equal(modbus->block_count, 1);
    assert_int_equal(modbus->blocks[0].table, TABLE_HOLDING);
    assert_int_equal(modbus->blocks[0].address, 35100);
    assert_int_equal(modbus->blocks[0].count, 60);
    assert_int_equal(modbus->unreadable_count, 2);
    assert_int_equal(modbus->unreadable[0].table, TABLE_INPUT);
    assert_int_equal(modbus->unreadable[0].address, 10);
    assert_int_equal(modbus->unreadable[0].count, 10);
    assert_int_equal(modbus->unreadable[1].table, TABLE_COIL);
    assert_int_equal(modbus->unreadable[1].count, 1);
    assert_int_equal(map->identify_count, 2);
    assert_ptr_equal(&map->points[map->identify[0].point], point(map, "device_type"));
    assert_int_equal(map->identify[0].value_count, 2);
    assert_true(map->identify[0].values[1].integer == 0x500);
    assert_int_equal(map->identify[1].values[0].kind, VALUE_TEXT);
    assert_int_equal(map->identify[1].values[0].text.length, 4);
    desk_free(loaded.desk);
}

static void where_words_are(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        enum table table;
        int address;
        int words;
        enum point_type type;
        enum access access;
        enum section section;
    } rows[] = {
        {"device_type", TABLE_HOLDING, 0, 1, TYPE_U16, ACCESS_READ, SECTION_REGISTERS},
        {"model_code", TABLE_HOLDING, 8, 4, TYPE_STRING, ACCESS_READ, SECTION_REGISTERS},
        {"fault_1", TABLE_HOLDING, 555, 2, TYPE_U32, ACCESS_READ, SECTION_REGISTERS},
        {"errors", TABLE_INPUT, 832, 33, TYPE_EVENT_LIST, ACCESS_READ, SECTION_REGISTERS},
        {"power_limit", TABLE_HOLDING, 40016, 1, TYPE_U16, ACCESS_READ_WRITE,
         SECTION_REGISTERS},
        {"commit", TABLE_HOLDING, 4000, 1, TYPE_BOOL, ACCESS_WRITE, SECTION_REGISTERS},
        {"open_now", TABLE_COIL, 6, 1, TYPE_BOOL, ACCESS_READ, SECTION_REGISTERS},
        {"door", TABLE_DISCRETE, 2, 1, TYPE_BOOL, ACCESS_READ, SECTION_TELEMETRY},
        {"pv1_power", TABLE_HOLDING, 672, 1, TYPE_U16, ACCESS_READ, SECTION_TELEMETRY},
        {"pv2_power", TABLE_HOLDING, 673, 1, TYPE_U16, ACCESS_READ, SECTION_TELEMETRY},
        {"pack1_voltage", TABLE_HOLDING, 57612, 2, TYPE_F32, ACCESS_READ, SECTION_TELEMETRY},
        {"pack3_voltage", TABLE_HOLDING, 58380, 2, TYPE_F32, ACCESS_READ, SECTION_TELEMETRY},
        {"soc", TABLE_INPUT, 843, 1, TYPE_U16, ACCESS_READ, SECTION_TELEMETRY},
        {"dryer", TABLE_INPUT, 6002, 4, TYPE_F64, ACCESS_READ, SECTION_TELEMETRY},
        {"serial_number", TABLE_HOLDING, 3, 5, TYPE_STRING, ACCESS_READ, SECTION_PROPERTIES},
    };
    struct loaded loaded = load(GOOD "everything.yaml");
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct point *entry = point(loaded.map, rows[i].key);
        assert_int_equal(entry->source, SOURCE_WORDS);
        assert_int_equal(entry->table, rows[i].table);
        assert_int_equal(entry->address, rows[i].address);
        assert_int_equal(entry->word_count, rows[i].words);
        assert_int_equal(entry->type, rows[i].type);
        assert_int_equal(entry->access, rows[i].access);
        assert_int_equal(entry->section, rows[i].section);
        assert_int_equal(entry->from, NO_INDEX);
    }
    const struct point *apart = point(loaded.map, "l1_power");
    assert_int_equal(apart->part_count, 2);
    assert_int_equal(apart->parts[0], 622);
    assert_int_equal(apart->parts[1], 690);
    assert_int_equal(apart->word_order, ORDER_LITTLE);
    assert_int_equal(point(loaded.map, "soc")->unit_id, 225);
    assert_int_equal(point(loaded.map, "dryer")->unit_id, NO_INDEX);
    assert_int_equal(point(loaded.map, "ac_energy")->byte_order, ORDER_LITTLE);
    assert_int_equal(point(loaded.map, "ac_energy")->word_order, ORDER_BIG);
    assert_int_equal(point(loaded.map, "commit")->write_function, WRITE_SINGLE);
    assert_int_equal(point(loaded.map, "ramp")->write_function, WRITE_MULTIPLE);
    desk_free(loaded.desk);
}

static void how_words_become_values(void **state)
{
    (void)state;
    struct loaded loaded = load(GOOD "everything.yaml");
    const struct map *map = loaded.map;
    assert_int_equal(point(map, "device_type")->invalid_count, 0); // [] replaces the default
    assert_int_equal(point(map, "power_sf")->invalid_count, 2);
    assert_int_equal(point(map, "power_sf")->invalid[0], 0x8000);
    assert_int_equal(point(map, "power_sf")->invalid[1], 0xFFFF);
    assert_int_equal(point(map, "temperature")->invalid_count, 1);
    assert_int_equal(point(map, "temperature")->invalid[0], 0x7FFF);
    assert_int_equal(point(map, "fault_1")->invalid_count, 0);
    const struct point *power = point(map, "ac_total_power");
    assert_ptr_equal(&map->points[power->sf], point(map, "power_sf"));
    assert_int_equal(power->publish, PUBLISH_FLOAT);
    assert_int_equal(power->decimals, DECIMALS_SHORTEST);
    const struct point *frequency = point(map, "ac_frequency");
    assert_int_equal(frequency->scale.mantissa, 1);
    assert_int_equal(frequency->scale.exponent, -2);
    assert_true(frequency->has_range && frequency->range_low == 40 &&
                frequency->range_high == 70);
    assert_int_equal(frequency->decimals, 1);
    assert_string_equal(frequency->unit, "Hz");
    const struct point *temperature = point(map, "temperature");
    assert_int_equal(temperature->offset.mantissa, -10025);
    assert_int_equal(temperature->offset.exponent, -2);
    assert_int_equal(temperature->decimals, 2);
    assert_int_equal(temperature->publish, PUBLISH_FLOAT);
    assert_int_equal(point(map, "ac_energy")->publish, PUBLISH_INTEGER);
    assert_int_equal(point(map, "ac_energy")->decimals, 0);
    assert_int_equal(point(map, "pack1_voltage")->decimals, DECIMALS_SHORTEST_FLOAT);
    assert_string_equal(point(map, "pack1_voltage")->unit, "V"); // of the preset
    assert_true(point(map, "pack1_voltage")->optional);
    assert_int_equal(point(map, "serial_text")->publish, PUBLISH_STRING);
    const struct point *string1 = point(map, "pv1_power");
    assert_formula(string1->scale_formula, "if(device_type == 6, 10, 1)");
    assert_int_equal(string1->publish, PUBLISH_INTEGER);
    assert_string_equal(string1->display_name, "String 1");
    assert_string_equal(point(map, "pv2_power")->display_name, "String 2");
    const struct point *firmware = point(map, "firmware");
    assert_int_equal(firmware->source, SOURCE_WORDS);
    assert_non_null(firmware->formula);
    assert_int_equal(firmware->publish, PUBLISH_STRING);
    const struct point *dryer = point(map, "dryer");
    assert_formula(dryer->when, "open_now");
    assert_true(dryer->alone);
    assert_true(point(map, "ramp")->wear);
    assert_true(point(map, "setpoint")->hold);
    desk_free(loaded.desk);
}

static void views_and_labels(void **state)
{
    (void)state;
    struct loaded loaded = load(GOOD "everything.yaml");
    const struct map *map = loaded.map;
    const struct point *status = point(map, "status");
    assert_int_equal(status->source, SOURCE_VIEW);
    assert_ptr_equal(map_words_of(map, status), point(map, "run_state"));
    assert_int_equal(status->type, TYPE_U16);
    assert_int_equal(status->publish, PUBLISH_STRING);
    const struct labels *labels = status->labels;
    assert_int_equal(labels->count, 3);
    assert_int_equal(labels->rows[1].low, 1);
    assert_int_equal(labels->rows[1].high, 3);
    assert_string_equal(labels->rows[1].text, "operating");
    assert_int_equal(labels->rows[2].low, 16);
    assert_string_equal(labels->otherwise, "other");
    assert_false(labels->is_boolean);
    const struct point *running = point(map, "running"); // a view of a view
    assert_ptr_equal(map_words_of(map, running), point(map, "run_state"));
    assert_true(running->labels->is_boolean);
    assert_null(running->labels->otherwise);
    assert_int_equal(running->publish, PUBLISH_BOOLEAN);
    const struct point *mode = point(map, "mode");
    assert_int_equal(mode->bit_low, 0);
    assert_int_equal(mode->bit_high, 1);
    assert_int_equal(mode->access, ACCESS_READ_WRITE);
    const struct point *export = point(map, "export");
    assert_int_equal(export->bit_low, 4);
    assert_int_equal(export->bit_high, 4);
    assert_int_equal(export->type, TYPE_BOOL);
    const struct point *verdict = point(map, "verdict");
    assert_int_equal(verdict->source, SOURCE_FORMULA);
    assert_null(map_words_of(map, verdict));
    assert_int_equal(verdict->labels->count, 2);
    assert_string_equal(verdict->labels->rows[0].text, "good");
    desk_free(loaded.desk);
}

static void note_point(void *context, int index)
{
    bool *named = context;
    named[index] = true;
}

static void computed_values_and_synthetic_properties(void **state)
{
    (void)state;
    struct loaded loaded = load(GOOD "everything.yaml");
    const struct map *map = loaded.map;
    bool *named = mem_new(map->point_count, sizeof *named);
    formula_each_point(point(map, "pv_total_power")->formula, note_point, named);
    size_t count = 0;
    for (size_t i = 0; i < map->point_count; i++)
        count += named[i];
    assert_int_equal(count, 2); // the sum itself fits the pattern and is no part of it
    assert_true(named[map_find_point(map, "pv1_power")]);
    assert_true(named[map_find_point(map, "pv2_power")]);
    free(named);
    assert_constant(point(map, "capacity")->formula, 250);
    const struct value *chemistry = formula_constant_value(point(map, "battery_type")->formula);
    struct value expected = value_text("lithium");
    assert_true(value_equal(chemistry, &expected));
    const struct point *vendor = point(map, "vendor");
    assert_int_equal(vendor->section, SECTION_PROPERTIES);
    assert_int_equal(vendor->publish, PUBLISH_STRING);
    expected = value_text("Acme \"GmbH\"");
    assert_true(value_equal(formula_constant_value(vendor->formula), &expected));
    expected = value_text("Sun 10");
    assert_true(value_equal(formula_constant_value(point(map, "model")->formula), &expected));
    assert_int_equal(map_find_point(map, "battery_base"), NO_INDEX);
    desk_free(loaded.desk);
}

static void when_entries_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int64_t every_ms;
    } rows[] = {
        {"ac_total_power", 5000},
        {"power_sf", 5000},             // as the value it scales
        {"ac_energy", 60000},           // its own
        {"pack2_voltage", 60000},       // of the preset
        {"door", 0},                    // as often as the bus allows
        {"serial_number", 600000},      // a property
        {"capacity", EVERY_CONNECT},    // its own
        {"device_type", EVERY_CONNECT}, // its own, although telemetry is scaled by it
        {"model_code", EVERY_CONNECT},  // identify needs it
        {"run_state", 5000},            // views need it
        {"fault_1", 5000},              // alerts need it
        {"errors", 5000},               // "
        {"open_now", 5000},             // a condition needs it
        {"power_limit", EVERY_NEED},    // commands only
        {"flags", EVERY_NEED},          // "
        {"commit", EVERY_NEED},         // cannot be read
    };
    struct loaded loaded = load(GOOD "everything.yaml");
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (point(loaded.map, rows[i].key)->every_ms != rows[i].every_ms)
            print_error("%s\n", rows[i].key);
        assert_int_equal(point(loaded.map, rows[i].key)->every_ms, rows[i].every_ms);
    }
    desk_free(loaded.desk);
}

static void alerts(void **state)
{
    (void)state;
    struct loaded loaded = load(GOOD "everything.yaml");
    const struct map *map = loaded.map;
    assert_int_equal(map->alert_count, 7);
    const struct alert *bit = alert(map, "dc_inversed");
    assert_int_equal(bit->kind, ALERT_BIT);
    assert_ptr_equal(&map->points[bit->from], point(map, "fault_1"));
    assert_int_equal(bit->bit, 31);
    assert_int_equal(bit->severity, SEVERITY_ERROR);
    assert_string_equal(bit->display_name, "DC inversed");
    assert_int_equal(bit->troubleshooting_count, 2);
    assert_string_equal(bit->troubleshooting[1], "Call us.");
    const struct alert *code = alert(map, "fc_10");
    assert_int_equal(code->kind, ALERT_CODE);
    assert_int_equal(code->code, 0x108A);
    assert_int_equal(code->code_high, 0x108A);
    assert_string_equal(code->description, "a pump");
    const struct alert *range = alert(map, "fc_20");
    assert_int_equal(range->code_high, 0x20FF);
    assert_formula(range->when, "open_now");
    assert_int_equal(alert(map, "other_event")->kind, ALERT_OTHERWISE);
    assert_int_equal(alert(map, "other_event")->severity, SEVERITY_INFO);
    const struct alert *condition = alert(map, "over_temperature");
    assert_int_equal(condition->kind, ALERT_CONDITION);
    assert_int_equal(condition->from, NO_INDEX);
    assert_formula(condition->when, "temperature > 85");
    assert_formula(alert(map, "string2_dead")->when, "pv2_power < n");
    desk_free(loaded.desk);
}

// Ten thousand entries and no more; a wide map loads in a moment.
static void entries_are_bounded(void **state)
{
    (void)state;
    char path[] = "/tmp/modbridge_map_XXXXXX.yaml";
    int descriptor = mkstemps(path, 5);
    assert_true(descriptor >= 0);
    FILE *file = fdopen(descriptor, "w");
    assert_non_null(file);
    (void)fprintf(file, "modbridge: map/1\ntelemetry:\n");
    for (int i = 0; i < 10; i++)
        (void)fprintf(file,
                      "  \"a%d_{n}\": {repeat: {n: 1..1000}, holding: %d * 1000 + n, type: "
                      "u16}\n",
                      i, i);
    (void)fflush(file);
    struct loaded loaded = load(path);
    assert_int_equal(loaded.map->point_count, 10000);
    desk_free(loaded.desk);
    (void)fprintf(file, "  one_more: {holding: 20000, type: u16}\n");
    assert_int_equal(fclose(file), 0);
    struct desk *desk = desk_new();
    const struct map *map = NULL;
    assert_int_equal(config_load_map(desk->arena, path, NULL, &desk->diagnostics, &map), -1);
    char *printed = desk_print(desk);
    assert_non_null(strstr(printed, ":13:3: error: more than 10000 entries"));
    free(printed);
    (void)remove(path);
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_and_modbus),
        cmocka_unit_test(where_words_are),
        cmocka_unit_test(how_words_become_values),
        cmocka_unit_test(views_and_labels),
        cmocka_unit_test(computed_values_and_synthetic_properties),
        cmocka_unit_test(when_entries_are_read),
        cmocka_unit_test(alerts),
        cmocka_unit_test(entries_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
