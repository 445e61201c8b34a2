// SPDX-License-Identifier: MIT
// Virtual time and a virtual port, in the place of base/clock.c, bus/link_open.c and
// bus/link_port.c. Time passes only in waits, and jumps to whatever happens next.
#include <assert.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/time_units.h"
#include "bus/link_open.h"
#include "bus/link_port.h"
#include "wire/rtu.h"
#include "world/world.h"

static const int64_t wall_epoch_ms = 1700000000000;
static const uint64_t longest_standstill = 10000000;

static struct world *world;

void physics_begin(struct world *new_world)
{
    world = new_world;
}

// ---- what happens by itself

static struct bus *the_bus(void)
{
    struct bus *bus = atomic_load(&world->bus);
    while (!bus) { // its maker has not come back from bus_start yet
        (void)sched_yield();
        bus = atomic_load(&world->bus);
    }
    return bus;
}

static bool is_cut(void)
{
    struct fault_effect effect;
    faults_of_line(world->faults, 0, world->now_us, &effect);
    return effect.unplug || effect.refuse;
}

static void tell(char direction, const uint8_t *bytes, size_t length)
{
    char text[3 * MAX_FRAME + 1];
    if (world->now_us < world->told_from_us || world->now_us >= world->told_to_us || !length)
        return;
    frame_format(bytes, length, text, sizeof text);
    (void)printf("  %12.6f %c %s\n", (double)world->now_us / US_PER_S, direction, text);
}

// Bytes of answers that have arrived.
static void receive(void)
{
    size_t length = 0;
    if (!channel_work(&world->channel, world->now_us))
        world->is_gone = true;
    for (;;) {
        const uint8_t *bytes = channel_output(&world->channel, world->now_us, &length);
        if (!bytes)
            return;
        assert(world->received_length + length <= sizeof world->received);
        memcpy(world->received + world->received_length, bytes, length);
        world->received_length += length;
        tell('<', bytes, length);
        world->is_gone |= channel_sent(&world->channel, length) != OUTLET_STAYS;
    }
}

static void post_command(void)
{
    const struct site *site = world->site;
    uint16_t index = (uint16_t)world_draw(world, (uint32_t)site->device_count);
    const struct map *map = site->devices[index].map;
    struct world_job *job = &world->witness.jobs[index];
    world->next_command_us =
        world->now_us + (int64_t)(1 + world_draw(world, 20)) * US_PER_S / 2;
    if (job->is_open || world->next_value >= 60000)
        return;
    struct job_request *request = mem_new(1, sizeof *request);
    request->serial = world->next_value;
    request->device = index;
    request->command = &map->commands[world_draw(world, (uint32_t)map->command_count)];
    request->argument_count = request->command->argument_count;
    if (request->argument_count) // else a reading twin
        request->arguments[0] = value_integer(world->next_value);
    bool is_alone = true;
    for (size_t i = 0; i < site->device_count; i++)
        is_alone = is_alone && !world->witness.jobs[i].is_open;
    uint16_t value = request->argument_count ? world->next_value : 0;
    bool is_keep = strcmp(request->command->key, "keep") == 0;
    *job = (struct world_job){.is_open = true,
                              .is_patient = strcmp(request->command->key, "patient") == 0,
                              .is_careful = strcmp(request->command->key, "careful") == 0,
                              .is_alone = is_alone,
                              .is_keep = is_keep,
                              .posted_us = world->now_us,
                              .done_us = job->done_us,
                              .value = is_keep ? 0 : value,
                              .held = is_keep ? value : 0};
    world->next_value++;
    world->has_posted = true;
    if (!bus_post_job(the_bus(), request))
        witness_complain(world, "the bus took no command");
}

// Another master asks a unit of its own, which answers; both are heard by the bus. It waits for
// the line to be idle.
static void let_stranger_speak(void)
{
    const struct request request = {.unit_id = (uint8_t)(200 + world_draw(world, 40)),
                                    .function = (uint8_t)(3 + world_draw(world, 2)),
                                    .address = (uint16_t)world_draw(world, 100),
                                    .count = (uint16_t)(1 + world_draw(world, 8))};
    struct answer answer = {.count = request.count};
    uint8_t *end = world->received + world->received_length;
    world->next_stranger_us =
        world->now_us + (int64_t)(1 + world_draw(world, 1000)) * US_PER_MS;
    bool is_idle = channel_next_us(&world->channel) == CHANNEL_IDLE;
    if (!world->is_open || !is_idle || world->received_length)
        return;
    for (int i = 0; i < request.count; i++)
        answer.words[i] = (uint16_t)world_draw(world, 65536);
    size_t length = frame_build_request(FRAMING_RTU, 0, &request, end);
    if (world_draw(world, 4)) // else nobody answers it
        length += frame_build_response(FRAMING_RTU, 0, &request, &answer, end + length);
    tell('?', end, length);
    world->received_length += length;
    world->witness.foreign++;
}

static void watch_dead_units(void)
{
    for (int i = 0; i < (int)world->site->device_count; i++) {
        struct fault_effect effect;
        const struct fault_scene scene = {.device = i,
                                          .unit_id = (uint8_t)world->site->devices[i].unit_id};
        if (world->kind != WORLD_DEAD_UNITS)
            return;
        faults_of_request(world->faults, &scene, world->now_us, &effect);
        witness_silence(world, i, effect.silent);
    }
}

static void happen(void)
{
    if (world->is_open && !world->is_gone) {
        receive();
        world->is_gone |= is_cut();
    }
    watch_dead_units();
    if (atomic_load(&world->bus))
        visiting_turn(world);
    if (world->now_us >= world->next_stranger_us)
        let_stranger_speak();
    if (world->now_us >= world->next_command_us && !world->is_stopping)
        post_command();
    if (world->now_us >= world->end_us && !world->is_stopping) {
        world->is_stopping = true;
        world->has_posted = true;
        bus_stop(the_bus());
    }
}

static void sooner(int64_t *next_us, int64_t other_us)
{
    if (other_us > world->now_us && other_us < *next_us)
        *next_us = other_us;
}

// Lets time pass to the next thing that happens, at most until then.
static void pass_time(int64_t until_us)
{
    int64_t next_us = until_us;
    if (world->is_open && !world->is_gone)
        sooner(&next_us, channel_next_us(&world->channel));
    sooner(&next_us, faults_next_us(world->faults, world->now_us));
    if (!world->is_stopping) {
        sooner(&next_us, world->next_command_us);
        sooner(&next_us, world->next_stranger_us);
        sooner(&next_us, world->end_us);
    }
    if (next_us > world->now_us) {
        world->now_us = next_us;
        world->standstill = 0;
    }
    happen();
    witness_messages(world);
}

static void stand_still(void)
{
    if (++world->standstill < longest_standstill)
        return;
    (void)printf("seed %llu: the bus spins at %.6f s\n", (unsigned long long)world->seed,
                 (double)world->now_us / US_PER_S);
    (void)fflush(stdout);
    abort();
}

// ---- base/clock.h

int64_t clock_monotonic_us(void)
{
    stand_still();
    return world->now_us;
}

int64_t clock_monotonic_ms(void)
{
    return clock_monotonic_us() / US_PER_MS;
}

int64_t clock_wall_ms(void)
{
    return wall_epoch_ms + world->now_us / US_PER_MS;
}

static bool is_readable(const int *descriptors, size_t count)
{
    struct pollfd polled[4];
    if (!world->has_posted || !count)
        return false;
    for (size_t i = 0; i < count; i++)
        polled[i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
    bool is_ready = poll(polled, count, 0) > 0;
    // The bus waits for its inbox beside its interrupt; pauses only for the latter.
    if (is_ready && count > 1)
        world->has_posted = false;
    return is_ready;
}

bool clock_wait(const int *descriptors, size_t count, int64_t until_us)
{
    happen();
    witness_messages(world);
    for (;;) {
        if (is_readable(descriptors, count))
            return true;
        if (world->now_us >= until_us)
            return false;
        pass_time(until_us);
    }
}

// While the port was out somebody may have put another device in the place of one.
static void exchange_devices(void)
{
    for (size_t i = 0; i < world->site->device_count; i++) {
        bool is_stranger = world_draw(world, 4) == 0;
        world->witness.is_stranger[i] = is_stranger;
        bank_set_word(entries_bank(sim_device_entries(world->devices[i])), BANK_OWN_UNIT,
                      TABLE_HOLDING, MODEL, is_stranger ? WRONG_MODEL : RIGHT_MODEL);
    }
}

// ---- bus/link_open.h

int port_check(const struct bus_settings *settings, struct error *err)
{
    (void)settings;
    (void)err;
    return 0;
}

enum port_progress port_open(const struct bus_settings *settings, int64_t timeout_ms,
                             struct port *ret_port, struct error *err)
{
    (void)timeout_ms;
    if (is_cut()) {
        (void)error_set(err, ERROR_NO_ANSWER, "nobody is there");
        return PORT_NOT_OPENED;
    }
    bool is_tcp = settings->transport == TRANSPORT_TCP;
    channel_init(&world->channel, is_tcp ? FRAMING_TCP : FRAMING_RTU, &world->line,
                 world->now_us);
    witness_messages(world);
    if (world->kind == WORLD_IDENTIFY)
        exchange_devices();
    world->is_open = true;
    world->is_gone = false;
    world->received_length = 0;
    world->quiet_us = world->now_us - US_PER_S;
    ret_port->is_open = true;
    ret_port->is_serial = !is_tcp;
    ret_port->descriptor = -1;
    ret_port->guard = -1;
    return PORT_OPENED;
}

int port_opening(const struct port *port, int64_t *ret_until_ms)
{
    (void)port;
    (void)ret_until_ms;
    return -1;
}

void port_done(struct port *port)
{
    port_close(port);
}

void port_close(struct port *port)
{
    if (!port->is_open)
        return;
    channel_done(&world->channel);
    world->is_open = false;
    port->is_open = false;
}

// ---- bus/link_port.h

enum port_event port_wait(const struct port *port, short events, int64_t deadline_us)
{
    (void)port;
    happen();
    witness_messages(world);
    for (;;) {
        if ((events & POLLIN) && (world->received_length || world->is_gone))
            return PORT_READY;
        if (events & POLLOUT)
            return PORT_READY;
        if (world->now_us >= deadline_us)
            return PORT_DEADLINE;
        pass_time(deadline_us);
    }
}

enum port_event port_read(const struct port *port, uint8_t *ret_bytes, size_t size,
                          size_t *ret_length)
{
    (void)port;
    size_t length = world->received_length < size ? world->received_length : size;
    *ret_length = length;
    if (!length)
        return world->is_gone ? PORT_CLOSED : PORT_READY;
    memcpy(ret_bytes, world->received, length);
    world->received_length -= length;
    memmove(world->received, world->received + length, world->received_length);
    world->quiet_us = world->now_us;
    return PORT_READY;
}

// A frame may only leave when the line, as far as the bus can know, was silent for long enough.
static void check_silence(void)
{
    const struct bus_settings *settings = &world->site->buses[0];
    if (settings->transport == TRANSPORT_TCP)
        return;
    int64_t wanted_us = rtu_silence_us(settings->baud, settings->parity, settings->stop_bits);
    int64_t gap_us = world->now_us - world->quiet_us;
    if (gap_us < wanted_us)
        witness_complain(world, "a frame left %lld us after the one before, not %lld",
                         (long long)gap_us, (long long)wanted_us);
}

static void witness_sent(const uint8_t *bytes, size_t length)
{
    struct request request;
    bool is_tcp = world->site->buses[0].transport == TRANSPORT_TCP;
    size_t head = is_tcp ? MBAP_SIZE : 1;
    size_t tail = is_tcp ? 0 : 2;
    if (pdu_parse_request(is_tcp ? bytes[MBAP_SIZE - 1] : bytes[0], bytes + head,
                          length - head - tail, &request))
        witness_complain(world, "a request that no device would understand");
    else
        witness_frame(world, &request);
}

enum port_event port_send(const struct port *port, const uint8_t *bytes, size_t length,
                          int64_t deadline_us, size_t *ret_sent)
{
    size_t room = 0;
    (void)port;
    (void)deadline_us;
    witness_messages(world);
    *ret_sent = 0;
    if (world->is_gone)
        return PORT_CLOSED;
    check_silence();
    tell('>', bytes, length);
    witness_sent(bytes, length);
    uint8_t *space = channel_space(&world->channel, &room);
    // A line whose answers nobody took is a line that hears nothing.
    if (room >= length) {
        memcpy(space, bytes, length);
        channel_heard(&world->channel, length, world->now_us);
    }
    world->quiet_us = world->now_us + pace_us(&world->line.pace, length);
    *ret_sent = length;
    return PORT_READY;
}
