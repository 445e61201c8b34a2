// SPDX-License-Identifier: MIT
// Whether an alert of the map is active on a device: a bit, a code or a condition.
#include "registers/image.h"

static bool has_code(const struct value *events, int64_t code, int64_t code_high)
{
    for (size_t i = 0; i < events->events.count; i++) {
        if (events->events.codes[i] >= code && events->events.codes[i] <= code_high)
            return true;
    }
    return false;
}

static bool is_code(const struct value *raw, const struct alert *alert)
{
    if (raw->kind == VALUE_EVENTS)
        return has_code(raw, alert->code, alert->code_high);
    if (raw->kind == VALUE_INTEGER)
        return raw->integer >= alert->code && raw->integer <= alert->code_high;
    return false;
}

static bool is_listed(const struct map *map, int from, const struct value *code)
{
    for (size_t i = 0; i < map->alert_count; i++) {
        const struct alert *alert = &map->alerts[i];
        if (alert->kind == ALERT_CODE && alert->from == from && is_code(code, alert))
            return true;
    }
    return false;
}

// Whether there is a code (other than 0, "nothing") that no alert of the same entry names.
static bool has_unlisted(const struct map *map, int from, const struct value *raw)
{
    if (raw->kind == VALUE_INTEGER)
        return raw->integer != 0 && !is_listed(map, from, raw);
    for (size_t i = 0; raw->kind == VALUE_EVENTS && i < raw->events.count; i++) {
        struct value code = value_integer(raw->events.codes[i]);
        if (!is_listed(map, from, &code))
            return true;
    }
    return false;
}

static bool has_bit(const struct value *raw, int bit)
{
    if (raw->kind == VALUE_BOOLEAN)
        return bit == 0 && raw->boolean;
    return raw->kind == VALUE_INTEGER && (((uint64_t)raw->integer >> bit) & 1);
}

struct value image_alert(const struct image *image, const struct alert *alert, int64_t now_ms)
{
    struct image_space space = {0};
    struct value condition = value_boolean(true);
    if (alert->when)
        condition = image_evaluate(image, alert->when, NULL, now_ms, &space);
    if (alert->kind == ALERT_CONDITION || condition.kind != VALUE_BOOLEAN || !condition.boolean)
        return condition;
    struct value raw = image_raw(image, alert->from, now_ms, &space);
    if (!value_is_known(&raw))
        return raw;
    switch (alert->kind) {
    case ALERT_BIT:
        return value_boolean(has_bit(&raw, alert->bit));
    case ALERT_CODE:
        return value_boolean(is_code(&raw, alert));
    case ALERT_OTHERWISE:
        return value_boolean(has_unlisted(image_map(image), alert->from, &raw));
    case ALERT_CONDITION:
        break;
    }
    return condition;
}
