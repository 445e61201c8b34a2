// SPDX-License-Identifier: MIT
#include "bus/job_write.h"

#include <stdio.h>
#include <string.h>

#include "bus/job_hold.h"
#include "bus/job_limit.h"
#include "bus/job_read.h"
#include "bus/job_text.h"
#include "bus/job_verify.h"
#include "bus/job_when.h"
#include "registers/codec.h"

enum {
    STAGE_READ = STAGE_FIRST + 1,
    STAGE_SENT,
    STAGE_BUSY,
    STAGE_VERIFY,
};

static const struct point *words_of_write(const struct job *job, const struct assignment *write)
{
    return map_words_of(job->map, &job->map->points[write->point]);
}

// Whether only a part of its words is the entry's: a field, or a view of them.
static bool is_part(const struct job *job, const struct assignment *write)
{
    const struct point *point = &job->map->points[write->point];
    return point->bit_low != NO_INDEX || point != words_of_write(job, write);
}

static bool has_wear(const struct job *job, const struct step *step)
{
    for (size_t i = 0; i < step->write_count; i++) {
        if (words_of_write(job, &step->writes[i])->wear)
            return true;
    }
    return false;
}

// The registers the values and the encoding depend on, and with fields or wear the words
// themselves.
static void begin_reading(struct job *job, const struct step *step)
{
    bool wear = has_wear(job, step);
    job_read_begin(job);
    job_read_need_formula(job, step->hold_for);
    job_when_need(job, step);
    for (size_t i = 0; i < step->write_count; i++) {
        const struct assignment *write = &step->writes[i];
        const struct point *point = &job->map->points[write->point];
        job_read_need_formula(job, write->value);
        job_limit_need(job, write);
        job_read_need_formula(job, point->scale_formula);
        if (point->sf != NO_INDEX)
            job_read_need(job, point->sf);
        if (wear || is_part(job, write))
            job_read_need(job, map_index(job->map, words_of_write(job, write)));
    }
}

// Puts what the registers hold now into the frame. Fails where that is needed and not known.
static int load_present(struct job *job, const struct step *step, struct error *err)
{
    for (size_t i = 0; i < step->write_count; i++) {
        const struct assignment *write = &step->writes[i];
        if (job_read_came(job, write->point)) {
            write_frame_put(&job->frame, words_of_write(job, write),
                            image_words(job->image, write->point));
            continue;
        }
        if (!is_part(job, write))
            continue;
        char name[JOB_NAME_SIZE];
        char reason[JOB_NAME_SIZE];
        uint8_t exception = 0;
        enum fault fault = image_fault(job->image, write->point, &exception);
        job_name_point(job, write->point, name, sizeof name);
        job_name_fault(fault, exception, reason, sizeof reason);
        return error_set(err, ERROR_FAILED,
                         "%s is a part of its register, whose other bits could not be read: %s",
                         name, fault == FAULT_NONE ? "it is not readable now" : reason);
    }
    return 0;
}

// The power of ten of an entry with sf, or a copy of the entry with its scale formula worked
// out.
static int find_scale(struct job *job, int index, struct point *ret_point, int *ret_power,
                      struct error *err)
{
    const struct point *point = &job->map->points[index];
    struct image_space space = {0};
    char reason[JOB_TEXT_SIZE];
    char text[48];
    *ret_point = *point;
    *ret_power = 0;
    if (point->scale_formula) {
        struct value factor = job_evaluate(job, point->scale_formula, &space);
        value_format(&factor, text, sizeof text);
        if (value_is_number(&factor) && value_number(&factor) != 0 &&
            num_parse_decimal(text, &ret_point->scale))
            return 0;
        job_explain_unknown(job, point->scale_formula, reason, sizeof reason);
        return error_set(err, ERROR_FAILED, "%s: its scale is not known: %s", point->key,
                         reason);
    }
    if (point->sf == NO_INDEX)
        return 0;
    struct value power = value_unknown();
    if (!job_read_silent(job, point->sf))
        power = image_value(job->image, point->sf, job->reads.begun_ms, &space);
    if (power.kind != VALUE_INTEGER || power.integer < -10 || power.integer > 10)
        return error_set(err, ERROR_FAILED, "%s: its scale factor %s could not be read",
                         point->key, job->map->points[point->sf].key);
    *ret_power = (int)power.integer;
    return 0;
}

// Fails for an entry in a SunSpec model that the device does not have.
static int check_models(const struct job *job, const struct step *step, struct error *err)
{
    for (size_t i = 0; i < step->write_count; i++) {
        char name[JOB_NAME_SIZE];
        if (!image_lacks(job->image, words_of_write(job, &step->writes[i])))
            continue;
        job_name_point(job, step->writes[i].point, name, sizeof name);
        return error_set(err, ERROR_FAILED,
                         "%s cannot be written: the device has no such SunSpec model", name);
    }
    return 0;
}

static int find_value(struct job *job, const struct assignment *write,
                      struct image_space *space, struct value *ret_value, struct error *err)
{
    *ret_value = job_evaluate(job, write->value, space);
    if (value_is_known(ret_value))
        return 0;
    char reason[JOB_TEXT_SIZE];
    job_explain_unknown(job, write->value, reason, sizeof reason);
    return error_set(err, ERROR_FAILED, "%s: the value to write is not known: %s",
                     job->map->points[write->point].key, reason);
}

// Whether the value is made of an argument that no message may show.
static bool is_secret(const struct job *job, const struct assignment *write)
{
    const struct command *command = job->request->command;
    bool any = false;
    for (size_t i = 0; i < command->argument_count; i++)
        any |= command->arguments[i].sensitive;
    return any && formula_uses_arguments(write->value);
}

static int encode_value(const struct point *point, const struct value *value, int power,
                        uint16_t *words, struct error *err)
{
    struct value raw;
    if (codec_unscale(point, value, power, &raw, err) != 0)
        return -1;
    return codec_encode_raw(point, &raw, words, err);
}

int job_encode(struct job *job, int index, const struct value *value, uint16_t *words,
               struct value *ret_shown, struct error *err)
{
    struct point point;
    int power = 0;
    if (find_scale(job, index, &point, &power, err) != 0 ||
        encode_value(&point, value, power, words, err) != 0)
        return -1;
    struct value rounded = codec_round(&point, value, power);
    *ret_shown = value_is_known(&rounded) ? rounded : *value;
    return 0;
}

static int encode(struct job *job, const struct assignment *write, struct error *err)
{
    struct image_space space = {0};
    struct value value;
    struct value shown;
    uint16_t words[MAX_POINT_WORDS] = {0};
    if (find_value(job, write, &space, &value, err) != 0)
        return -1;
    if (is_part(job, write))
        write_frame_get(&job->frame, words_of_write(job, write), words);
    bool secret = is_secret(job, write);
    if (job_encode(job, write->point, &value, words, &shown, err) != 0 ||
        job_limit_check_rounded(job, write, &value, &shown, err) != 0)
        return secret ? error_set(err, ERROR_FAILED, "%s: what was given does not fit it",
                                  job->map->points[write->point].key)
                      : -1;
    write_frame_put(&job->frame, words_of_write(job, write), words);
    job_note_written(job, write->point, words, secret ? NULL : &shown);
    return 0;
}

// Whether the registers hold already what the frame would write.
static bool is_held(const struct job *job, const struct step *step)
{
    for (size_t i = 0; i < step->write_count; i++) {
        const struct assignment *write = &step->writes[i];
        uint16_t words[MAX_POINT_WORDS];
        if (!job_read_came(job, write->point))
            return false;
        write_frame_get(&job->frame, words_of_write(job, write), words);
        if (!codec_words_equal(&job->map->points[write->point], words,
                               image_words(job->image, write->point)))
            return false;
    }
    return true;
}

static enum progress fail_before(struct job *job, const struct error *err)
{
    return job_fail(job, job_read_fault(job), "%s", err->text);
}

static enum progress send_frame(struct job *job, const struct step *step)
{
    struct error err = {0};
    if (check_models(job, step, &err) != 0 || job_when_check(job, step, &err) != 0 ||
        write_frame_lay_out(job->map, step->writes, step->write_count, &job->frame, &err) !=
            0 ||
        load_present(job, step, &err) != 0)
        return fail_before(job, &err);
    for (size_t i = 0; i < step->write_count; i++) {
        if (encode(job, &step->writes[i], &err) != 0)
            return fail_before(job, &err);
    }
    int64_t hold_for_ms = 0;
    if (step->hold_every_ms > 0 && job_check_hold(job, step, &hold_for_ms, &err) != 0)
        return fail_before(job, &err);
    if (step->hold_every_ms == 0 && has_wear(job, step) && is_held(job, step))
        return PROGRESS_DONE;
    struct request request = write_frame_request(&job->frame, job->modbus, job->unit_id);
    job->stage = STAGE_SENT;
    enum progress progress = job_send(job, &request, job->frame.model, true);
    if (progress == PROGRESS_ACT && step->hold_every_ms > 0) {
        job->action.hold = step;
        job->action.hold_for_ms = hold_for_ms;
    }
    return progress;
}

static bool is_before_reconnect(const struct job *job)
{
    const struct job_frame *frame = &job->frames[job->depth - 1];
    return frame->index + 1 < frame->count &&
           frame->steps[frame->index + 1].kind == STEP_RECONNECT;
}

// After an answer that accepts the write or leaves a doubt, or none.
static enum progress begin_verify(struct job *job, const struct step *step,
                                  const struct doubt *doubt)
{
    job->stage = STAGE_VERIFY;
    if (step->verify && job_verify_begin(job, step, doubt))
        return PROGRESS_AGAIN;
    bool may_be_silent = is_before_reconnect(job) && doubt->fault != FAULT_EXCEPTION;
    if (doubt->fault == FAULT_NONE || may_be_silent)
        return PROGRESS_DONE;
    char names[JOB_TEXT_SIZE];
    char reason[JOB_NAME_SIZE];
    job_name_writes(job, step->writes, step->write_count, names, sizeof names);
    job_name_fault(doubt->fault, doubt->exception, reason, sizeof reason);
    (void)job_fail(job, doubt->fault, "write of %s: %s: outcome unknown", names, reason);
    job->failure.is_unknown = true;
    return PROGRESS_FAILED;
}

static enum progress fail_refused(struct job *job, const struct step *step, uint8_t exception)
{
    char names[JOB_TEXT_SIZE];
    char reason[JOB_NAME_SIZE];
    job_name_writes(job, step->writes, step->write_count, names, sizeof names);
    job_name_fault(FAULT_EXCEPTION, exception, reason, sizeof reason);
    return job_fail(job, FAULT_NONE, "write of %s was refused: %s", names, reason);
}

// It leaves once more, after a pause. False when that was tried often enough.
static bool put_off(struct job *job)
{
    if (job->busy_tries == JOB_BUSY_TRIES)
        return false;
    job->busy_tries++;
    job->wait_ms = job->now_ms + JOB_BUSY_MS;
    job->stage = STAGE_BUSY;
    return true;
}

static enum progress take_exception(struct job *job, const struct step *step, uint8_t exception)
{
    switch (exception_on_write(exception)) {
    case WRITE_ACCEPTED:
        return begin_verify(job, step, &(struct doubt){FAULT_NONE, 0});
    case WRITE_UNHEARD:
        return begin_verify(job, step, &(struct doubt){FAULT_TIMEOUT, 0});
    case WRITE_UNCERTAIN:
        return begin_verify(job, step, &(struct doubt){FAULT_EXCEPTION, exception});
    case WRITE_REFUSED:
        return fail_refused(job, step, exception);
    case WRITE_BUSY:
        break;
    }
    return put_off(job) ? PROGRESS_AGAIN : fail_refused(job, step, exception);
}

static const char *why_unsent(enum fault fault)
{
    switch (fault) {
    case FAULT_IDENTITY:
        return "another device or chain of SunSpec models answered";
    case FAULT_LINK:
        return "the link is down";
    case FAULT_STOPPED:
        return "the program stops";
    default:
        return "over the new connection the device did not say who it is";
    }
}

static enum progress take_answer(struct job *job, const struct step *step)
{
    const struct job_outcome_of_send *outcome = &job->outcome;
    if (outcome->fault == FAULT_EXCEPTION && !outcome->is_unsent)
        return take_exception(job, step, outcome->answer->exception);
    // An exception to a write that was not sent: it did not say who it is.
    if (outcome->fault == FAULT_EXCEPTION && put_off(job))
        return PROGRESS_AGAIN;
    if (outcome->is_unsent) {
        char names[JOB_TEXT_SIZE];
        job_name_writes(job, step->writes, step->write_count, names, sizeof names);
        return job_fail(job, outcome->fault, "write of %s: it was not sent, %s", names,
                        why_unsent(outcome->fault));
    }
    return begin_verify(job, step, &(struct doubt){outcome->fault, 0});
}

enum progress job_run_write(struct job *job, const struct step *step)
{
    enum progress progress = PROGRESS_AGAIN;
    switch (job->stage) {
    case STAGE_FIRST:
        begin_reading(job, step);
        job->stage = STAGE_READ;
        return PROGRESS_AGAIN;
    case STAGE_READ:
        progress = job_read_run(job);
        return progress == PROGRESS_DONE ? send_frame(job, step) : progress;
    case STAGE_SENT:
        return take_answer(job, step);
    case STAGE_BUSY:
        // What the frame is made of may have changed meanwhile: read again, encode again.
        if (job->now_ms < job->wait_ms)
            return job_wait(job, job->wait_ms);
        job->stage = STAGE_FIRST;
        return PROGRESS_AGAIN;
    default:
        return job_verify_run(job);
    }
}

enum progress job_run_verify(struct job *job, const struct step *step)
{
    if (job->stage == STAGE_FIRST) {
        job->stage = STAGE_VERIFY;
        if (!job_verify_begin(job, step, &(struct doubt){FAULT_NONE, 0}))
            return PROGRESS_DONE;
    }
    return job_verify_run(job);
}
