// SPDX-License-Identifier: MIT
// The one place that decides what goes wrong: a script, seeded chance and the time say what is
// done to a request, and to the bytes of its answer. The same calls at the same times with the
// same seed give the same faults. No sockets. One owner, one thread.
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/faults.h"
#include "wire/frame.h"

struct faults;

enum {
    FAULTS_IDLE = -1,
    FAULTS_ROOM = 6 * MAX_FRAME, // of what faults_spoil makes of one answer
    MAX_FAULT_REPEAT = 3,
    MAX_FAULT_NOISE = 64,
};

// What a request is about.
struct fault_scene {
    int bus;    // index, or NO_INDEX
    int device; // index, or NO_INDEX: nobody has the unit id
    uint8_t unit_id;
    const struct request *request; // NULL: not one that is known
};

// No faults yet. The caller owns it.
struct faults *faults_new(uint64_t seed);
void faults_free(struct faults *faults);

// The script in force from now on, instead of the one before; its times count from now. It must
// outlive the faults or the next call. NULL: nothing goes wrong. The seed starts anew with the
// script's, if it has one.
void faults_take(struct faults *faults, const struct fault_script *script, int64_t now_us);

// What happens to a request that arrives now: what all rules that concern it say together.
// `faults` may be NULL.
void faults_of_request(struct faults *faults, const struct fault_scene *scene, int64_t now_us,
                       struct fault_effect *ret_effect);

// What is the matter with a line as a whole: refuse, unplug and strict_gap.
void faults_of_line(const struct faults *faults, int bus, int64_t now_us,
                    struct fault_effect *ret_effect);

// When a rule about lines begins or ends next, or FAULTS_IDLE.
int64_t faults_next_us(const struct faults *faults, int64_t now_us);

// How much later than usual the answer leaves.
int64_t faults_latency_us(struct faults *faults, const struct fault_effect *effect);

// An answer on its way out. For TCP `transaction` is what the request had.
struct fault_answer {
    enum framing framing;
    uint16_t transaction;
    uint8_t unit_id;
    const uint8_t *pdu;
    size_t pdu_length;
    const uint8_t *request; // its frame, for the echo
    size_t request_length;
    const uint8_t *stale; // the frame of the unit's answer before; or NULL
    size_t stale_length;
};

// Writes the bytes that go out instead of the answer's frame and returns how many; 0: none.
size_t faults_spoil(struct faults *faults, const struct fault_effect *effect,
                    const struct fault_answer *answer, uint8_t ret_bytes[FAULTS_ROOM]);

#endif
