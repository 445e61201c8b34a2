// SPDX-License-Identifier: MIT
#include "import/sunspec_device.h"

#include <string.h>

#include "base/mem.h"
#include "import/keys.h"
#include "registers/codec_text.h"

static int registers_of(const struct sunspec_instance *instance)
{
    return instance->link->place.length + SUNSPEC_HEADER_WORDS;
}

int sunspec_repeat_of(const struct sunspec_instance *instance,
                      const struct sunspec_point *point)
{
    for (size_t i = 0; i < instance->repeat_count; i++) {
        if (strcmp(instance->repeats[i].group->name, point->group) == 0)
            return (int)i;
    }
    return NO_INDEX;
}

static const struct sunspec_point *find_point(const struct sunspec_device *device,
                                              const struct sunspec_instance *instance,
                                              const char *group, const char *name)
{
    for (size_t i = 0; i < device->facts->point_count; i++) {
        const struct sunspec_point *point = &device->facts->points[i];
        if (sunspec_point_is_of(point, instance->model) && strcmp(point->group, group) == 0 &&
            strcmp(point->name, name) == 0)
            return point;
    }
    return NULL;
}

const struct sunspec_point *sunspec_scale_factor(const struct sunspec_device *device,
                                                 const struct sunspec_instance *instance,
                                                 const struct sunspec_point *point)
{
    if (point->sf[0] == '\0')
        return NULL;
    const struct sunspec_point *sf = find_point(device, instance, point->group, point->sf);
    return sf ? sf : find_point(device, instance, "", point->sf);
}

// Whether it is within the model's length.
static bool fits(const struct sunspec_instance *instance, const struct sunspec_point *point)
{
    int repeat = sunspec_repeat_of(instance, point);
    if (point->group[0] != '\0')
        return repeat != NO_INDEX && instance->repeats[repeat].count > 0;
    return point->offset + point->size <= registers_of(instance);
}

// A scale factor that no point of the device needs is no part of the map.
static bool is_needed(const struct sunspec_device *device,
                      const struct sunspec_instance *instance,
                      const struct sunspec_point *point)
{
    for (size_t i = 0; i < device->facts->point_count; i++) {
        const struct sunspec_point *user = &device->facts->points[i];
        if (strcmp(user->sf, point->name) == 0 && sunspec_point_is_of(user, instance->model) &&
            fits(instance, user) && sunspec_scale_factor(device, instance, user) == point)
            return true;
    }
    return false;
}

bool sunspec_has_point(const struct sunspec_device *device,
                       const struct sunspec_instance *instance,
                       const struct sunspec_point *point)
{
    if (!instance->model || !sunspec_point_is_of(point, instance->model) ||
        !fits(instance, point))
        return false;
    if (point->type->kind == KIND_SCALE_FACTOR)
        return is_needed(device, instance, point);
    const struct sunspec_point *sf = sunspec_scale_factor(device, instance, point);
    return point->sf[0] == '\0' || (sf && fits(instance, sf));
}

// The words of a point of the fixed part; NULL when the device did not give them.
static const uint16_t *words_of(const struct sunspec_instance *instance,
                                const struct sunspec_point *point)
{
    if (!instance->read.words || point->group[0] != '\0' || !fits(instance, point))
        return NULL;
    for (int i = 0; i < point->size; i++) {
        if (!instance->read.known[point->offset + i])
            return NULL;
    }
    return instance->read.words + point->offset;
}

bool sunspec_was_absent(const struct sunspec_instance *instance,
                        const struct sunspec_point *point)
{
    const uint16_t *words = words_of(instance, point);
    return words && sunspec_is_absent(point, words);
}

// How many instances of a group the device says it has; -1: it does not say.
static int claimed_count(const struct sunspec_device *device,
                         const struct sunspec_instance *instance,
                         const struct sunspec_group *group)
{
    const struct sunspec_point *point = find_point(device, instance, "", group->count);
    const uint16_t *words = point ? words_of(instance, point) : NULL;
    return words && !sunspec_is_absent(point, words) ? words[point->size - 1] : -1;
}

static int find_outer(const struct sunspec_instance *instance,
                      const struct sunspec_group *group)
{
    const char *slash = strrchr(group->name, '/');
    for (size_t i = 0; slash && i < instance->repeat_count; i++) {
        const char *name = instance->repeats[i].group->name;
        size_t length = (size_t)(slash - group->name);
        if (strlen(name) == length && strncmp(name, group->name, length) == 0)
            return (int)i;
    }
    return NO_INDEX;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

// What is in the instances of a group counts with them; outer groups come first in the facts.
static void set_counts(struct sunspec_instance *instance)
{
    for (size_t i = 0; i < instance->repeat_count; i++) {
        struct sunspec_repeat *repeat = &instance->repeats[i];
        if (repeat->outer == NO_INDEX)
            continue;
        repeat->count = smaller(repeat->claimed < 0 ? 0 : repeat->claimed, MAX_GROUP_INSTANCES);
        instance->repeats[repeat->outer].stride += repeat->count * repeat->stride;
    }
    for (size_t i = 0; i < instance->repeat_count; i++) {
        struct sunspec_repeat *repeat = &instance->repeats[i];
        if (repeat->outer != NO_INDEX)
            continue;
        int room = (registers_of(instance) - repeat->group->offset) / repeat->stride;
        int wanted = repeat->claimed < 0 ? room : smaller(repeat->claimed, room);
        repeat->count = wanted < 0 ? 0 : smaller(wanted, MAX_GROUP_INSTANCES);
    }
}

static void count_groups(const struct sunspec_device *device, struct sunspec_instance *instance)
{
    for (size_t i = 0; i < device->facts->group_count; i++) {
        const struct sunspec_group *group = &device->facts->groups[i];
        if (!sunspec_group_is_of(group, instance->model) ||
            instance->repeat_count == MAX_IMPORT_GROUPS)
            continue;
        instance->repeats[instance->repeat_count] = (struct sunspec_repeat){
            .group = group,
            .outer = find_outer(instance, group),
            .claimed = claimed_count(device, instance, group),
            .stride = group->size,
        };
        instance->repeat_count++;
    }
    set_counts(instance);
}

const char *sunspec_key(struct arena *arena, const struct sunspec_instance *instance,
                        const char *key)
{
    size_t own = strlen(instance->model->key);
    bool begins_so = strncmp(key, instance->model->key, own) == 0 && key[own] == '_';
    if (instance->prefix[0] == '\0')
        return key;
    return arena_printf(arena, "%s%s", instance->prefix, begins_so ? key + own + 1 : key);
}

// Calls for each key that the points of a model make: entries, views of bits and alerts, which
// have names of their own.
static bool each_key(struct arena *arena, const struct sunspec_device *device,
                     const struct sunspec_instance *instance, struct import_keys *keys,
                     bool (*each)(struct import_keys *keys, const char *key))
{
    bool all = true;
    for (size_t i = 0; i < device->facts->point_count; i++) {
        const struct sunspec_point *point = &device->facts->points[i];
        if (!sunspec_has_point(device, instance, point))
            continue;
        all = each(keys, sunspec_key(arena, instance, point->key)) && all;
        for (size_t k = 0; point->type->kind == KIND_BITS && k < point->labels.count; k++) {
            const struct import_label *label = &point->labels.items[k];
            const char *key = label->severity
                                  ? label->key
                                  : arena_printf(arena, "%s_%s", point->key, label->key);
            all = each(keys, arena_printf(arena, "%s%s", label->severity ? "!" : "",
                                          sunspec_key(arena, instance, key))) &&
                  all;
        }
    }
    return all;
}

static bool is_free(struct import_keys *keys, const char *key)
{
    return !import_keys_has(keys, key);
}

static void choose_prefix(struct arena *arena, const struct sunspec_device *device,
                          struct sunspec_instance *instance, struct import_keys *keys)
{
    instance->prefix = "";
    for (int number = 1; !each_key(arena, device, instance, keys, is_free); number++)
        instance->prefix = number == 1
                               ? arena_printf(arena, "%s_", instance->model->key)
                               : arena_printf(arena, "%s%d_", instance->model->key, number);
    (void)each_key(arena, device, instance, keys, import_keys_add);
}

static int number_of(const struct sunspec_chain *chain, size_t index)
{
    int number = 1;
    for (size_t i = 0; i < index; i++)
        number += chain->links[i].id == chain->links[index].id;
    return number;
}

static void count_points(const struct sunspec_device *device, struct sunspec_instance *instance)
{
    for (size_t i = 0; i < device->facts->point_count; i++)
        instance->point_count += sunspec_has_point(device, instance, &device->facts->points[i]);
}

void sunspec_device_make(struct arena *arena, const struct sunspec_facts *facts,
                         const struct sunspec_chain *chain, const struct sunspec_words *read,
                         struct sunspec_device *ret_device)
{
    struct import_keys keys = {0};
    *ret_device = (struct sunspec_device){
        .facts = facts,
        .chain = chain,
        .instances = ARENA_NEW_ARRAY(arena, chain->count, struct sunspec_instance),
    };
    for (size_t i = 0; i < chain->count; i++) {
        struct sunspec_instance *instance = &ret_device->instances[i];
        *instance = (struct sunspec_instance){
            .link = &chain->links[i],
            .model = sunspec_facts_find(facts, chain->links[i].id),
            .read = read[i],
            .number = number_of(chain, i),
            .prefix = "",
        };
        if (!instance->model)
            continue;
        count_groups(ret_device, instance);
        choose_prefix(arena, ret_device, instance, &keys);
        count_points(ret_device, instance);
    }
    import_keys_done(&keys);
}

static const char *text_of(struct arena *arena, const uint16_t *words, int count)
{
    char *bytes = arena_new_array(arena, (size_t)count * 2 + 1, 1);
    for (size_t i = 0; i < (size_t)count * 2; i++)
        bytes[i] = (char)(i % 2 ? words[i / 2] & 0xFF : words[i / 2] >> 8);
    const char *start = NULL;
    size_t length = codec_text_trim(bytes, strlen(bytes), &start);
    return codec_text_is_clean(start, length) ? arena_copy(arena, start, length) : "";
}

const char *sunspec_text(struct arena *arena, const struct sunspec_device *device,
                         const char *key)
{
    for (size_t i = 0; i < device->facts->point_count; i++) {
        const struct sunspec_point *point = &device->facts->points[i];
        for (size_t k = 0; k < device->chain->count; k++) {
            const struct sunspec_instance *instance = &device->instances[k];
            bool is_it = strcmp(point->key, key) == 0 && point->type->kind == KIND_TEXT &&
                         sunspec_has_point(device, instance, point);
            const uint16_t *words = is_it ? words_of(instance, point) : NULL;
            if (words)
                return text_of(arena, words, point->size);
        }
    }
    return "";
}
