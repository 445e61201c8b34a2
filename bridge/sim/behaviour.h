// SPDX-License-Identifier: MIT
// What a simulated device does by itself: the rules and the noise of its map's simulation
// section (docs/simulation.md). Time is an argument; the same calls at the same times give the
// same device. One owner, one thread.
#ifndef SIM_BEHAVIOUR_H
#define SIM_BEHAVIOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/entries.h"

struct behaviour;

enum { BEHAVIOUR_IDLE = -1 };

// Behaviour of a device as it is now: conditions that hold already do not fire. `simulation`
// may be NULL (a device that only keeps what is written); it and `entries` must outlive the
// behaviour. `seed` makes the noise. The caller owns it.
struct behaviour *behaviour_new(const struct simulation *simulation, struct entries *entries,
                                uint32_t seed, int64_t now_ms);
void behaviour_free(struct behaviour *behaviour);

// The exception with which the device refuses a write that has just been put into its bank, or
// 0. The caller takes the write back when it is refused.
uint8_t behaviour_refusal(struct behaviour *behaviour, int unit, struct span span);

// A client's write has been accepted.
void behaviour_written(struct behaviour *behaviour, int unit, struct span span, int64_t now_ms);

// Does everything that is due up to now.
void behaviour_step(struct behaviour *behaviour, int64_t now_ms);

// When behaviour_step has something to do next, or BEHAVIOUR_IDLE.
int64_t behaviour_next(const struct behaviour *behaviour);

// Whether a rule silenced the device.
bool behaviour_is_silent(const struct behaviour *behaviour, int64_t now_ms);

// Whether a rule asked, since the last call, that the device's connections be closed.
bool behaviour_take_close(struct behaviour *behaviour);

#endif
