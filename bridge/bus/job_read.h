// SPDX-License-Identifier: MIT
// Fresh reads for a command: the entries some formulas need, and what these need in turn, in
// few requests. What comes is stored into the job's image. One thread, the job's.
//
// A read without answer, or with a garbled one, is repeated once; a busy device (exception 6)
// is asked again. A request for several entries that is refused is split, so that one missing
// register does not hide the others.
#ifndef BUS_JOB_READ_H
#define BUS_JOB_READ_H

#include "bus/job_state.h"

// Nothing is wanted yet; job->map and job->now_ms are set. job_read_done frees it.
void job_read_init(struct job *job);
void job_read_done(struct job *job);

// Begins anew: nothing is needed yet.
void job_read_begin(struct job *job);

// Adds what is needed. The words of an entry are just these, without what its value needs, and
// are read even while its `when` is false.
void job_read_need(struct job *job, int point);
void job_read_need_formula(struct job *job, const struct formula *formula); // NULL: nothing
void job_read_need_text(struct job *job, const struct text_template *text); // NULL: nothing
void job_read_need_words(struct job *job, int point);

// Reads. PROGRESS_DONE when every entry was tried, also when some could not be read.
enum progress job_read_run(struct job *job);

// Whether the entry's words came since job_read_begin.
bool job_read_came(const struct job *job, int point);

// Whether the entry was asked for since job_read_begin and not answered.
bool job_read_silent(const struct job *job, int point);

// Whether something a formula needs, directly or through others, was not answered.
bool job_read_misses(struct job *job, const struct formula *formula);

// The silence among what was read, or FAULT_NONE.
enum fault job_read_fault(const struct job *job);

#endif
