// SPDX-License-Identifier: MIT
#include "web/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web/event.h"
#include "web/history.h"

static const char status_text[] =
    "{\"version\":\"1.2\",\"running_ms\":1500,\"buses\":[{\"name\":\"a\\\"b\\\\c\\nd\","
    "\"link\":{\"state\":\"open\",\"opened\":2},\"utilisation\":0.25,\"missed\":3,\"units\":["
    "{\"device\":\"meter\",\"health\":{\"state\":\"offline\"},\"response_ms\":{\"mean\":12.5}}]"
    "}"
    "],\"clouds\":[{\"name\":\"plant\",\"connected\":false}],\"outbox\":{\"messages\":4},"
    "\"store\":{\"health\":\"full\"}}";

static const char devices_text[] =
    "{\"devices\":[{\"device\":\"meter\",\"entries\":[{\"key\":\"power\",\"unit\":\"W\"},"
    "{\"key\":\"on\"},{\"key\":\"name\"},{\"key\":\"gone\"}],\"alerts\":[{\"key\":\"hot\","
    "\"severity\":\"error\"}]}]}";

static const char values_text[] =
    "{\"devices\":[{\"device\":\"meter\",\"alerts\":[\"hot\"],\"values\":{"
    "\"power\":{\"value\":-5.5,\"age_ms\":10},\"on\":{\"value\":true},\"name\":{\"value\":"
    "\"x\"},"
    "\"gone\":{\"fault\":\"timeout\"}}}]}";

static json_t *read(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    return json;
}

static char *make_metrics(void)
{
    json_t *status = read(status_text);
    json_t *devices = read(devices_text);
    json_t *values = read(values_text);
    char *text = metrics_text(status, devices, values);
    json_decref(status);
    json_decref(devices);
    json_decref(values);
    return text;
}

static void says_what_is_there(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "# TYPE modbridge_up gauge\nmodbridge_up 1\n",
        "\nmodbridge_uptime_seconds 1.5\n",
        "\nmodbridge_info{version=\"1.2\"} 1\n",
        "\nmodbridge_bus_link_open{bus=\"a\\\"b\\\\c\\nd\"} 1\n",
        "\nmodbridge_bus_utilisation_ratio{bus=\"a\\\"b\\\\c\\nd\"} 0.25\n",
        "# TYPE modbridge_bus_missed_periods_total counter\n",
        "\nmodbridge_device_online{device=\"meter\",bus=\"a\\\"b\\\\c\\nd\"} 0\n",
        "\nmodbridge_device_response_seconds{device=\"meter\",bus=\"a\\\"b\\\\c\\nd\"} "
        "0.0125\n",
        "\nmodbridge_cloud_connected{cloud=\"plant\"} 0\n",
        "\nmodbridge_outbox_messages 4\n",
        "\nmodbridge_store_good 0\n",
        "\nmodbridge_value{device=\"meter\",key=\"power\",unit=\"W\"} -5.5\n",
        "\nmodbridge_value{device=\"meter\",key=\"on\"} 1\n",
        "\nmodbridge_alert_active{device=\"meter\",alert=\"hot\",severity=\"error\"} 1\n",
    };
    char *text = make_metrics();
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (!strstr(text, lines[i]))
            fail_msg("%s is not in\n%s", lines[i], text);
    }
    assert_null(strstr(text, "key=\"name\""));              // no number
    assert_null(strstr(text, "key=\"gone\""));              // not known
    assert_null(strstr(text, "\nmodbridge_outbox_bytes ")); // announced, and not said
    free(text);
}

static void every_name_is_announced_once_and_before_its_samples(void **state)
{
    (void)state;
    char *text = make_metrics();
    char current[128] = "";
    size_t announced = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        size_t length = strcspn(line, " {");
        if (strncmp(line, "# TYPE ", 7) == 0) {
            length = strcspn(line + 7, " ");
            assert_true(length < sizeof current);
            memcpy(current, line + 7, length);
            current[length] = '\0';
            announced++;
        } else if (line[0] != '#') {
            assert_int_equal(length, strlen(current));
            assert_memory_equal(line, current, length);
        }
    }
    assert_true(announced > 30);
    free(text);
}

static void a_bridge_that_does_not_answer_is_down(void **state)
{
    (void)state;
    char *text = metrics_text(NULL, NULL, NULL);
    assert_non_null(strstr(text, "\nmodbridge_up 0\n"));
    assert_null(strstr(text, "modbridge_value"));
    free(text);
}

static void samples(struct history *history, const char *values, int64_t now_ms, bool is_due)
{
    json_t *json = read(values);
    assert_int_equal(history_take(history, json, now_ms), is_due);
    json_decref(json);
}

static void history_keeps_the_last_minutes_of_numbers(void **state)
{
    (void)state;
    struct history history = {0};
    static const char one[] =
        "{\"devices\":[{\"device\":\"m\",\"values\":{\"p\":{\"value\":1},\"t\":{\"value\":"
        "\"x\"}}}]}";
    static const char two[] =
        "{\"devices\":[{\"device\":\"m\",\"values\":{\"p\":{\"fault\":\"timeout\"},"
        "\"q\":{\"value\":2.5}}}]}";
    samples(&history, one, 1000, true);
    samples(&history, one, 1001, false);
    samples(&history, two, 1000 + HISTORY_EVERY_MS, true);
    char *text = history_json(&history);
    assert_string_equal(text, "{\"every_ms\":10000,\"series\":{\"m\":{\"p\":[1.0,null],"
                              "\"q\":[null,2.5]}}}");
    free(text);
    for (int i = 2; i < 3 * HISTORY_SAMPLES; i++)
        samples(&history, one, 1000 + (int64_t)i * HISTORY_EVERY_MS, true);
    json_t *series = json_object_get(json_object_get(history.series, "m"), "p");
    assert_int_equal(json_array_size(series), HISTORY_SAMPLES);
    history_clear(&history);
    text = history_json(&history);
    assert_string_equal(text, "{\"every_ms\":10000,\"series\":{}}");
    free(text);
}

static void history_is_bounded(void **state)
{
    (void)state;
    struct history history = {0};
    json_t *entries = json_object();
    char key[32];
    for (int i = 0; i < HISTORY_MAX_SERIES + 100; i++) {
        (void)snprintf(key, sizeof key, "k%d", i);
        assert_int_equal(json_object_set_new(entries, key, json_pack("{s:i}", "value", i)), 0);
    }
    json_t *values = json_pack("{s:[{s:s,s:o}]}", "devices", "device", "m", "values", entries);
    assert_true(history_take(&history, values, 0));
    assert_int_equal(json_object_size(json_object_get(history.series, "m")),
                     HISTORY_MAX_SERIES);
    json_decref(values);
    history_clear(&history);
}

static void an_event_is_one_line_of_data(void **state)
{
    (void)state;
    json_t *status = read("{\"text\":\"a\\nb\"}");
    json_t *values = read("{}");
    struct event event = {.status = status, .values = values, .allows_commands = true};
    struct shared_text *text = event_text(&event);
    assert_string_equal(shared_text_bytes(text),
                        "event: state\ndata: {\"answers\":true,\"commands\":true,"
                        "\"status\":{\"text\":\"a\\nb\"},\"values\":{}}\n\n");
    shared_text_unref(text);
    event = (struct event){.reason = "gone", .silent_ms = 7};
    text = event_text(&event);
    assert_string_equal(shared_text_bytes(text),
                        "event: state\ndata: {\"answers\":false,\"commands\":false,"
                        "\"reason\":\"gone\",\"silent_ms\":7}\n\n");
    shared_text_unref(text);
    json_decref(status);
    json_decref(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_there),
        cmocka_unit_test(every_name_is_announced_once_and_before_its_samples),
        cmocka_unit_test(a_bridge_that_does_not_answer_is_down),
        cmocka_unit_test(history_keeps_the_last_minutes_of_numbers),
        cmocka_unit_test(history_is_bounded),
        cmocka_unit_test(an_event_is_one_line_of_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
