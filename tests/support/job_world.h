// SPDX-License-Identifier: MIT
// A device in memory, a map of it, and a bus without wires: drives a job with virtual time and
// keeps a record of every frame. Include it after cmocka.h. The map is the same for every
// world, so a program has one at a time (job_map.c); how a command is put together is in
// job_steps.c.
#ifndef SUPPORT_JOB_WORLD_H
#define SUPPORT_JOB_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bus/job.h"

enum world_point {
    RUN,
    RATE,
    RATE_MIN,
    RATE_MAX,
    RATE_MAX_HALF,
    STATE,
    STATE_VIEW,
    MODE,
    SLOT,
    PAIR_A,
    PAIR_B,
    FAR_ONE,
    WORN,
    REBOOT,
    LAMP,
    LAMP_2,
    POWER_SF,
    POWER,
    SCALED,
    NAME,
    CONFIG_BEGIN,
    CONFIG_COMMIT,
    IN_PROGRESS,
    OVER_MODBUS,
    LAST_RESULT,
    INVALID_HOLDING,
    DEFAULT_RATE,
    DRYER_ONLINE,
    DRYER_LEVEL,
    WORLD_POINTS,
};

enum {
    WORLD_UNIT = 7,
    ANSWER_MS = 5, // what a transaction takes
    TIMEOUT_MS = 1000,
    MAX_FRAMES = 4000,
    ANY = -1,
    FOR_EVER = 1000000,
};

// What the device does to some requests instead of granting them.
struct rule {
    bool is_write;
    int address;       // or ANY
    int skip;          // so many matching requests are granted first
    int times;         // then so many are treated thus
    bool is_executed;  // a write takes effect all the same
    bool is_unsent;    // the frame never left
    enum fault fault;  // what the bus sees
    uint8_t exception; // with FAULT_EXCEPTION
};

// A register that changes by itself.
struct change {
    int64_t at_ms;
    enum table table;
    uint16_t address;
    uint16_t word;
};

struct frame_record {
    int64_t at_ms;
    struct request request;
    bool is_write;
};

struct world {
    struct arena *arena;
    struct map map;
    struct modbus_settings modbus;
    struct plan_request planning;
    struct command command;
    struct argument arguments[4];
    struct result_field results[4];
    struct image *image;
    uint16_t *tables[TABLE_COUNT];

    struct rule rules[8];
    size_t rule_count;
    struct change changes[8];
    size_t change_count;
    void (*on_write)(struct world *world, uint16_t address, uint16_t word);

    int64_t now_ms;
    int stop_at; // event STOP at this call of job_step; 0: never
    int calls;
    int fault_at; // the so-manieth request meets `fault` (executed or not); 0: never
    enum fault fault;
    bool is_executed;
    int forget_at; // the so-manieth request finds a new connection: nothing is known any more
    struct frame_record frames[MAX_FRAMES];
    int frame_count;
    int reconnects;
    char logs[400];
    int64_t waited_ms;
    struct job_result *result;
    int holds_begun; // frames that said they begin a hold; what the last of them said
    int64_t hold_for_ms;
    struct request hold_frame;
    char story[4000]; // writes and notes in their order: "[1]200=1 [1 2!]201=0 []"
    int refuses_note; // the so-manieth note cannot be kept; 0: none
    int forgets_note; // ... is never answered
    int note_count;
    int64_t note_ms; // what a note takes
};

// The entries of the map. A test may change them: world_new makes them anew.
extern struct point world_points[WORLD_POINTS];

// The steps of a list, and how many they are: two arguments of a call.
#define STEPS(...)                                                                             \
    (const struct step[]){__VA_ARGS__},                                                        \
        sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step)

// Makes world_points what they are at first: a test may have changed them.
void world_fill_points(void);

// A formula over the entries of the map and the arguments of the command; fails the test when
// it does not parse. Owned by the world.
const struct formula *world_formula(struct world *world, const char *text);

// A device that holds zeros, the map above and a command without steps. Free it with
// world_free.
struct world *world_new(void);

// NULL is not allowed. The last result goes with it.
void world_free(struct world *world);

// Puts a value (raw, before scale) into the device.
void world_hold(struct world *world, int index, double value);

// The raw value that the device holds.
double world_held(const struct world *world, int index);

// "key := formula; key := formula": one step that writes and reads back.
struct step world_write(struct world *world, const char *text);

// "text with {formula} in it"; NULL gives NULL.
const struct text_template *world_text(struct world *world, const char *text);

// One step each. `otherwise` is what it says when it does not hold; NULL: the condition itself.
struct step world_require(struct world *world, const char *condition, const char *otherwise);
struct step world_expect(struct world *world, const char *condition, int64_t within_ms);
struct step world_wait(int64_t duration_ms);
struct step world_log(struct world *world, const char *text);

// A copy that lives as long as the world.
struct step *world_steps(struct world *world, const struct step *steps, size_t count);

// The steps of the command; their order is kept. Call it with STEPS(..).
void world_command(struct world *world, const struct step *steps, size_t count);

// Steps that are undone by on_failure. Call it with STEPS(..) twice, or with NULL, 0.
struct step world_try(struct world *world, const struct step *steps, size_t count,
                      const struct step *on_failure, size_t on_failure_count);

// Adds an argument without limits and target; what more it has is set in world->arguments.
void world_argument(struct world *world, const char *key, enum argument_type type);

// Adds an entry to what the command answers with.
void world_result(struct world *world, const char *key);

// The command sets production_rate to its argument and answers with it; with limits, the
// argument is at least rate_min and at most half of rate_max, 60 and 100 %.
void world_set_rate(struct world *world);
void world_limit_rate(struct world *world);

// What the device does from now on, until the rule is used up; the first that matches counts.
void world_rule(struct world *world, struct rule rule);

// From at_ms (of the world's clock) on the register of the entry holds the word.
void world_change(struct world *world, int64_t at_ms, int index, uint16_t word);

// A request for the command, serial 99, device 3. The caller owns it; `arguments` as many as
// the command has, NULL for none.
struct job_request *world_request(const struct world *world, const struct value *arguments);

// Does what the job asks for, in virtual time. False when it is done, true with the next event;
// `answer` belongs to the event.
bool world_serve(struct world *world, const struct job_action *action,
                 struct job_event *ret_event, struct answer *answer);

// Runs a request to its end; the result is the world's. Takes ownership of the request.
const struct job_result *world_run_request(struct world *world, struct job_request *request);

// Runs the command to its end; the result is the world's. `arguments` as in world_request.
const struct job_result *world_run(struct world *world, const struct value *arguments);

// Write frames that covered an address (ANY: all).
int world_writes(const struct world *world, int address);

// Fails the test when nothing was written.
const struct request *world_last_write(const struct world *world);

// For tests with a world as their state: WORLD_TEST(test_function).
int world_set_up(void **state);
int world_tear_down(void **state);
#define WORLD_TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, world_set_up, world_tear_down)

// Of the last result.
void assert_completed(const struct world *world);
void assert_failed(const struct world *world, const char *message);

#endif
