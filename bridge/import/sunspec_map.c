// SPDX-License-Identifier: MIT
#include "import/sunspec_map.h"

#include <string.h>

#include "config/title.h"
#include "import/draft.h"

static const char *const section_names[SECTION_COUNT] = {
    [SECTION_REGISTERS] = "registers",
    [SECTION_TELEMETRY] = "telemetry",
    [SECTION_PROPERTIES] = "properties",
};

struct writing {
    struct arena *arena;
    const struct sunspec_device *device;
    struct yaml_out out;
    struct draft_section section;
    const struct sunspec_instance *instance; // the one that is written
    bool is_headed;                          // it has its heading in the section
};

const char *sunspec_instance_text(struct arena *arena, const struct sunspec_instance *instance)
{
    const struct sunspec_link *link = instance->link;
    const char *text = arena_printf(arena, "%u at %u, %u registers: ", link->id,
                                    link->place.address, link->place.length);
    if (!instance->model)
        return arena_printf(arena, "%snot known, left out", text);
    text = arena_printf(arena, "%s%s, %zu points", text, instance->model->title,
                        instance->point_count);
    for (size_t i = 0; i < instance->repeat_count; i++) {
        const struct sunspec_repeat *repeat = &instance->repeats[i];
        bool is_cut = repeat->claimed > repeat->count;
        text = arena_printf(arena, "%s, %s: %d", text, repeat->group->name, repeat->count);
        if (is_cut)
            text = arena_printf(arena, "%s (the device says %d)", text, repeat->claimed);
    }
    return text;
}

static void put_heading(struct writing *writing)
{
    if (!writing->is_headed)
        draft_heading(&writing->section,
                      arena_printf(writing->arena, "Model %u%s: %s",
                                   writing->instance->link->id,
                                   writing->instance->number == 1
                                       ? ""
                                       : arena_printf(writing->arena, ", number %d",
                                                      writing->instance->number),
                                   writing->instance->model->title));
    writing->is_headed = true;
}

static const char *key_of_point(const struct writing *writing, const char *key)
{
    return sunspec_key(writing->arena, writing->instance, key);
}

// "model(160) + 10 + 20 * (n - 1) + 11": an outer group counts with n, one inside it with p.
static const char *address_of(const struct writing *writing, const struct sunspec_point *point)
{
    const struct sunspec_instance *instance = writing->instance;
    struct arena *arena = writing->arena;
    int index = sunspec_repeat_of(instance, point);
    const char *text =
        instance->number == 1
            ? arena_printf(arena, "model(%u)", instance->link->id)
            : arena_printf(arena, "model(%u, %d)", instance->link->id, instance->number);
    if (index == NO_INDEX)
        return arena_printf(arena, "%s + %d", text, point->offset);
    const struct sunspec_repeat *repeat = &instance->repeats[index];
    if (repeat->outer == NO_INDEX)
        return arena_printf(arena, "%s + %d + %d * (n - 1)", text,
                            repeat->group->offset + point->offset, repeat->stride);
    const struct sunspec_repeat *outer = &instance->repeats[repeat->outer];
    return arena_printf(arena, "%s + %d + %d * (n - 1) + %d * (p - 1)", text,
                        outer->group->offset + repeat->group->offset + point->offset,
                        outer->stride, repeat->stride);
}

// "[1, 1, 2, 2]": each of `count` numbers so often, all of it so often.
static const char *list_of(struct arena *arena, int count, int each, int rounds)
{
    struct strbuf list = {0};
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < count * each; i++)
            strbuf_printf(&list, "%s%d", list.length ? ", " : "[", i / each + 1);
    }
    const char *text = arena_printf(arena, "%s]", strbuf_text(&list));
    strbuf_done(&list);
    return text;
}

static const char *repeat_of(const struct writing *writing, const struct sunspec_point *point)
{
    int index = sunspec_repeat_of(writing->instance, point);
    if (index == NO_INDEX)
        return NULL;
    const struct sunspec_repeat *repeat = &writing->instance->repeats[index];
    if (repeat->outer == NO_INDEX)
        return arena_printf(writing->arena, "{n: 1..%d}", repeat->count);
    int outer = writing->instance->repeats[repeat->outer].count;
    return arena_printf(writing->arena, "{n: %s, p: %s}",
                        list_of(writing->arena, outer, repeat->count, 1),
                        list_of(writing->arena, repeat->count, 1, outer));
}

static const char *remark_of(const struct writing *writing, const struct sunspec_point *point)
{
    bool was_absent = sunspec_was_absent(writing->instance, point);
    return arena_printf(writing->arena, "%s%s%s%s", point->name, point->title[0] ? ": " : "",
                        point->title, was_absent ? " [not there]" : "");
}

static void write_point(struct writing *writing, const struct sunspec_point *point)
{
    const struct sunspec_point *sf =
        sunspec_scale_factor(writing->device, writing->instance, point);
    bool is_string = point->type->words == 0;
    struct draft_entry entry = {
        .key = key_of_point(writing, point->key),
        .repeat = repeat_of(writing, point),
        .table = "holding",
        .address = address_of(writing, point),
        .type = point->type->map_type,
        .length = is_string ? point->size : 0,
        .invalid = point->type->invalid,
        .sf = sf ? key_of_point(writing, sf->key) : NULL,
        .unit = point->unit[0] ? point->unit : NULL,
        .access = point->is_writable ? "rw" : NULL,
        .remark = remark_of(writing, point),
    };
    if (point->type->kind == KIND_CODE)
        entry.labels = point->labels;
    put_heading(writing);
    draft_entry(&writing->out, writing->arena, &entry);
}

// The bits of a point that say a state, each as a view of its own.
static void write_views(struct writing *writing, const struct sunspec_point *point)
{
    static const struct import_label clear_and_set[] = {{0, 0, "false", "", NULL},
                                                        {1, 1, "true", "", NULL}};
    for (size_t i = 0; i < point->labels.count; i++) {
        const struct import_label *label = &point->labels.items[i];
        if (label->severity)
            continue;
        struct draft_entry entry = {
            .key = key_of_point(writing,
                                arena_printf(writing->arena, "%s_%s", point->key, label->key)),
            .repeat = repeat_of(writing, point),
            .from = key_of_point(writing, point->key),
            .bits = import_label_code(writing->arena, label),
            .labels = {clear_and_set, 2},
        };
        put_heading(writing);
        draft_entry(&writing->out, writing->arena, &entry);
    }
}

static void write_point_in_section(struct writing *writing, const struct sunspec_point *point,
                                   enum section section)
{
    bool has_bits = point->type->kind == KIND_BITS && point->labels.count > 0;
    if ((has_bits ? SECTION_REGISTERS : point->section) == section)
        write_point(writing, point);
    if (has_bits && point->section == section)
        write_views(writing, point);
}

static void write_alerts(struct writing *writing, const struct sunspec_point *point)
{
    for (size_t i = 0; point->type->kind == KIND_BITS && i < point->labels.count; i++) {
        const struct import_label *label = &point->labels.items[i];
        if (!label->severity)
            continue;
        const char *key = key_of_point(writing, label->key);
        struct draft_alert alert = {
            .key = key,
            .repeat = repeat_of(writing, point),
            .from = key_of_point(writing, point->key),
            .kind = "bit",
            .code = import_label_code(writing->arena, label),
            .severity = label->severity,
            .display_name = title_of(writing->arena, key),
        };
        put_heading(writing);
        draft_alert(&writing->out, &alert);
    }
}

static void write_command(struct writing *writing, const struct sunspec_point *point)
{
    if (!point->is_writable)
        return;
    char *min = arena_text(writing->arena, point->set);
    char *dots = strstr(min, "..");
    if (dots)
        *dots = '\0';
    struct draft_command command = {
        .entry = key_of_point(writing, point->key),
        .repeat = repeat_of(writing, point),
        .min = dots ? min : NULL,
        .max = dots ? dots + 2 : NULL,
        .is_active = point->set[0] != '\0',
    };
    put_heading(writing);
    draft_command(&writing->out, writing->arena, &command);
}

static void write_section_point(struct writing *writing, const struct sunspec_point *point,
                                int section)
{
    if (section < SECTION_COUNT)
        write_point_in_section(writing, point, (enum section)section);
    else if (section == SECTION_COUNT)
        write_alerts(writing, point);
    else
        write_command(writing, point);
}

// SECTION_* of the entries, then SECTION_COUNT for the alerts and one more for the commands.
static void write_section(struct writing *writing, int section)
{
    const char *const others[] = {"alerts", "commands"};
    const struct sunspec_facts *facts = writing->device->facts;
    writing->section = (struct draft_section){
        .out = &writing->out,
        .name =
            section < SECTION_COUNT ? section_names[section] : others[section - SECTION_COUNT],
    };
    for (size_t i = 0; i < writing->device->chain->count; i++) {
        writing->instance = &writing->device->instances[i];
        writing->is_headed = false;
        for (size_t k = 0; k < facts->point_count; k++) {
            if (sunspec_has_point(writing->device, writing->instance, &facts->points[k]))
                write_section_point(writing, &facts->points[k], section);
        }
    }
    draft_close(&writing->section);
}

static const char *ids_of(const struct writing *writing)
{
    struct strbuf list = {0};
    for (size_t i = 0; i < writing->device->chain->count; i++) {
        const struct sunspec_instance *instance = &writing->device->instances[i];
        if (instance->model && instance->number == 1)
            strbuf_printf(&list, "%s%u", list.length ? ", " : "", instance->link->id);
    }
    const char *text = arena_text(writing->arena, strbuf_text(&list));
    strbuf_done(&list);
    return text;
}

static void write_head(struct writing *writing, const char *vendor, const char *model)
{
    struct arena *arena = writing->arena;
    struct yaml_out *out = &writing->out;
    const char *serial = sunspec_text(arena, writing->device, "serial_number");
    const char *version = sunspec_text(arena, writing->device, "firmware_version");
    yaml_comment(out, arena_printf(arena, "%s %s, version %s, serial number %s", vendor, model,
                                   version[0] ? version : "unknown",
                                   serial[0] ? serial : "unknown"));
    yaml_comment(out,
                 "Made by `modbridge import sunspec` from the models that the device has, to "
                 "be edited:\n"
                 "- [not there]: the device said so when the map was made. What nobody needs, "
                 "remove: it costs time on the bus.\n"
                 "- A name in SunSpec's own spelling stands behind each entry.\n"
                 "- Commands in comments write settings. Before you use one, read what it does "
                 "in the device's manual.\n"
                 "- Signs are the device's: compare power and current with its display.\n"
                 "Models:");
    for (size_t i = 0; i < writing->device->chain->count; i++)
        yaml_comment(
            out, arena_printf(arena, "  %s",
                              sunspec_instance_text(arena, &writing->device->instances[i])));
    yaml_put_plain(out, "modbridge", "map/1");
    yaml_put_text(out, "vendor", vendor);
    yaml_put_text(out, "model", model);
    const char *source = arena_printf(arena, "SunSpec information models %s", ids_of(writing));
    yaml_put_list(out, "sources", &source, 1);
}

static void write_modbus(struct writing *writing, const uint16_t *bases, size_t base_count)
{
    struct yaml_out *out = &writing->out;
    const char *list = arena_printf(writing->arena, "[%u", writing->device->chain->base);
    for (size_t i = 0; i < base_count; i++) {
        if (bases[i] != writing->device->chain->base)
            list = arena_printf(writing->arena, "%s, %u", list, bases[i]);
    }
    yaml_gap(out);
    yaml_begin(out, "modbus");
    yaml_put_plain(out, "sunspec", arena_printf(writing->arena, "%s]", list));
    yaml_put_plain(out, "invalid", "sunspec");
    yaml_comment(out, "Inside a model every register exists");
    yaml_put_plain(out, "merge_gap", "auto");
    yaml_put_plain(out, "timeout", "2s");
    yaml_put_plain(out, "every", "5s");
    yaml_end(out);
}

static void write_simulation(struct writing *writing)
{
    const struct sunspec_chain *chain = writing->device->chain;
    struct strbuf list = {0};
    for (size_t i = 0; i < chain->count; i++)
        strbuf_printf(&list, "%s{%u: %u}", i ? ", " : "[", chain->links[i].id,
                      chain->links[i].place.length);
    strbuf_add_char(&list, ']');
    yaml_gap(&writing->out);
    yaml_begin(&writing->out, "simulation");
    yaml_begin_flow(&writing->out, "sunspec");
    yaml_put_plain(&writing->out, "base", arena_printf(writing->arena, "%u", chain->base));
    yaml_put_plain(&writing->out, "models", strbuf_text(&list));
    yaml_end_flow(&writing->out, NULL);
    yaml_end(&writing->out);
    strbuf_done(&list);
}

void sunspec_map_write(struct arena *arena, const struct sunspec_device *device,
                       const uint16_t *bases, size_t base_count, struct strbuf *out)
{
    struct writing writing = {.arena = arena, .device = device, .out = {.text = out}};
    const char *vendor = sunspec_text(arena, device, "vendor");
    const char *model = sunspec_text(arena, device, "model");
    write_head(&writing, vendor[0] ? vendor : "Unknown", model[0] ? model : "Unknown");
    write_modbus(&writing, bases, base_count);
    for (int section = 0; section < SECTION_COUNT + 2; section++)
        write_section(&writing, section);
    write_simulation(&writing);
}
