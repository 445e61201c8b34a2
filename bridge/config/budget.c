// SPDX-License-Identifier: MIT
#include "config/budget.h"

#include "base/time_units.h"
#include "wire/cost.h"

// A budget in the making.
struct maker {
    struct arena *arena;
    struct budget *budget;
    struct budget_device *devices;
    struct budget_request *requests;
    struct load *loads; // scratch, one per request
};

static bool comes_back(const struct block *block)
{
    return block->every_ms >= 0;
}

static int64_t read_ns(const struct budget_device *device, const struct block *block)
{
    return wire_cost_of_read(&device->cost, block->table, block->count);
}

static struct load load_of(const struct budget_device *device, const struct block *block)
{
    return (struct load){read_ns(device, block), block->every_ms * NS_PER_MS};
}

// The forecast of a plan of one device alone.
static struct forecast forecast_of_plan(const struct maker *maker,
                                        const struct budget_device *device,
                                        const struct plan *plan)
{
    struct load *loads = ARENA_NEW_ARRAY(maker->arena, plan->block_count, struct load);
    size_t count = 0;
    for (size_t i = 0; i < plan->block_count; i++) {
        if (comes_back(&plan->blocks[i]))
            loads[count++] = load_of(device, &plan->blocks[i]);
    }
    return forecast_of(loads, count, 1);
}

static size_t count_returning(const struct plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->block_count; i++)
        count += comes_back(&plan->blocks[i]);
    return count;
}

static struct budget_saving saving_of(const struct maker *maker,
                                      const struct budget_device *device)
{
    struct modbus_settings modbus = device->device->modbus;
    struct plan_request request = {
        .map = device->device->map, .modbus = &modbus, .cost = device->cost};
    if (modbus.merge_gap == GAP_AUTO)
        return (struct budget_saving){0};
    modbus.merge_gap = GAP_AUTO;
    const struct plan *plan = block_plan(maker->arena, &request);
    struct forecast now = forecast_of_plan(maker, device, device->plan);
    struct forecast then = forecast_of_plan(maker, device, plan);
    return (struct budget_saving){
        .request_count = (int)count_returning(device->plan) - (int)count_returning(plan),
        .cycle_ns = now.cycle_ns - then.cycle_ns,
        .utilisation = now.utilisation - then.utilisation,
    };
}

static void fill_device(const struct maker *maker, struct budget_device *device)
{
    struct plan_request request = {
        .map = device->device->map,
        .modbus = &device->device->modbus,
        .cost = wire_cost_of(maker->budget->bus, &device->device->modbus,
                             maker->budget->response_us),
    };
    device->cost = request.cost;
    device->plan = block_plan(maker->arena, &request);
    device->request_count = count_returning(device->plan);
    device->utilisation = forecast_of_plan(maker, device, device->plan).utilisation;
    device->saving = saving_of(maker, device);
    device->silence_ns = device->cost.frames_ns + device->cost.silence_ns +
                         device->cost.pause_ns + device->device->modbus.timeout_ms * NS_PER_MS;
    for (size_t i = 0; i < device->plan->block_count; i++) {
        int64_t wire_ns = read_ns(device, &device->plan->blocks[i]);
        device->longest_ns = wire_ns > device->longest_ns ? wire_ns : device->longest_ns;
    }
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

// What is left when one device is dead; `dead` NULL: none is.
static struct forecast forecast_without(const struct maker *maker,
                                        const struct budget_device *dead)
{
    const struct budget *budget = maker->budget;
    size_t count = 0;
    for (size_t i = 0; i < budget->device_count; i++) {
        const struct budget_device *device = &maker->devices[i];
        for (size_t k = 0; device != dead && k < device->plan->block_count; k++) {
            if (comes_back(&device->plan->blocks[k]))
                maker->loads[count++] = load_of(device, &device->plan->blocks[k]);
        }
    }
    return forecast_of(maker->loads, count, dead ? FORECAST_BESIDE_DEAD : 1);
}

static void fill_others(const struct maker *maker, struct budget_device *dead)
{
    dead->others = forecast_without(maker, dead);
    dead->others_latency_ns = dead->silence_ns;
    for (size_t i = 0; i < maker->budget->device_count; i++) {
        if (&maker->devices[i] != dead)
            dead->others_latency_ns =
                longer(dead->others_latency_ns, maker->devices[i].longest_ns);
    }
}

static void fill_requests(const struct maker *maker)
{
    struct budget *budget = maker->budget;
    for (size_t i = 0; i < budget->device_count; i++) {
        const struct budget_device *device = &maker->devices[i];
        for (size_t k = 0; k < device->plan->block_count; k++) {
            const struct block *block = &device->plan->blocks[k];
            maker->requests[budget->request_count++] = (struct budget_request){
                .block = block,
                .device = device->device,
                .unit_id =
                    block->unit_id == NO_INDEX ? device->device->unit_id : block->unit_id,
                .wire_ns = read_ns(device, block),
                .refresh_ns =
                    comes_back(block)
                        ? forecast_refresh_ns(&budget->forecast, block->every_ms * NS_PER_MS)
                        : 0,
            };
        }
    }
}

static void add_devices(struct maker *maker, const struct site *site, int bus)
{
    struct budget *budget = maker->budget;
    maker->devices = ARENA_NEW_ARRAY(maker->arena, site->device_count, struct budget_device);
    for (size_t i = 0; i < site->device_count; i++) {
        if (site->devices[i].bus != bus)
            continue;
        struct budget_device *device = &maker->devices[budget->device_count++];
        device->device = &site->devices[i];
        fill_device(maker, device);
    }
}

const struct budget *budget_of_bus(struct arena *arena, const struct site *site, int bus,
                                   int64_t response_us)
{
    const struct bus_settings *settings = &site->buses[bus];
    struct budget *budget = ARENA_NEW(arena, struct budget);
    struct maker maker = {.arena = arena, .budget = budget};
    budget->bus = settings;
    budget->response_us =
        response_us < 0 ? wire_cost_assumed_response_us(settings->transport) : response_us;
    add_devices(&maker, site, bus);
    size_t count = 0;
    for (size_t i = 0; i < budget->device_count; i++)
        count += maker.devices[i].plan->block_count;
    maker.requests = ARENA_NEW_ARRAY(arena, count, struct budget_request);
    maker.loads = ARENA_NEW_ARRAY(arena, count, struct load);
    budget->forecast = forecast_without(&maker, NULL);
    fill_requests(&maker);
    for (size_t i = 0; i < budget->device_count; i++) {
        fill_others(&maker, &maker.devices[i]);
        budget->latency_ns = longer(budget->latency_ns, maker.devices[i].longest_ns);
        budget->silent_latency_ns =
            longer(budget->silent_latency_ns, maker.devices[i].silence_ns);
    }
    budget->silent_latency_ns = longer(budget->silent_latency_ns, budget->latency_ns);
    budget->devices = maker.devices;
    budget->requests = maker.requests;
    return budget;
}
