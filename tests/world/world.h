// SPDX-License-Identifier: MIT
// A world in which nothing takes time but what the world says: the real bus (agenda, health,
// jobs, polling, link) over a line and devices in memory. The same seed gives the same world,
// to the microsecond. See docs/testing.md.
//
// physics.c stands in for base/clock.c, bus/link_port.c and bus/link_open.c: whoever links it
// gets virtual time. scenery.c makes a site, devices and faults of a seed. witness.c looks at
// every frame and message, and complains; holding.c looks at what is held. visiting.c asks for
// others.
#ifndef WORLD_WORLD_H
#define WORLD_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/mailbox.h"
#include "base/time_units.h"
#include "bus/bus.h"
#include "bus/guests.h"
#include "sim/channel.h"

enum {
    WORLD_DEVICES = 8,
    WORLD_BLOCKS = 64,
    WRITABLE = 1000, // addresses from here on are for commands, below for polling
    HELD = 1010,     // ... a setpoint that is held
    MODEL = 1020,    // ... what says who the device is
    RIGHT_MODEL = 41,
    WRONG_MODEL = 7,
    VISIT_TIMEOUT_MS = 200,        // that a guest waits at most
    SILENCE_AFTER_TIMEOUT_MS = 50, // before a serial line is used again
    TOLD_TIMES = 20,               // complaints printed of one world
};

enum world_kind {
    WORLD_CLEAN_RTU,
    WORLD_CLEAN_TCP,
    WORLD_NOISY_RTU,
    WORLD_FAULTY_TCP,
    WORLD_DEAD_UNITS,
    WORLD_LATE_RTU,
    WORLD_UNPLUGGED,
    WORLD_STRANGERS,
    WORLD_IDENTIFY,
    WORLD_HOLDS,
    WORLD_GUESTS,
    WORLD_KINDS,
};

extern const char *const world_kind_names[WORLD_KINDS];

// A frame that the bus sent.
struct world_frame {
    int device; // index, or NO_INDEX
    struct request request;
    uint64_t sequence; // of all frames; its registers answer with it
    int64_t sent_us;
    bool is_write;
};

// A command on its way.
struct world_job {
    bool is_open;
    bool has_begun;  // its first frame was seen
    bool is_patient; // it has a step that waits
    bool is_careful; // its writes are inside a try
    bool is_noted;   // ... that was noted as open
    bool is_alone;   // no other was open when it was posted
    bool is_keep;    // it begins a hold
    int64_t posted_us;
    int64_t done_us; // the last one of the device
    uint16_t value;  // what it leaves in the registers; 0: nothing
    uint16_t held;   // what it holds
};

// A setpoint that is held.
struct world_hold {
    bool is_open;
    uint16_t value;
    int64_t until_us;
    int64_t last_us; // written last
};

// Somebody else who asks, one request at a time.
struct visitor {
    uint64_t ticket; // of the guest under way; 0: none
    bool is_absent;  // whom it asks
    bool has_left;
};

struct visits {
    struct mailbox *answers;
    struct visitor visitors[MAX_GUESTS];
    uint64_t tickets;
    uint64_t answered;
    uint64_t withdrawn; // before they were asked
};

// What the witness remembers.
struct witness {
    struct world_frame last;
    struct world_job jobs[WORLD_DEVICES];
    struct world_hold holds[WORLD_DEVICES];
    bool is_stranger[WORLD_DEVICES]; // another device answers at its address
    uint64_t renewals;
    int64_t latest_renewal_us; // after its date
    uint64_t foreign;          // frames of another master
    struct {
        const struct block *block;
        int device;
        int64_t read_us;
    } blocks[WORLD_BLOCKS];
    size_t block_count;
    uint8_t written[WORLD_DEVICES][2][65536 / 8]; // values that were written to 1000 and 1001
    bool is_dead[WORLD_DEVICES];                  // it does not answer at present
    int64_t back_us[WORLD_DEVICES];               // it answers again since, and was not noticed
    int64_t dead_us;                              // bus time spent on dead units
    int64_t counted_us;                           // in so much time
    uint64_t frames;
    uint64_t readings;
    uint64_t faults;
    uint64_t jobs_completed;
    uint64_t jobs_failed;
    int64_t slowest_start_us; // of a command that was alone: until its first frame
    int64_t longest_gap_us;   // between two readings of a block, over its period
    unsigned complaints;
};

struct world {
    enum world_kind kind;
    uint64_t seed;
    uint64_t random;
    int64_t now_us;
    int64_t end_us;
    int64_t told_from_us; // frames are printed from here to told_to_us
    int64_t told_to_us;
    uint64_t standstill; // looks at the clock since time last passed

    struct arena *arena;
    const struct site *site;
    struct sim_device *devices[WORLD_DEVICES];
    struct faults *faults;
    struct fault_rule rules[16];
    struct fault_script script;

    struct line line;
    struct channel channel;
    bool is_open;
    bool is_gone; // the connection was closed by the other end, or the port pulled out
    uint8_t received[8 * FAULTS_ROOM];
    size_t received_length;
    int64_t quiet_us; // when the last byte the bus knows of had ended on the wire

    struct bus *_Atomic bus;
    struct mailbox *to_main;
    bool has_posted; // something for the bus's inbox
    bool is_stopping;
    bool is_joined;
    int64_t next_command_us;
    uint16_t next_value;
    int64_t next_stranger_us; // when another master speaks
    int64_t hold_every_us;
    int64_t hold_for_us;

    struct visits visits;
    struct witness witness;
};

// scenery.c: makes the site and everything in it; false when the site is refused (a bug of the
// scenery, printed).
bool world_make(struct world *world);
void world_free(struct world *world);
uint32_t world_draw(struct world *world, uint32_t limit); // 0 .. limit - 1
bool world_is_clean(const struct world *world);           // nothing goes wrong in it
bool world_is_faultless(const struct world *world);       // ... that could make a request fail

// physics.c: the world whose time passes. Everything happens in the bus's thread.
void physics_begin(struct world *world);

// witness.c
void witness_frame(struct world *world, const struct request *request);
void witness_messages(struct world *world);
void witness_silence(struct world *world, int device, bool is_dead);
void witness_end(struct world *world);
void witness_complain(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// holding.c
void holding_frame(struct world *world, const struct world_frame *frame);
void holding_end(struct world *world);

// visiting.c
void visiting_turn(struct world *world);
bool visiting_is_frame(const struct world *world, const struct request *request);
void visiting_end(struct world *world);

// What register `address` of a device says to request `sequence`.
uint16_t witness_word(int device, uint16_t address, uint64_t sequence);

#endif
