// SPDX-License-Identifier: MIT
#include "config/blueprint.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/suggest.h"
#include "config/title.h"
#include "config/ucum.h"

static const char *const categories[] = {
    "hydrogen-storage",  "electrolysers",   "solar-generators", "fuel-cells",
    "water-treatment",   "battery-systems", "power-meters",     "hvac",
    "electric-vehicles", "control",         "data-providers",   "sensors",
};

static const char *const type_names[] = {
    [PUBLISH_AUTO] = "string", [PUBLISH_STRING] = "string",   [PUBLISH_INTEGER] = "integer",
    [PUBLISH_FLOAT] = "float", [PUBLISH_BOOLEAN] = "boolean",
};

static const char *const severity_names[SEVERITY_COUNT] = {
    [SEVERITY_INFO] = "info",
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_ERROR] = "error",
};

// What the bridge itself says in conn_alerts (cloud/alerts).
static const struct {
    const char *key;
    enum severity severity;
    const char *description;
} own_alerts[] = {
    {"communication_failed", SEVERITY_ERROR, "The device does not answer."},
    {"partial_failure", SEVERITY_WARNING, "Some registers could not be read."},
};

// Colours of states, as the manifest reference recommends them.
static const struct {
    const char *state;
    const char *color;
} colors[] = {
    {"idle", "green-lighter"},
    {"standby", "green-lighter"},
    {"normal", "green-lighter"},
    {"ok", "green-lighter"},
    {"connected", "green-lighter"},
    {"operating", "green"},
    {"running", "green"},
    {"producing", "green"},
    {"steady", "green"},
    {"charging", "green"},
    {"discharging", "green"},
    {"starting", "cyan-dark"},
    {"stopping", "cyan-dark"},
    {"purging", "cyan-dark"},
    {"throttled", "yellow"},
    {"warning", "yellow"},
    {"fault", "red"},
    {"error", "red"},
    {"maintenance", "pink-darker"},
};

void blueprint_put_name(struct blueprint *blueprint, const char *key, const char *given)
{
    const char *name = given ? given : title_of(blueprint->diagnostics->arena, key);
    yaml_put_text(&blueprint->out, "display_name", name);
}

int blueprint_check_key(struct blueprint *blueprint, const char *key, const struct position *at)
{
    if (isalpha((unsigned char)key[0]))
        return 0;
    return diagnostics_error(blueprint->diagnostics, at,
                             "'%s': names in a blueprint begin with a letter", key);
}

static int check_category(struct blueprint *blueprint)
{
    const char *category = blueprint->map->category;
    if (!category)
        return 0;
    struct suggestion suggestion;
    suggest_start(&suggestion, category);
    for (size_t i = 0; i < ARRAY_LENGTH(categories); i++) {
        if (strcmp(categories[i], category) == 0)
            return 0;
        suggest_candidate(&suggestion, categories[i]);
    }
    struct position at = {blueprint->map->path, 1, 1};
    struct strbuf text = {0};
    strbuf_printf(&text, "category: blueprints have no '%s'", category);
    suggest_append(&suggestion, &text);
    for (size_t i = 0; !suggestion.best && i < ARRAY_LENGTH(categories); i++)
        strbuf_printf(&text, "%s%s", i ? ", " : "; there are: ", categories[i]);
    (void)diagnostics_error(blueprint->diagnostics, &at, "%s", strbuf_text(&text));
    strbuf_done(&text);
    return -1;
}

static void put_head(struct blueprint *blueprint, const char *name)
{
    const struct map *map = blueprint->map;
    struct strbuf title = {0};
    if (name)
        strbuf_add(&title, name);
    else if (map->vendor || map->model)
        strbuf_printf(&title, "%s%s%s", map->vendor ? map->vendor : "",
                      map->vendor && map->model ? " " : "", map->model ? map->model : "");
    else
        strbuf_add(&title, map->name);
    yaml_put_text(&blueprint->out, "blueprint_spec", "device/3.0");
    yaml_put_text(&blueprint->out, "display_name", strbuf_text(&title));
    strbuf_done(&title);
    yaml_put_text(&blueprint->out, "description", map->description);
    yaml_put_text(&blueprint->out, "category", map->category);
    yaml_put_list(&blueprint->out, "implements", map->implements, map->implements_count);
    yaml_begin(&blueprint->out, "runtime");
    yaml_put_text(&blueprint->out, "type", "embedded");
    yaml_end(&blueprint->out);
}

// What the profiles of the map ask of an entry, or NULL.
static const struct profile_key *asked_of(const struct blueprint *blueprint,
                                          const struct point *point)
{
    const struct map *map = blueprint->map;
    for (size_t i = 0; blueprint->profiles && i < map->implements_count; i++) {
        const struct profile *profile = profiles_find(blueprint->profiles, map->implements[i]);
        const struct profile_key *key =
            profile ? profile_find_key(profile, point->section, point->key) : NULL;
        if (key)
            return key;
    }
    return NULL;
}

static bool is_listed(const char *const *items, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i], text) == 0)
            return true;
    }
    return false;
}

// The texts an entry can be published as, once each.
static size_t collect_texts(const struct labels *labels, const char **ret_texts)
{
    size_t count = 0;
    for (size_t i = 0; i < labels->count; i++) {
        if (!is_listed(ret_texts, count, labels->rows[i].text))
            ret_texts[count++] = labels->rows[i].text;
    }
    if (labels->otherwise && !is_listed(ret_texts, count, labels->otherwise))
        ret_texts[count++] = labels->otherwise;
    return count;
}

static bool is_state(const struct point *point)
{
    size_t length = strlen(point->key);
    return point->section == SECTION_TELEMETRY && length >= 6 &&
           strcmp(point->key + length - 6, "status") == 0;
}

static void put_choice(struct blueprint *blueprint, const char *text, bool is_state)
{
    yaml_begin(&blueprint->out, text);
    blueprint_put_name(blueprint, text, NULL);
    for (size_t i = 0; is_state && i < ARRAY_LENGTH(colors); i++) {
        if (strcmp(colors[i].state, text) == 0)
            yaml_put_text(&blueprint->out, "color", colors[i].color);
    }
    yaml_end(&blueprint->out);
}

// A profile's whole vocabulary where the entry keeps to it, else the entry's own texts.
static void put_enum(struct blueprint *blueprint, const struct point *point)
{
    if (!point->labels || point->publish != PUBLISH_STRING)
        return;
    const char **texts =
        ARENA_NEW_ARRAY(blueprint->diagnostics->arena, point->labels->count + 1, const char *);
    size_t count = collect_texts(point->labels, texts);
    const char *const *choices = texts;
    const struct profile_key *asked = asked_of(blueprint, point);
    bool is_within = asked && asked->choice_count > 0;
    for (size_t i = 0; is_within && i < count; i++)
        is_within = is_listed(asked->choices, asked->choice_count, texts[i]);
    if (is_within) {
        choices = asked->choices;
        count = asked->choice_count;
    }
    yaml_begin(&blueprint->out, "enum");
    for (size_t i = 0; i < count; i++)
        put_choice(blueprint, choices[i], is_state(point));
    yaml_end(&blueprint->out);
}

static bool has_unit(const struct point *point)
{
    return point->unit &&
           (point->publish == PUBLISH_INTEGER || point->publish == PUBLISH_FLOAT);
}

// A whole number may be declared as a float where the profile wants one.
static enum publish declared_type(const struct blueprint *blueprint, const struct point *point)
{
    const struct profile_key *asked = asked_of(blueprint, point);
    if (asked && asked->type == PUBLISH_FLOAT && point->publish == PUBLISH_INTEGER)
        return PUBLISH_FLOAT;
    return point->publish;
}

static int put_point(struct blueprint *blueprint, const struct point *point)
{
    if (blueprint_check_key(blueprint, point->key, &point->at) < 0)
        return -1;
    bool is_status = point->section == SECTION_TELEMETRY && strcmp(point->key, "status") == 0;
    if (is_status && (!point->labels || point->publish != PUBLISH_STRING))
        return diagnostics_error(blueprint->diagnostics, &point->at,
                                 "'status' stands beside the device's name: a blueprint needs "
                                 "its texts, as enum:; give other things another name");
    yaml_begin(&blueprint->out, point->key);
    yaml_put_text(&blueprint->out, "type", type_names[declared_type(blueprint, point)]);
    blueprint_put_name(blueprint, point->key, point->display_name);
    yaml_put_text(&blueprint->out, "description", point->description);
    yaml_put_text(&blueprint->out, "unit", has_unit(point) ? point->unit : NULL);
    put_enum(blueprint, point);
    yaml_end(&blueprint->out);
    return 0;
}

static int put_section(struct blueprint *blueprint, enum section section)
{
    int result = 0;
    for (size_t i = 0; i < blueprint->map->point_count; i++) {
        const struct point *point = &blueprint->map->points[i];
        if (point->section == section && put_point(blueprint, point) < 0)
            result = -1;
    }
    return result;
}

// vendor and model of the map, as cloud/telemetry publishes them.
static void put_constant(struct blueprint *blueprint, const char *key, const char *text)
{
    const struct map *map = blueprint->map;
    int index = map_find_point(map, key);
    bool is_declared = index != NO_INDEX && map->points[index].section == SECTION_PROPERTIES;
    if (!text || is_declared)
        return;
    yaml_begin(&blueprint->out, key);
    yaml_put_text(&blueprint->out, "type", "string");
    blueprint_put_name(blueprint, key, NULL);
    yaml_end(&blueprint->out);
}

static bool has_section(const struct map *map, enum section section)
{
    for (size_t i = 0; i < map->point_count; i++) {
        if (map->points[i].section == section)
            return true;
    }
    return false;
}

static int put_properties(struct blueprint *blueprint)
{
    const struct map *map = blueprint->map;
    if (!map->vendor && !map->model && !has_section(map, SECTION_PROPERTIES))
        return 0;
    yaml_begin(&blueprint->out, "properties");
    put_constant(blueprint, "vendor", map->vendor);
    put_constant(blueprint, "model", map->model);
    int result = put_section(blueprint, SECTION_PROPERTIES);
    yaml_end(&blueprint->out);
    return result;
}

// alerts and alert_details are there without being declared; conn_alerts is not.
static int put_telemetry(struct blueprint *blueprint)
{
    yaml_begin(&blueprint->out, "telemetry");
    int result = put_section(blueprint, SECTION_TELEMETRY);
    yaml_begin(&blueprint->out, "conn_alerts");
    yaml_put_text(&blueprint->out, "type", "alerts");
    yaml_put_text(&blueprint->out, "display_name", "Connection Alerts");
    yaml_end(&blueprint->out);
    yaml_end(&blueprint->out);
    return result;
}

static void add_code(struct strbuf *text, int64_t code, bool is_event)
{
    if (is_event)
        strbuf_printf(text, "0x%04llX", (unsigned long long)code);
    else
        strbuf_printf(text, "%lld", (long long)code);
}

// The vendor's number of an alert: as event lists are printed, or decimal.
static void put_code(struct blueprint *blueprint, const struct alert *alert)
{
    if (alert->kind != ALERT_CODE)
        return;
    bool is_event = blueprint->map->points[alert->from].type == TYPE_EVENT_LIST;
    struct strbuf text = {0};
    add_code(&text, alert->code, is_event);
    if (alert->code_high != alert->code) {
        strbuf_add(&text, "..");
        add_code(&text, alert->code_high, is_event);
    }
    yaml_put_text(&blueprint->out, "code", strbuf_text(&text));
    strbuf_done(&text);
}

static void put_alert(struct blueprint *blueprint, const struct alert *alert)
{
    yaml_begin(&blueprint->out, alert->key);
    yaml_put_text(&blueprint->out, "severity", severity_names[alert->severity]);
    blueprint_put_name(blueprint, alert->key, alert->display_name);
    yaml_put_text(&blueprint->out, "description", alert->description);
    put_code(blueprint, alert);
    yaml_put_list(&blueprint->out, "troubleshooting", alert->troubleshooting,
                  alert->troubleshooting_count);
    yaml_end(&blueprint->out);
}

static bool has_alert(const struct map *map, const char *key)
{
    for (size_t i = 0; i < map->alert_count; i++) {
        if (strcmp(map->alerts[i].key, key) == 0)
            return true;
    }
    return false;
}

static void put_alerts(struct blueprint *blueprint)
{
    yaml_begin(&blueprint->out, "alerts");
    for (size_t i = 0; i < blueprint->map->alert_count; i++)
        put_alert(blueprint, &blueprint->map->alerts[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(own_alerts); i++) {
        if (has_alert(blueprint->map, own_alerts[i].key))
            continue;
        yaml_begin(&blueprint->out, own_alerts[i].key);
        yaml_put_text(&blueprint->out, "severity", severity_names[own_alerts[i].severity]);
        blueprint_put_name(blueprint, own_alerts[i].key, NULL);
        yaml_put_text(&blueprint->out, "description", own_alerts[i].description);
        yaml_end(&blueprint->out);
    }
    yaml_end(&blueprint->out);
}

// Units that are no UCUM codes are declared, under their own text.
static void put_units(struct blueprint *blueprint)
{
    const struct map *map = blueprint->map;
    const char **units =
        ARENA_NEW_ARRAY(blueprint->diagnostics->arena, map->point_count, const char *);
    size_t count = 0;
    for (size_t i = 0; i < map->point_count; i++) {
        const struct point *point = &map->points[i];
        if (point->section != SECTION_REGISTERS && has_unit(point) &&
            !ucum_is_valid(point->unit) && !is_listed(units, count, point->unit))
            units[count++] = point->unit;
    }
    if (count == 0)
        return;
    yaml_begin(&blueprint->out, "units");
    for (size_t i = 0; i < count; i++) {
        yaml_begin(&blueprint->out, units[i]);
        yaml_put_text(&blueprint->out, "symbol", units[i]);
        yaml_end(&blueprint->out);
    }
    yaml_end(&blueprint->out);
}

int blueprint_make(const struct map *map, const struct profiles *profiles, const char *name,
                   struct diagnostics *diagnostics, struct strbuf *ret_manifest)
{
    struct strbuf manifest = {0};
    struct blueprint blueprint = {
        .map = map,
        .profiles = profiles,
        .diagnostics = diagnostics,
        .out = {.text = &manifest},
    };
    int result = check_category(&blueprint);
    put_head(&blueprint, name);
    result |= put_properties(&blueprint);
    result |= put_telemetry(&blueprint);
    put_alerts(&blueprint);
    result |= blueprint_put_commands(&blueprint);
    put_units(&blueprint);
    if (result == 0)
        strbuf_add(ret_manifest, strbuf_text(&manifest));
    strbuf_done(&manifest);
    return result;
}
