// SPDX-License-Identifier: MIT
// The manifest of a map, to the letter: order, quotes, what is declared and what is not.
#include "config_support.h"

#include <unistd.h>

#include "config/blueprint.h"
#include "config/config.h"

// A map in a file, its manifest and what was found.
struct made {
    struct desk *desk;
    struct strbuf manifest;
    int result;
};

static struct made make(const char *text, const char *name)
{
    struct made made = {.desk = desk_new()};
    char path[] = "/tmp/blueprint-test-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(descriptor), 0);
    const struct map *map = NULL;
    int result = config_load_map(made.desk->arena, path, NULL, &made.desk->diagnostics, &map);
    assert_int_equal(unlink(path), 0);
    if (result < 0)
        diagnostics_print(&made.desk->diagnostics, stderr);
    assert_int_equal(result, 0);
    made.result = blueprint_make(map, NULL, name, &made.desk->diagnostics, &made.manifest);
    return made;
}

static void made_done(struct made *made)
{
    strbuf_done(&made->manifest);
    desk_free(made->desk);
}

static const char whole_map[] =
    "modbridge: map/1\n"
    "vendor: Acme\n"
    "model: M1\n"
    "category: power-meters\n"
    "telemetry:\n"
    "  status: {holding: 0, type: u16, enum: {0: idle, 1..3: running, otherwise: \"no\"}}\n"
    "  flow: {holding: 1, type: u16, scale: 0.1, unit: NL/h, description: \"Through: the "
    "pipe\"}\n"
    "  power: {holding: 2, type: i16, unit: W}\n"
    "properties:\n"
    "  model: {holding: 10, type: string, length: 2}\n"
    "alerts:\n"
    "  hot: {when: power > 80, severity: warning, troubleshooting: [\"Check: the pump\"]}\n"
    "  e_6: {from: flow, code: 6..9, severity: info}\n"
    "  partial_failure: {from: flow, bit: 3, severity: info, display_name: My own}\n"
    "commands:\n"
    "  hold_on:\n"
    "    group: Mode & more\n"
    "    arguments:\n"
    "      time: {type: duration, min: 0.5, required: true}\n"
    "      how: {type: string, enum: [\"on\", \"off\"], default: \"off\"}\n"
    "      pin: {type: string, sensitive: true}\n"
    "      sure: {type: boolean, default: false}\n"
    "      level: {type: float, unit: \"%\", max: 100, default: 1.5}\n"
    "    confirmation: {severity: info, title: \"Really?\", description: \"It stops.\"}\n"
    "    steps: [{wait: 1s}]\n";

static const char whole_manifest[] = "blueprint_spec: device/3.0\n"
                                     "display_name: Acme M1\n"
                                     "category: power-meters\n"
                                     "runtime:\n"
                                     "  type: embedded\n"
                                     "properties:\n"
                                     "  model:\n"
                                     "    type: string\n"
                                     "    display_name: Model\n"
                                     "  vendor:\n"
                                     "    type: string\n"
                                     "    display_name: Vendor\n"
                                     "telemetry:\n"
                                     "  status:\n"
                                     "    type: string\n"
                                     "    display_name: Status\n"
                                     "    enum:\n"
                                     "      idle:\n"
                                     "        display_name: Idle\n"
                                     "        color: green-lighter\n"
                                     "      running:\n"
                                     "        display_name: Running\n"
                                     "        color: green\n"
                                     "      \"no\":\n"
                                     "        display_name: \"No\"\n"
                                     "  flow:\n"
                                     "    type: float\n"
                                     "    display_name: Flow\n"
                                     "    description: \"Through: the pipe\"\n"
                                     "    unit: NL/h\n"
                                     "  power:\n"
                                     "    type: integer\n"
                                     "    display_name: Power\n"
                                     "    unit: W\n"
                                     "  conn_alerts:\n"
                                     "    type: alerts\n"
                                     "    display_name: Connection Alerts\n"
                                     "alerts:\n"
                                     "  hot:\n"
                                     "    severity: warning\n"
                                     "    display_name: Hot\n"
                                     "    troubleshooting:\n"
                                     "      - \"Check: the pump\"\n"
                                     "  e_6:\n"
                                     "    severity: info\n"
                                     "    display_name: E 6\n"
                                     "    code: \"6..9\"\n"
                                     "  partial_failure:\n"
                                     "    severity: info\n"
                                     "    display_name: My own\n"
                                     "  communication_failed:\n"
                                     "    severity: error\n"
                                     "    display_name: Communication Failed\n"
                                     "    description: The device does not answer.\n"
                                     "command_groups:\n"
                                     "  mode___more:\n"
                                     "    display_name: \"Mode & more\"\n"
                                     "commands:\n"
                                     "  hold_on:\n"
                                     "    display_name: Hold On\n"
                                     "    group: mode___more\n"
                                     "    arguments:\n"
                                     "      time:\n"
                                     "        type: float\n"
                                     "        display_name: Time (s)\n"
                                     "        required: true\n"
                                     "        min: 0.5\n"
                                     "      how:\n"
                                     "        type: string\n"
                                     "        display_name: How\n"
                                     "        enum:\n"
                                     "          \"on\":\n"
                                     "            display_name: \"On\"\n"
                                     "          \"off\":\n"
                                     "            display_name: \"Off\"\n"
                                     "        default: \"off\"\n"
                                     "      pin:\n"
                                     "        type: string\n"
                                     "        display_name: Pin\n"
                                     "        sensitive: true\n"
                                     "      sure:\n"
                                     "        type: boolean\n"
                                     "        display_name: Sure\n"
                                     "        default: false\n"
                                     "      level:\n"
                                     "        type: float\n"
                                     "        display_name: \"Level (%)\"\n"
                                     "        max: 100\n"
                                     "        default: 1.5\n"
                                     "    confirmation:\n"
                                     "      severity: info\n"
                                     "      title: \"Really?\"\n"
                                     "      description: It stops.\n"
                                     "units:\n"
                                     "  NL/h:\n"
                                     "    symbol: NL/h\n";

static void a_whole_map(void **state)
{
    (void)state;
    struct made made = make(whole_map, NULL);
    assert_int_equal(made.result, 0);
    assert_string_equal(strbuf_text(&made.manifest), whole_manifest);
    made_done(&made);
}

static void its_name(void **state)
{
    (void)state;
    static const struct {
        const char *head; // of the map
        const char *name; // given
        const char *line;
    } rows[] = {
        {"vendor: Acme\nmodel: M1\n", NULL, "display_name: Acme M1\n"},
        {"vendor: Acme\n", NULL, "display_name: Acme\n"},
        {"model: M1\n", NULL, "display_name: M1\n"},
        {"", NULL, "display_name: blueprint-test-"}, // the file's
        {"vendor: Acme\n", "yes", "display_name: \"yes\"\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text,
                       "modbridge: map/1\n%stelemetry: {a: {holding: 1, type: u16}}\n",
                       rows[i].head);
        struct made made = make(text, rows[i].name);
        const char *found = strstr(strbuf_text(&made.manifest), "display_name:");
        assert_non_null(found);
        assert_memory_equal(found, rows[i].line, strlen(rows[i].line));
        made_done(&made);
    }
}

static void what_no_blueprint_can_say(void **state)
{
    (void)state;
    static const struct {
        const char *rows; // of the map
        const char *finding;
    } cases[] = {
        {"category: sensor\n",
         "1:1: error: category: blueprints have no 'sensor'; did you mean 'sensors'?"},
        {"category: zeppelins\n",
         "1:1: error: category: blueprints have no 'zeppelins'; there are: hydrogen-storage, "},
        {"telemetry: {status: {holding: 1, type: u16}}\n",
         "2:13: error: 'status' stands beside the device's name: a blueprint needs its texts"},
        {"telemetry: {_x: {holding: 1, type: u16}}\n",
         "2:13: error: '_x': names in a blueprint begin with a letter"},
        {"properties: {_x: {holding: 1, type: u16}}\n",
         "2:14: error: '_x': names in a blueprint begin with a letter"},
        {"commands: {_x: {steps: [{wait: 1s}]}}\n",
         "2:12: error: '_x': names in a blueprint begin with a letter"},
        {"commands: {x: {arguments: {_y: {type: string}}, steps: [{wait: 1s}]}}\n",
         "2:28: error: '_y': names in a blueprint begin with a letter"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "modbridge: map/1\n%s", cases[i].rows);
        struct made made = make(text, NULL);
        assert_int_equal(made.result, -1);
        assert_string_equal(strbuf_text(&made.manifest), "");
        char *printed = desk_print(made.desk);
        if (!strstr(printed, cases[i].finding))
            print_error("%s", printed);
        assert_non_null(strstr(printed, cases[i].finding));
        free(printed);
        made_done(&made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_map),
        cmocka_unit_test(its_name),
        cmocka_unit_test(what_no_blueprint_can_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
