// SPDX-License-Identifier: MIT
#include "bus/job_verify.h"

#include <stdio.h>
#include <string.h>

#include "bus/job_read.h"
#include "bus/job_text.h"
#include "registers/codec.h"

enum {
    FIRST_PAUSE_MS = 100,
    LONGEST_PAUSE_MS = 500,
};

static struct job_written *find_written(const struct job *job, int point)
{
    struct job_written *written = job->written;
    while (written && written->point != point)
        written = written->next;
    return written;
}

void job_note_written(struct job *job, int point, const uint16_t *words,
                      const struct value *value)
{
    const struct point *words_of = map_words_of(job->map, &job->map->points[point]);
    struct job_written *written = find_written(job, point);
    if (!written) {
        written = ARENA_NEW(job->arena, struct job_written);
        written->point = point;
        written->next = job->written;
        job->written = written;
    }
    memcpy(written->words, words, words_of->word_count * sizeof *words);
    written->is_secret = value == NULL;
    if (value)
        job_name_value(job, point, value, written->wanted, sizeof written->wanted);
}

// What was written to an entry that can be read, or NULL.
static const struct job_written *comparable(const struct job *job,
                                            const struct assignment *write)
{
    const struct point *words_of = map_words_of(job->map, &job->map->points[write->point]);
    return words_of->access & ACCESS_READ ? find_written(job, write->point) : NULL;
}

void job_name_doubt(const struct doubt *doubt, char *ret_text, size_t size)
{
    char reason[JOB_NAME_SIZE];
    job_name_fault(doubt->fault, doubt->exception, reason, sizeof reason);
    if (doubt->fault == FAULT_EXCEPTION)
        (void)snprintf(ret_text, size, "%s at the write", reason);
    else
        (void)snprintf(ret_text, size, "no answer to the write");
}

bool job_verify_begin(struct job *job, const struct step *step, const struct doubt *doubt)
{
    int64_t within_ms = step->within_ms > 0 ? step->within_ms : job->modbus->verify_within_ms;
    job->verify = (struct job_verify){
        .writes = step->writes,
        .write_count = step->write_count,
        .doubt = *doubt,
        .until_ms = job->now_ms + within_ms,
        .next_ms = job->now_ms,
        .pause_ms = FIRST_PAUSE_MS,
    };
    for (size_t i = 0; i < step->write_count; i++) {
        if (comparable(job, &step->writes[i]))
            return true;
    }
    return false;
}

static bool holds(const struct job *job, const struct job_written *written)
{
    return job_read_came(job, written->point) &&
           codec_words_equal(&job->map->points[written->point],
                             image_words(job->image, written->point), written->words);
}

// The first entry that does not hold what was written to it, or NULL.
static const struct job_written *find_different(const struct job *job)
{
    const struct job_verify *verify = &job->verify;
    for (size_t i = 0; i < verify->write_count; i++) {
        const struct job_written *written = comparable(job, &verify->writes[i]);
        if (written && !holds(job, written))
            return written;
    }
    return NULL;
}

static enum progress fail_unread(struct job *job, const struct job_written *written)
{
    char name[JOB_NAME_SIZE];
    char reason[JOB_NAME_SIZE];
    char doubt[JOB_NAME_SIZE];
    uint8_t exception = 0;
    enum fault fault = image_fault(job->image, written->point, &exception);
    bool silent = job_read_silent(job, written->point);
    job_name_point(job, written->point, name, sizeof name);
    job_name_fault(fault, exception, reason, sizeof reason);
    if (job->verify.doubt.fault == FAULT_NONE)
        return job_fail(job, silent ? fault : FAULT_NONE,
                        "%s was written, but could not be read back: %s", name, reason);
    job_name_doubt(&job->verify.doubt, doubt, sizeof doubt);
    (void)job_fail(job, job->verify.doubt.fault,
                   "%s of %s, and it could not be read back (%s): outcome unknown", doubt, name,
                   reason);
    job->failure.is_unknown = true;
    return PROGRESS_FAILED;
}

static void add_words(const struct point *point, const uint16_t *words, char *text, size_t size)
{
    size_t used = strlen(text);
    for (int i = 0; i < point->word_count && used < size; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%04X", i ? " " : " = 0x", words[i]);
}

static enum progress fail_different(struct job *job, const struct job_written *written)
{
    char name[JOB_NAME_SIZE];
    char held[JOB_NAME_SIZE];
    char wanted[JOB_NAME_SIZE];
    char doubt[JOB_NAME_SIZE] = "";
    const struct point *words_of = map_words_of(job->map, &job->map->points[written->point]);
    job_name_point(job, written->point, name, sizeof name);
    job_name_held(job, written->point, held, sizeof held);
    memcpy(wanted, written->wanted, sizeof wanted);
    if (strcmp(held, wanted) == 0) {
        add_words(words_of, image_words(job->image, written->point), held, sizeof held);
        add_words(words_of, written->words, wanted, sizeof wanted);
    }
    bool is_in_doubt = job->verify.doubt.fault != FAULT_NONE;
    const char *joint = is_in_doubt ? ", and " : "";
    if (is_in_doubt)
        job_name_doubt(&job->verify.doubt, doubt, sizeof doubt);
    if (written->is_secret)
        (void)job_fail(job, FAULT_NONE, "%s%s%s does not read back as written", doubt, joint,
                       name);
    else
        (void)job_fail(job, FAULT_NONE, "%s%s%s reads back as %s instead of %s", doubt, joint,
                       name, held, wanted);
    // With an exception the equipment has said itself that it did not do it.
    job->failure.mismatch = job->verify.doubt.fault != FAULT_EXCEPTION;
    return PROGRESS_FAILED;
}

static enum progress fail_verify(struct job *job, const struct job_written *written)
{
    job->verify.is_reading = false;
    if (!job_read_came(job, written->point))
        return fail_unread(job, written);
    return fail_different(job, written);
}

static void begin_reading(struct job *job)
{
    struct job_verify *verify = &job->verify;
    job_read_begin(job);
    for (size_t i = 0; i < verify->write_count; i++) {
        const struct job_written *written = comparable(job, &verify->writes[i]);
        if (written)
            job_read_need_words(job, written->point);
    }
    verify->is_reading = true;
}

enum progress job_verify_run(struct job *job)
{
    struct job_verify *verify = &job->verify;
    if (!verify->is_reading) {
        if (job->now_ms < verify->next_ms)
            return job_wait(job, verify->next_ms);
        begin_reading(job);
    }
    enum progress progress = job_read_run(job);
    if (progress != PROGRESS_DONE)
        return progress;
    verify->is_reading = false;
    const struct job_written *different = find_different(job);
    if (!different)
        return PROGRESS_DONE;
    if (job->now_ms >= verify->until_ms)
        return fail_verify(job, different);
    verify->next_ms = job->now_ms + verify->pause_ms;
    if (verify->next_ms > verify->until_ms)
        verify->next_ms = verify->until_ms;
    verify->pause_ms *= 2;
    if (verify->pause_ms > LONGEST_PAUSE_MS)
        verify->pause_ms = LONGEST_PAUSE_MS;
    return PROGRESS_AGAIN;
}
