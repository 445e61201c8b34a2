// SPDX-License-Identifier: MIT
#include "support/turn_world.h"

#include <stdlib.h>

#include "base/mem.h"

struct turn_world *turn_world_new(size_t units)
{
    struct turn_world *world = mem_new(1, sizeof *world);
    agenda_init(&world->agenda, units);
    for (size_t i = 0; i < units; i++) {
        health_init(&world->health[i], 0);
        world->plans[i].blocks = world->blocks[i];
        world->units[i] = (struct turn_unit){
            .health = &world->health[i], .unit_id = (uint8_t)(i + 1), .can_be_probed = true};
    }
    world->turn = (struct turn){
        .agenda = &world->agenda,
        .units = world->units,
        .is_open = true,
        .job_ms = INT64_MAX,
        .hold_ms = INT64_MAX,
        .guest_ms = INT64_MAX,
    };
    return world;
}

void turn_world_add(struct turn_world *world, size_t unit, int64_t every_ms)
{
    struct plan *plan = &world->plans[unit];
    world->blocks[unit][plan->block_count] = (struct block){
        .unit_id = NO_INDEX,
        .table = TABLE_HOLDING,
        .address = (uint16_t)(100 * plan->block_count),
        .count = (uint16_t)(plan->block_count + 1),
        .every_ms = every_ms,
    };
    plan->block_count++;
}

void turn_world_begin(struct turn_world *world, int64_t now_ms)
{
    for (size_t i = 0; i < world->agenda.unit_count; i++)
        agenda_set_plan(&world->agenda, (uint16_t)i, &world->plans[i], now_ms);
    agenda_spread(&world->agenda, 0);
}

void turn_world_free(struct turn_world *world)
{
    agenda_done(&world->agenda);
    free(world);
}

struct turn_world *turn_world_pair(void)
{
    struct turn_world *world = turn_world_new(2);
    for (size_t i = 0; i < 2; i++) {
        turn_world_add(world, i, 1000);
        world->health[i].state = HEALTH_ONLINE;
    }
    turn_world_begin(world, 1000);
    return world;
}

void turn_world_kill(struct turn_world *world, size_t unit, int64_t retry_at_ms)
{
    world->health[unit].state = HEALTH_OFFLINE;
    world->health[unit].retry_at_ms = retry_at_ms;
}
