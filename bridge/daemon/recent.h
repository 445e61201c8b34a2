// SPDX-License-Identifier: MIT
// Commands that wait or run, and the latest ones that are over: for `status` and the local
// page. Time is an argument. The main thread owns it. Texts are copied: a row outlives the
// configuration that its command came from.
#ifndef DAEMON_RECENT_H
#define DAEMON_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/message.h"

enum {
    RECENT_FINISHED = 50, // of those that are over, the oldest ones are forgotten beyond that
    RECENT_LINES = 8,     // of a command's log; the oldest are forgotten beyond that
};

enum recent_origin { RECENT_CLOUD, RECENT_LOCAL };

enum recent_state { RECENT_WAITING, RECENT_RUNNING, RECENT_COMPLETED, RECENT_ERROR };

// The words for them in JSON.
extern const char *const recent_origin_names[];
extern const char *const recent_state_names[];

// On both clocks; monotonic_ms is 0: not yet.
struct recent_instant {
    int64_t monotonic_ms;
    int64_t wall_ms;
};

struct recent_line {
    char *text;
    int64_t monotonic_ms;
};

struct recent_command {
    struct recent_command *next;
    uint64_t number;
    char *id;
    char *device;    // name in the site
    char *name;      // "" when the request named none
    char *arguments; // "rate=75, mode=fast", without secrets
    enum recent_origin origin;
    enum recent_state state;
    struct recent_instant received;
    struct recent_instant started; // its bus has it
    struct recent_instant finished;
    struct recent_line lines[RECENT_LINES]; // of its log, oldest first
    size_t line_count;
    char *message; // of one that is over: what went wrong, or the result's values; else NULL
};

struct recent {
    struct recent_command *first; // in the order they came
    uint64_t last_number;
};

// Frees all rows; numbers go on.
void recent_done(struct recent *recent);

// What a new row says; borrowed.
struct recent_subject {
    enum recent_origin origin;
    const char *id;
    const char *device;
    const char *name;
    const char *arguments; // NULL: none
};

// Adds a command that waits. Returns its number, for the functions below, which do nothing when
// it is forgotten.
uint64_t recent_add(struct recent *recent, const struct recent_subject *subject,
                    const struct recent_instant *received);

// NULL: it is forgotten.
const struct recent_command *recent_find(const struct recent *recent, uint64_t number);

// It was none: a repetition of another one.
void recent_forget(struct recent *recent, uint64_t number);

// Its bus has it since `now`.
void recent_start(struct recent *recent, uint64_t number, const struct recent_instant *now);

// A line of its log; the oldest makes room for it.
void recent_log(struct recent *recent, uint64_t number, const char *text, int64_t now_ms);

// It is over; `state` is RECENT_COMPLETED or RECENT_ERROR.
void recent_finish(struct recent *recent, uint64_t number, enum recent_state state,
                   const char *message, const struct recent_instant *now);

// Whether a command has arguments that must not be shown.
bool recent_has_secrets(const struct command *command);

// The arguments of a job, without secrets, and the values of a result, as text. Heap; the
// caller frees it.
char *recent_arguments(const struct job_request *job);
char *recent_values(const struct job_result *result);

#endif
