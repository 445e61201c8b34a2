// SPDX-License-Identifier: MIT
// Any bytes are a map or a site, or findings that say where. What was accepted names only what
// is there.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/config.h"
#include "config/lint.h"
#include "model/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_findings(const struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct finding *finding = &diagnostics->findings[i];
        require(finding->at.line >= 1 && finding->at.column >= 1 && finding->text[0]);
    }
}

static void check_point(const struct map *map, const struct point *point)
{
    int count = (int)map->point_count;
    require(point->publish != PUBLISH_AUTO && point->key[0]);
    require(point->from == NO_INDEX || (point->from >= 0 && point->from < count));
    require(point->sf == NO_INDEX || (point->sf >= 0 && point->sf < count));
    require(point->every_ms >= EVERY_NEED);
    if (point->source == SOURCE_FORMULA) {
        require(point->formula != NULL);
        return;
    }
    require(point->word_count >= 1 && point->word_count <= MAX_POINT_WORDS);
    require(point->part_count > 0 || point->address + point->word_count <= 65536);
    require(point->bit_high < 16 * point->word_count);
    require(point->source == SOURCE_VIEW ? map->points[point->from].source == SOURCE_WORDS
                                         : point->from == NO_INDEX);
}

static void check_writes(const struct map *map, const struct step *step)
{
    for (size_t i = 0; i < step->write_count; i++) {
        require(step->writes[i].value != NULL);
        require(map->points[step->writes[i].point].access & ACCESS_WRITE);
    }
}

static void check_map(const struct map *map)
{
    for (size_t i = 0; i < map->point_count; i++)
        check_point(map, &map->points[i]);
    for (size_t i = 0; i < map->alert_count; i++)
        require(map->alerts[i].kind == ALERT_CONDITION ? map->alerts[i].when != NULL
                                                       : map->alerts[i].from >= 0);
    for (size_t i = 0; i < map->command_count; i++) {
        require(map->commands[i].argument_count <= MAX_ARGUMENTS);
        for (size_t k = 0; k < map->commands[i].step_count; k++)
            check_writes(map, &map->commands[i].steps[k]);
    }
}

static void check_site(const struct site *site)
{
    for (size_t i = 0; i < site->device_count; i++) {
        const struct device *device = &site->devices[i];
        require(device->map && device->bus >= 0 && (size_t)device->bus < site->bus_count);
        require(device->unit_id >= 1 && device->unit_id <= 255);
        require(device->cloud == NO_INDEX || (device->hardware_id && device->channel_id));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int descriptor = memfd_create("map", 0);
    require(descriptor >= 0 && write(descriptor, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    struct arena *arena = arena_new();
    struct diagnostics *diagnostics = mem_new(1, sizeof *diagnostics);
    diagnostics_init(diagnostics, arena);
    const struct map *map = NULL;
    const struct site *site = NULL;
    int result = config_examine_any(arena, path, diagnostics, &map, &site);
    require((result == 0) == (diagnostics->error_count == 0));
    check_findings(diagnostics);
    if (map && result == 0)
        check_map(map);
    if (map)
        lint_map(map, result == 0, diagnostics);
    check_findings(diagnostics);
    if (site)
        check_site(site);
    free(diagnostics);
    arena_free(arena);
    (void)close(descriptor);
    return 0;
}
