// SPDX-License-Identifier: MIT
// Any bytes in the place of a site, beside a map: findings that say where, or a site whose
// parts fit each other, and what its buses have to carry can be reckoned.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/config.h"
#include "model/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char meter[] = "modbridge: map/1\n"
                            "parameters:\n"
                            "  phases: {type: integer, default: 3, range: [1, 3]}\n"
                            "registers:\n"
                            "  setpoint: {holding: 40, type: u16, access: rw}\n"
                            "telemetry:\n"
                            "  power: {holding: 10, type: i32, every: 1s}\n"
                            "  energy: {input: 20, type: u32, scale: 0.1, unit: kWh}\n"
                            "commands:\n"
                            "  set_power: {set: setpoint, min: 0, max: 100}\n";

static char folder[] = "/tmp/site_fuzz_XXXXXX";
static char site_path[64];
static char map_path[64];

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wbe");
    require(file && fwrite(bytes, 1, size, file) == size);
    require(fclose(file) == 0);
}

static void remove_files(void)
{
    (void)unlink(site_path);
    (void)unlink(map_path);
    (void)rmdir(folder);
}

static void make_folder(void)
{
    require(mkdtemp(folder) != NULL);
    (void)snprintf(site_path, sizeof site_path, "%s/site.yaml", folder);
    (void)snprintf(map_path, sizeof map_path, "%s/meter.yaml", folder);
    write_file(map_path, meter, strlen(meter));
    (void)atexit(remove_files);
}

static void check_findings(const struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct finding *finding = &diagnostics->findings[i];
        require(finding->at.line >= 1 && finding->at.column >= 1 && finding->text[0]);
    }
}

static void check_bus(const struct bus_settings *bus)
{
    require(bus->name && bus->name[0]);
    if (bus->transport != TRANSPORT_RTU)
        require(bus->host && bus->host[0] && bus->port);
    else
        require(bus->path && bus->path[0]);
    if (bus->transport != TRANSPORT_TCP)
        require(bus->baud >= 1200 && (bus->stop_bits == 1 || bus->stop_bits == 2));
}

static void check_device(const struct site *site, size_t index)
{
    const struct device *device = &site->devices[index];
    require(device->name && device->name[0] && device->map);
    require(device->bus >= 0 && (size_t)device->bus < site->bus_count);
    require(device->unit_id >= 1 && device->unit_id <= 255);
    require(device->cloud == NO_INDEX || (size_t)device->cloud < site->cloud_count);
    require(device->cloud == NO_INDEX || (device->hardware_id && device->channel_id));
    for (size_t i = 0; i < index; i++) {
        const struct device *other = &site->devices[i];
        require(strcmp(other->name, device->name) != 0);
        require(other->bus != device->bus || other->unit_id != device->unit_id);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!site_path[0])
        make_folder();
    write_file(site_path, data, size);
    struct arena *arena = arena_new();
    struct diagnostics *diagnostics = mem_new(1, sizeof *diagnostics);
    diagnostics_init(diagnostics, arena);
    const struct site *site = NULL;
    int result = config_load_site(arena, site_path, diagnostics, &site);
    check_findings(diagnostics);
    require((result == 0) == (diagnostics->error_count == 0));
    require(result != 0 || site);
    for (size_t i = 0; result == 0 && i < site->bus_count; i++)
        check_bus(&site->buses[i]);
    for (size_t i = 0; result == 0 && i < site->device_count; i++)
        check_device(site, i);
    free(diagnostics);
    arena_free(arena);
    return 0;
}
