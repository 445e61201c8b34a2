// SPDX-License-Identifier: MIT
#include "cli/import_sunspec.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "bus/models.h"
#include "bus/span.h"
#include "cli/cli.h"
#include "cli/line_options.h"
#include "cli/target.h"
#include "config/config.h"
#include "import/sunspec_map.h"

// SunSpec Device Information Model Specification, "Device discovery".
static const uint16_t usual_bases[] = {40000, 50000, 0};

struct import {
    struct target target;
    const char *near; // the site's folder, or the current one
    struct sunspec_facts facts;
    struct sunspec_walk walk;
    const uint16_t *bases; // where the marker may be
    size_t base_count;
    struct sunspec_words *read; // of each model
};

static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? arena_copy(arena, path, (size_t)(slash - path)) : ".";
}

static int load_facts(struct import *import, struct error *err)
{
    struct diagnostics diagnostics;
    struct map_folders folders;
    diagnostics_init(&diagnostics, import->target.arena);
    config_map_folders(&folders, import->near);
    int loaded =
        sunspec_facts_load(import->target.arena, &folders, &diagnostics, &import->facts, err);
    diagnostics_print(&diagnostics, stderr);
    return loaded;
}

static int walk_chain(struct import *import, struct error *err)
{
    struct target *target = &import->target;
    const struct modbus_settings *modbus = &target->device->modbus;
    import->bases = modbus->sunspec_count ? modbus->sunspec : usual_bases;
    import->base_count =
        modbus->sunspec_count ? modbus->sunspec_count : ARRAY_LENGTH(usual_bases);
    enum fault fault = models_read_chain(&target->line, target->unit, import->bases,
                                         import->base_count, &import->walk);
    if (fault == FAULT_NONE && import->walk.chain.count == 0)
        return error_set(err, ERROR_FAILED,
                         "unit %d: the chain of SunSpec models at %u is empty",
                         target->device->unit_id, import->walk.chain.base);
    if (fault == FAULT_NONE)
        return 0;
    if (fault == FAULT_IDENTITY)
        return error_set(err, ERROR_FAILED, "unit %d: %s", target->device->unit_id,
                         import->walk.text);
    return target_silence(target, fault, err);
}

// What cannot be read of a known model only makes the map poorer, unless the device falls
// silent.
static int read_model(struct import *import, size_t index, struct error *err)
{
    struct target *target = &import->target;
    const struct sunspec_link *link = &import->walk.chain.links[index];
    size_t count = (size_t)link->place.length + SUNSPEC_HEADER_WORDS;
    if (!sunspec_facts_find(&import->facts, link->id))
        return 0;
    const struct register_span span = {
        .table = TABLE_HOLDING,
        .address = link->place.address,
        .count = count,
        .words = ARENA_NEW_ARRAY(target->arena, count, uint16_t),
        .known = ARENA_NEW_ARRAY(target->arena, count, bool),
    };
    enum fault fault = span_read(&target->line, target->unit, &span);
    import->read[index] = (struct sunspec_words){span.words, span.known};
    return fault == FAULT_NONE ? 0 : target_silence(target, fault, err);
}

static int read_device(struct import *import, struct error *err)
{
    if (walk_chain(import, err) != 0)
        return -1;
    size_t count = import->walk.chain.count;
    import->read = ARENA_NEW_ARRAY(import->target.arena, count, struct sunspec_words);
    for (size_t i = 0; i < count; i++) {
        if (read_model(import, i, err) != 0)
            return -1;
    }
    return 0;
}

static void say_refusals(const struct import *import, size_t index)
{
    const struct sunspec_link *link = &import->walk.chain.links[index];
    size_t refused = 0;
    for (size_t i = 0;
         import->read[index].known && i < (size_t)link->place.length + SUNSPEC_HEADER_WORDS;
         i++)
        refused += !import->read[index].known[i];
    if (refused)
        (void)fprintf(stderr, "  %zu of its registers were refused\n", refused);
}

static int print_map(struct import *import, struct error *err)
{
    struct arena *arena = import->target.arena;
    struct sunspec_device device;
    struct strbuf text = {0};
    sunspec_device_make(arena, &import->facts, &import->walk.chain, import->read, &device);
    for (size_t i = 0; i < import->walk.chain.count; i++) {
        (void)fprintf(stderr, "model %s\n", sunspec_instance_text(arena, &device.instances[i]));
        say_refusals(import, i);
    }
    sunspec_map_write(arena, &device, import->bases, import->base_count, &text);
    bool failed = fputs(strbuf_text(&text), stdout) == EOF || fflush(stdout) == EOF;
    strbuf_done(&text);
    return failed ? error_set_errno(err, "the map cannot be written") : 0;
}

int import_sunspec(const struct options *options)
{
    struct error err;
    struct import import = {0};
    bool has_line = line_is_given(options);
    if (options->map)
        return cli_usage("import", "--map has no place here: a map is what is made");
    if (options->positional_count != (has_line ? 0 : 2))
        return cli_usage("import", "name a site and a device, or one of --tcp, --rtu and "
                                   "--rtu-over-tcp");
    if (target_open_unmapped(&import.target, options, &err) != 0)
        return cli_fail("import", &err);
    import.near = has_line ? "." : folder_of(import.target.arena, options->positionals[0]);
    int failed = load_facts(&import, &err);
    if (!failed)
        failed = read_device(&import, &err);
    if (!failed)
        failed = print_map(&import, &err);
    target_close(&import.target);
    return failed ? cli_fail("import", &err) : ERROR_NONE;
}
