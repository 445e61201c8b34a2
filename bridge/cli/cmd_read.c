// SPDX-License-Identifier: MIT
// modbridge read TARGET [KEY...] [--raw] [--json]: decoded values, once.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/suggest.h"
#include "bus/identity.h"
#include "bus/survey.h"
#include "cli/cli.h"
#include "cli/target.h"
#include "cloud/json.h"

// What is printed of a device that was just read.
struct report {
    const struct target *target;
    const struct needs *asked; // the entries to print
    bool with_alerts;
    bool raw;
    int64_t now_ms;
};

static void add_alert_sources(struct needs *needs, const struct map *map)
{
    for (size_t i = 0; i < map->alert_count; i++) {
        needs_add(needs, map->alerts[i].from);
        needs_add_formula(needs, map->alerts[i].when);
    }
}

static int refuse_entry(const struct map *map, const char *key, struct error *err)
{
    struct suggestion suggestion;
    struct strbuf near = {0};
    suggest_start(&suggestion, key);
    for (size_t i = 0; i < map->point_count; i++)
        suggest_candidate(&suggestion, map->points[i].key);
    suggest_append(&suggestion, &near);
    (void)error_set(err, ERROR_USAGE, "%s has no entry '%s'%s", map->name, key,
                    strbuf_text(&near));
    strbuf_done(&near);
    return -1;
}

static int choose(struct needs *needs, const struct target *target,
                  const struct options *options, struct error *err)
{
    const struct map *map = target->device->map;
    for (int i = target->next; i < options->positional_count; i++) {
        int point = map_find_point(map, options->positionals[i]);
        if (point == NO_INDEX)
            return refuse_entry(map, options->positionals[i], err);
        if (map->points[point].source == SOURCE_WORDS &&
            !(map->points[point].access & ACCESS_READ))
            return error_set(err, ERROR_USAGE, "%s is write-only", options->positionals[i]);
        needs_add(needs, point);
    }
    if (needs->count)
        return 0;
    for (size_t i = 0; i < map->point_count; i++) {
        if (map->points[i].section != SECTION_REGISTERS)
            needs_add(needs, (int)i);
    }
    return 0;
}

static void format_words(const struct report *report, int point, char *ret_text, size_t size)
{
    const struct map *map = report->target->device->map;
    const uint16_t *words = image_words(report->target->unit->image, point);
    const struct point *source = map_words_of(map, &map->points[point]);
    ret_text[0] = '\0';
    for (size_t i = 0, used = 0; words && i < source->word_count && used + 8 < size; i++)
        used +=
            (size_t)snprintf(ret_text + used, size - used, "%s%04X", i ? " " : "", words[i]);
}

static void print_fault(const struct report *report, int point)
{
    uint8_t exception = 0;
    enum fault fault = image_fault(report->target->unit->image, point, &exception);
    if (fault == FAULT_EXCEPTION)
        (void)printf("  refused: %s (exception %u)", exception_name(exception), exception);
    else if (fault != FAULT_NONE)
        (void)printf("  %s", fault_names[fault]);
}

static void print_row(const struct report *report, int point, int width)
{
    const struct point *entry = &report->target->device->map->points[point];
    struct image_space space = {0};
    struct value value =
        image_value(report->target->unit->image, point, report->now_ms, &space);
    char text[600];
    value_format(&value, text, sizeof text);
    bool known = value_is_known(&value);
    (void)printf("%-*s  %s%s%s", width, entry->key, known ? text : "-",
                 known && entry->unit ? " " : "", known && entry->unit ? entry->unit : "");
    if (!known)
        print_fault(report, point);
    if (report->raw) {
        format_words(report, point, text, sizeof text);
        (void)printf("  [%s]", text);
    }
    (void)printf("\n");
}

static void print_text(const struct report *report)
{
    const struct map *map = report->target->device->map;
    int width = 0;
    for (size_t i = 0; i < report->asked->count; i++) {
        int length = (int)strlen(map->points[report->asked->points[i]].key);
        width = length > width ? length : width;
    }
    for (size_t i = 0; i < report->asked->count; i++)
        print_row(report, report->asked->points[i], width);
    for (size_t i = 0; report->with_alerts && i < map->alert_count; i++) {
        struct value active =
            image_alert(report->target->unit->image, &map->alerts[i], report->now_ms);
        if (active.kind == VALUE_BOOLEAN && active.boolean)
            (void)printf("alert: %s  %s\n", map->alerts[i].key,
                         map->alerts[i].display_name ? map->alerts[i].display_name : "");
    }
}

static void add_json_error(json_t *errors, const char *key, enum fault fault, uint8_t exception)
{
    json_t *row = json_new_object();
    json_put(row, "key", json_string(key));
    json_put(row, "fault", json_string(fault_names[fault]));
    if (fault == FAULT_EXCEPTION)
        json_put(row, "exception", json_integer(exception));
    json_add(errors, row);
}

static void add_json_row(const struct report *report, int point, json_t *values,
                         json_t *properties, json_t *errors)
{
    const struct image *image = report->target->unit->image;
    const struct point *entry = &report->target->device->map->points[point];
    struct image_space space = {0};
    struct value value = image_value(image, point, report->now_ms, &space);
    json_t *into = entry->section == SECTION_PROPERTIES ? properties : values;
    if (report->raw) {
        char words[600];
        format_words(report, point, words, sizeof words);
        json_put(into, entry->key, json_string(words));
    } else {
        json_put(into, entry->key, json_from_published(&value, entry->publish));
    }
    uint8_t exception = 0;
    enum fault fault = image_fault(image, point, &exception);
    if (fault != FAULT_NONE)
        add_json_error(errors, entry->key, fault, exception);
}

static json_t *active_alerts(const struct report *report)
{
    const struct map *map = report->target->device->map;
    json_t *alerts = json_new_list();
    for (size_t i = 0; report->with_alerts && i < map->alert_count; i++) {
        struct value active =
            image_alert(report->target->unit->image, &map->alerts[i], report->now_ms);
        if (active.kind == VALUE_BOOLEAN && active.boolean)
            json_add(alerts, json_string(map->alerts[i].key));
    }
    return alerts;
}

static void print_json(const struct report *report)
{
    json_t *values = json_new_object();
    json_t *properties = json_new_object();
    json_t *errors = json_new_list();
    for (size_t i = 0; i < report->asked->count; i++)
        add_json_row(report, report->asked->points[i], values, properties, errors);
    json_t *whole = json_new_object();
    json_put(whole, "device", json_string(report->target->device->name));
    json_put(whole, "timestamp", json_integer(clock_wall_ms() / 1000));
    json_put(whole, "values", values);
    json_put(whole, "alerts", active_alerts(report));
    json_put(whole, "properties", properties);
    json_put(whole, "errors", errors);
    char *text = json_print(whole);
    (void)printf("%s\n", text);
    free(text);
}

static int explain_silence(const struct target *target, enum fault fault)
{
    const struct error *why = &target->line.why;
    const char *note = link_last_note(target->line.link)->text;
    (void)fprintf(stderr, "modbridge read: %s, unit %d: %s\n", target->device->name,
                  target->device->unit_id,
                  why->code != ERROR_NONE ? why->text
                  : note[0]               ? note
                                          : fault_names[fault]);
    return ERROR_NO_ANSWER;
}

// Another device is read all the same, but for one without the models its map counts from.
static int check_identity(struct target *target, struct error *err)
{
    char other[200] = "";
    if (identity_is_known(&target->line, target->unit) ||
        identity_check(&target->line, target->unit, other, sizeof other) != FAULT_IDENTITY)
        return 0;
    if (target->device->modbus.sunspec_count && !image_models(target->unit->image))
        return error_set(err, ERROR_FAILED, "%s, unit %d: %s", target->device->name,
                         target->device->unit_id, other);
    (void)fprintf(stderr, "modbridge read: this is not the device of the map: %s\n", other);
    return 0;
}

static int read_target(struct target *target, const struct options *options, struct error *err)
{
    struct needs asked;
    struct needs read;
    needs_init(&asked, target->device->map);
    int failed = choose(&asked, target, options, err);
    needs_init(&read, target->device->map);
    if (!failed)
        failed = check_identity(target, err);
    bool all = options->positional_count == target->next;
    for (size_t i = 0; i < asked.count; i++)
        needs_add(&read, asked.points[i]);
    if (all)
        add_alert_sources(&read, target->device->map);
    int code = failed;
    if (!failed) {
        enum fault fault = survey_read(&target->line, target->unit, &read);
        struct report report = {target, &asked, all, options->raw, clock_monotonic_ms()};
        code = fault == FAULT_NONE ? ERROR_NONE : explain_silence(target, fault);
        if (code == ERROR_NONE)
            (options->json ? print_json : print_text)(&report);
    }
    needs_done(&read);
    needs_done(&asked);
    return code;
}

int cmd_read(const struct options *options)
{
    struct error err;
    struct target target;
    if (target_open(&target, options, &err) != 0)
        return cli_fail("read", &err);
    int code = read_target(&target, options, &err);
    target_close(&target);
    return code < 0 ? cli_fail("read", &err) : code;
}
