// SPDX-License-Identifier: MIT
// Sees every frame the bus sends and every message it posts, and knows what must never happen.
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/time_units.h"
#include "model/message.h"
#include "sim/bank.h"
#include "wire/rtu.h"
#include "world/world.h"

enum {
    SLACK_MS = 250, // of a due date: a command's frames go first
    STEADY_US = 120 * US_PER_S,
    COMMAND_SLACK_US = 5000, // of a command's first frame
    PROBE_SLACK_MS = 5000,
    LONGEST_PROBE_MS = 60000,
    DEAD_SHARE = 20, // dead units get 1/20 of the bus's time together ...
    DEAD_PERCENT_ALLOWED = 6,
};

void witness_complain(struct world *world, const char *format, ...)
{
    if (world->witness.complaints++ >= TOLD_TIMES)
        return;
    va_list args;
    va_start(args, format);
    (void)printf("  seed %llu, %.6f s: ", (unsigned long long)world->seed,
                 (double)world->now_us / US_PER_S);
    (void)vprintf(format, args);
    (void)printf("\n");
    va_end(args);
}

uint16_t witness_word(int device, uint16_t address, uint64_t sequence)
{
    uint64_t mixed = (sequence * 8 + (uint64_t)device) * 65536 + address;
    mixed *= 0x9E3779B97F4A7C15ULL;
    mixed ^= mixed >> 29;
    mixed *= 0xBF58476D1CE4E5B9ULL;
    return (uint16_t)(mixed >> 40);
}

static int find_device(const struct world *world, uint8_t unit_id)
{
    for (size_t i = 0; i < world->site->device_count; i++) {
        if (world->site->devices[i].unit_id == unit_id)
            return (int)i;
    }
    return NO_INDEX;
}

// From now on the device's registers say who was asked what, and when.
static void encode(struct world *world, const struct world_frame *frame)
{
    uint16_t words[MAX_READ_BITS];
    const struct request *request = &frame->request;
    enum table table = pdu_find_function(request->function)->table;
    struct bank *bank = entries_bank(sim_device_entries(world->devices[frame->device]));
    if (bank_read(bank, BANK_OWN_UNIT,
                  (struct span){table, request->address, request->count, SUNSPEC_NONE}, words))
        return;
    for (uint16_t i = 0; i < request->count; i++) {
        uint16_t address = (uint16_t)(request->address + i);
        if (address < WRITABLE || visiting_is_frame(world, request))
            bank_set_word(bank, BANK_OWN_UNIT, table, address,
                          witness_word(frame->device, address, frame->sequence));
    }
}

// No value is written twice: each command has a value of its own.
static void check_write(struct world *world, const struct world_frame *frame)
{
    const struct request *request = &frame->request;
    for (uint16_t i = 0; i < request->count; i++) {
        unsigned register_index = (unsigned)(request->address + i - WRITABLE);
        uint16_t value = request->words[i];
        if (world->witness.is_stranger[frame->device])
            witness_complain(world, "STRANGER: %u is written to d%d, which is another device",
                             value, frame->device);
        if (request->address == HELD)
            return;
        if (register_index > 1) {
            witness_complain(world, "a write to register %d", request->address + i);
            return;
        }
        uint8_t *seen = &world->witness.written[frame->device][register_index][value / 8];
        uint8_t bit = (uint8_t)(1U << (value % 8));
        if (*seen & bit)
            witness_complain(world, "value %u left for d%d twice", value, frame->device);
        *seen |= bit;
    }
}

// The longest a transaction may take that is in progress when a command arrives.
static int64_t longest_transaction_us(const struct world *world)
{
    const struct bus_settings *settings = &world->site->buses[0];
    const struct pace *pace = &world->line.pace;
    if (!pace->byte_ns)
        return 0;
    return pace_us(pace, 8 + 5 + 250) +
           3 * rtu_silence_us(settings->baud, settings->parity, settings->stop_bits);
}

// The transaction in progress may be in the pause that its own device asks for.
static int64_t longest_pause_us(const struct world *world)
{
    int64_t longest_ms = 0;
    for (size_t i = 0; i < world->site->device_count; i++) {
        if (world->site->devices[i].modbus.min_gap_ms > longest_ms)
            longest_ms = world->site->devices[i].modbus.min_gap_ms;
    }
    return longest_ms * US_PER_MS;
}

static void check_start(struct world *world, struct world_job *job)
{
    int64_t waited_us = world->now_us - job->posted_us;
    int64_t allowed_us =
        longest_transaction_us(world) + COMMAND_SLACK_US + 2 * longest_pause_us(world);
    if (world->kind == WORLD_GUESTS) // who may ask somebody who is not there
        allowed_us += (VISIT_TIMEOUT_MS + SILENCE_AFTER_TIMEOUT_MS) * US_PER_MS;
    if (job->is_careful) // polling goes on until it is noted
        allowed_us += longest_transaction_us(world) + longest_pause_us(world);
    job->has_begun = true;
    if (!job->is_alone || !world_is_clean(world))
        return;
    if (waited_us > world->witness.slowest_start_us)
        world->witness.slowest_start_us = waited_us;
    if (waited_us > allowed_us)
        witness_complain(world, "the first frame of a command left %lld us after it came",
                         (long long)waited_us);
}

static void check_turns(struct world *world, const struct world_frame *frame)
{
    struct world_job *job = &world->witness.jobs[frame->device];
    bool is_command = frame->request.address >= WRITABLE;
    bool is_of_hold = frame->request.address == HELD && !(job->is_open && job->is_keep);
    bool is_guest = visiting_is_frame(world, &frame->request);
    if (is_guest && job->is_open && job->has_begun && !job->is_patient && !job->is_careful)
        witness_complain(world, "a guest comes between the frames of a command of d%d",
                         frame->device);
    if (frame->request.address == MODEL || (is_of_hold && !job->is_open))
        return;
    if (is_command && !job->is_open)
        witness_complain(world, "a command's frame to d%d without a command", frame->device);
    if (is_command && job->is_open && !job->has_begun)
        check_start(world, job);
    if (is_command && !is_of_hold && frame->is_write && job->is_careful && !job->is_noted)
        witness_complain(world, "a write to d%d inside a try that was not noted",
                         frame->device);
    bool is_waiting = job->is_patient || (job->is_careful && !job->is_noted);
    bool is_kept = job->is_open && job->has_begun && !is_waiting && world_is_faultless(world);
    if (is_of_hold && is_kept && !job->is_careful) // it may go until the note is taken
        witness_complain(world, "d%d's setpoint is written amid its command", frame->device);
    if (!is_command && is_kept)
        witness_complain(world, "d%d is polled between the frames of its command",
                         frame->device);
}

static bool is_any_alive(const struct world *world)
{
    for (size_t i = 0; i < world->site->device_count; i++) {
        if (!world->witness.is_dead[i])
            return true;
    }
    return false;
}

// What the frame before cost, if it went to a unit that is dead.
static void count_dead_time(struct world *world)
{
    struct witness *witness = &world->witness;
    const struct world_frame *last = &witness->last;
    if (!last->sequence || last->sent_us < STEADY_US || !is_any_alive(world))
        return;
    int64_t passed_us = world->now_us - last->sent_us;
    const struct modbus_settings *modbus = &world->site->devices[last->device].modbus;
    int64_t longest_us = modbus->timeout_ms * US_PER_MS + longest_transaction_us(world);
    witness->counted_us += passed_us;
    bool is_poll = last->request.address < WRITABLE; // commands are somebody's wish
    if (witness->is_dead[last->device] && is_poll)
        witness->dead_us += passed_us < longest_us ? passed_us : longest_us;
}

void witness_frame(struct world *world, const struct request *request)
{
    struct witness *witness = &world->witness;
    int device = find_device(world, request->unit_id);
    if (device == NO_INDEX && visiting_is_frame(world, request))
        return;
    if (device == NO_INDEX) {
        witness_complain(world, "a frame to unit %u, which the site does not have",
                         request->unit_id);
        return;
    }
    count_dead_time(world);
    witness->last = (struct world_frame){
        .device = device,
        .request = *request,
        .sequence = ++witness->frames,
        .sent_us = world->now_us,
        .is_write = pdu_find_function(request->function)->is_write,
    };
    check_turns(world, &witness->last);
    if (request->address == HELD && witness->last.is_write)
        holding_frame(world, &witness->last);
    if (witness->last.is_write)
        check_write(world, &witness->last);
    else
        encode(world, &witness->last);
}

// ---- messages

static void check_words(struct world *world, const struct reading *reading)
{
    const struct world_frame *last = &world->witness.last;
    const struct block *block = reading->block;
    bool is_its = last->device == reading->device && last->request.address == block->address &&
                  last->request.count == block->count &&
                  last->request.function == pdu_read_function(block->table);
    if (!is_its || reading->word_count != block->count) {
        witness_complain(world, "a reading of d%u at %u that was not asked for last",
                         reading->device, block->address);
        return;
    }
    for (uint16_t i = 0; i < reading->word_count; i++) {
        uint16_t address = (uint16_t)(block->address + i);
        uint16_t expected = witness_word(reading->device, address, last->sequence);
        if (address < WRITABLE && reading->words[i] != expected) {
            witness_complain(world, "WRONG VALUE: d%u register %u is %u, not %u",
                             reading->device, address, reading->words[i], expected);
            return;
        }
    }
}

// Every period has its reading.
static void check_period(struct world *world, const struct reading *reading)
{
    struct witness *witness = &world->witness;
    size_t at = 0;
    while (at < witness->block_count && (witness->blocks[at].block != reading->block ||
                                         witness->blocks[at].device != reading->device))
        at++;
    if (at == WORLD_BLOCKS)
        return;
    if (at == witness->block_count) {
        witness->block_count++;
        witness->blocks[at].block = reading->block;
        witness->blocks[at].device = reading->device;
    } else {
        int64_t passed_us = world->now_us - witness->blocks[at].read_us;
        int64_t over_us = passed_us - reading->block->every_ms * US_PER_MS;
        if (over_us > witness->longest_gap_us)
            witness->longest_gap_us = over_us;
        if (over_us > (reading->block->every_ms + SLACK_MS) * US_PER_MS)
            witness_complain(world, "d%u at %u, every %lld ms, was not read for %lld ms",
                             reading->device, reading->block->address,
                             (long long)reading->block->every_ms,
                             (long long)(passed_us / US_PER_MS));
    }
    witness->blocks[at].read_us = world->now_us;
}

static void see_reading(struct world *world, const struct reading *reading)
{
    if (reading->fault) {
        world->witness.faults++;
        if (world_is_faultless(world))
            witness_complain(world, "d%u at %u fails (%s) though nothing is wrong",
                             reading->device, reading->block->address,
                             fault_names[reading->fault]);
        return;
    }
    world->witness.readings++;
    if (world->witness.is_stranger[reading->device])
        witness_complain(world, "STRANGER: d%u is read, which is another device",
                         reading->device);
    check_words(world, reading);
    if (world_is_clean(world))
        check_period(world, reading);
}

static void see_result(struct world *world, struct job_result *result)
{
    struct witness *witness = &world->witness;
    struct world_job *job = &witness->jobs[result->device];
    struct bank *bank = entries_bank(sim_device_entries(world->devices[result->device]));
    bool is_held = bank_word(bank, BANK_OWN_UNIT, TABLE_HOLDING, WRITABLE) == job->value &&
                   bank_word(bank, BANK_OWN_UNIT, TABLE_HOLDING, WRITABLE + 1) == job->value;
    if (!job->is_open)
        witness_complain(world, "a result for d%u that nobody waits for", result->device);
    if (result->outcome == JOB_COMPLETED && job->value && !is_held)
        witness_complain(world, "UNTRUE: d%u completed, but does not hold %u", result->device,
                         job->value);
    bool is_good = result->outcome == JOB_COMPLETED;
    if (is_good && job->is_noted)
        witness_complain(world, "d%u completed, and its try is noted as open", result->device);
    if (!is_good && world_is_faultless(world) && !world->is_stopping)
        witness_complain(world, "a command of d%u failed though nothing is wrong: %s",
                         result->device, result->message);
    witness->jobs_completed += is_good;
    witness->jobs_failed += !is_good;
    job->is_open = false;
    job->done_us = world->now_us;
    job_result_free(result);
}

static void see_note(struct world *world, const struct message *message)
{
    struct job_noted noted = {
        .serial = message->note.serial,
        .device = message->note.device,
        .number = message->note.number,
        .is_kept = true,
    };
    world->witness.jobs[noted.device].is_noted = message->note.tries.count > 0;
    if (world->is_joined)
        return;
    if (!bus_post_noted(atomic_load(&world->bus), &noted))
        witness_complain(world, "the bus took no answer to a note");
    world->has_posted = true;
}

// It was never told from another one: chance kept it too busy for ten seconds.
static bool is_unsaid(const struct health_change *change)
{
    static const char words[] = "it does not say who it is";
    return strncmp(change->text, words, sizeof words - 1) == 0;
}

// A unit that answers again is noticed within its probe.
static void check_return(struct world *world, const struct health_change *change)
{
    struct witness *witness = &world->witness;
    bool is_other = change->health == HEALTH_OFFLINE && change->fault == FAULT_IDENTITY;
    if (is_other && !witness->is_stranger[change->device] && !is_unsaid(change))
        witness_complain(world, "d%u is taken for another device", change->device);
    if (change->health != HEALTH_ONLINE || !witness->back_us[change->device])
        return;
    int64_t took_ms = (world->now_us - witness->back_us[change->device]) / US_PER_MS;
    int64_t share_ms = 0; // all units that are dead, this one included, share 1/20
    for (size_t i = 0; i < world->site->device_count; i++) {
        if (witness->is_dead[i] || witness->back_us[i])
            share_ms += world->site->devices[i].modbus.timeout_ms * DEAD_SHARE;
    }
    int64_t allowed_ms = share_ms > LONGEST_PROBE_MS ? share_ms : LONGEST_PROBE_MS;
    if (took_ms > allowed_ms + PROBE_SLACK_MS)
        witness_complain(world, "d%u was noticed %lld ms after it came back", change->device,
                         (long long)took_ms);
    witness->back_us[change->device] = 0;
}

void witness_silence(struct world *world, int device, bool is_dead)
{
    struct witness *witness = &world->witness;
    if (witness->is_dead[device] && !is_dead)
        witness->back_us[device] = world->now_us;
    if (is_dead)
        witness->back_us[device] = 0;
    witness->is_dead[device] = is_dead;
}

void witness_messages(struct world *world)
{
    struct message message;
    while (mailbox_take(world->to_main, &message)) {
        // Once the bus is joined its blocks are gone.
        if (message.kind == MESSAGE_READING && !world->is_joined)
            see_reading(world, &message.reading);
        else if (message.kind == MESSAGE_JOB_NOTE)
            see_note(world, &message);
        else if (message.kind == MESSAGE_JOB_DONE)
            see_result(world, message.result);
        else if (message.kind == MESSAGE_HEALTH)
            check_return(world, &message.health);
    }
}

static void check_unnoticed(struct world *world)
{
    for (size_t i = 0; i < world->site->device_count; i++) {
        int64_t back_us = world->witness.back_us[i];
        if (back_us && world->now_us - back_us > 10 * (int64_t)LONGEST_PROBE_MS * US_PER_MS)
            witness_complain(world, "d%zu came back at %.0f s and was never noticed", i,
                             (double)back_us / US_PER_S);
    }
}

void witness_end(struct world *world)
{
    const struct witness *witness = &world->witness;
    check_unnoticed(world);
    holding_end(world);
    visiting_end(world);
    if (witness->dead_us * 100 > witness->counted_us * DEAD_PERCENT_ALLOWED)
        witness_complain(world, "dead units took %.1f %% of the bus's time",
                         100.0 * (double)witness->dead_us / (double)witness->counted_us);
    if (world->kind == WORLD_STRANGERS && !witness->foreign)
        witness_complain(world, "the other master never spoke");
    if (world->kind == WORLD_HOLDS && !witness->renewals)
        witness_complain(world, "nothing was held");
    if (world->kind != WORLD_UNPLUGGED && !witness->readings)
        witness_complain(world, "nothing was ever read");
}
