// SPDX-License-Identifier: MIT
// `when` of entries that a command writes: an entry whose condition is false is not there on
// this device, and writing its register would change something else or nothing. One thread, the
// job's.
//
// The conditions are checked before the first write leaves (after the map's own require steps,
// whose words say more), but for those that an earlier step may change: one that writes or
// awaits (expect) what the condition depends on, or waits for the device to come back. These
// are checked right before their own write, as are writes of steps that have a condition
// themselves, and those of on_failure.
#ifndef BUS_JOB_WHEN_H
#define BUS_JOB_WHEN_H

#include "bus/job_state.h"

// Adds to the present round of reads what is to be known of conditions before this write step.
void job_when_need(struct job *job, const struct step *step);

// Checks them. -1: `err` says which entry cannot be written, and why. A condition that cannot
// be read does not keep an on_failure from being tried.
int job_when_check(struct job *job, const struct step *step, struct error *err);

#endif
