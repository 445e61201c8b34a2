// SPDX-License-Identifier: MIT
// Signals as a descriptor: SIGTERM and SIGINT, and others a program listens to. Call before
// threads start: they inherit what is blocked.
#ifndef BASE_STOP_SIGNALS_H
#define BASE_STOP_SIGNALS_H

#include <stddef.h>

#include "base/error.h"

// Blocks both signals and returns a descriptor that is readable once one came; the caller
// closes it. -1 with err when the system has no more descriptors.
int stop_signals_open(struct error *err);

// Takes one signal that came: the descriptor is readable again only when another one comes.
void stop_signals_take(int descriptor);

// The same for any signals; signals_take returns which one came, or 0.
int signals_open(const int *signals, size_t count, struct error *err);
int signals_take(int descriptor);

#endif
