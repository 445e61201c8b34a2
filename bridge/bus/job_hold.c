// SPDX-License-Identifier: MIT
#include "bus/job_hold.h"

#include "bus/hold_end.h"
#include "bus/job_text.h"
#include "bus/job_write.h"

enum { LONGEST_HOLD_S = 366 * 86400 };

static int find_time(struct job *job, const struct step *step, int64_t *ret_for_ms,
                     struct error *err)
{
    struct image_space space = {0};
    struct value seconds = job_evaluate(job, step->hold_for, &space);
    if (!value_is_number(&seconds)) {
        char reason[JOB_TEXT_SIZE];
        job_explain_unknown(job, step->hold_for, reason, sizeof reason);
        return error_set(err, ERROR_FAILED, "hold: how long is not known: %s", reason);
    }
    double given = value_number(&seconds);
    if (!(given > 0 && given <= LONGEST_HOLD_S)) {
        char text[48];
        value_format(&seconds, text, sizeof text);
        return error_set(err, ERROR_FAILED,
                         "hold: %s s is no time to hold something: more than 0, at most a year",
                         text);
    }
    *ret_for_ms = (int64_t)(given * 1000);
    return 0;
}

static int check_end(struct job *job, const struct hold_end *end, struct error *err)
{
    for (size_t i = 0; i < end->count; i++) {
        const struct hold_entry *entry = &end->entries[i];
        uint16_t words[MAX_POINT_WORDS] = {0};
        struct value shown;
        const char *key = job->map->points[entry->point].key;
        if (!value_is_known(&entry->value))
            return error_set(err, ERROR_FAILED, "hold: then has no value for %s", key);
        if (job_encode(job, entry->point, &entry->value, words, &shown, err) != 0)
            return error_prefix(err, "hold: then cannot be written");
    }
    return 0;
}

int job_check_hold(struct job *job, const struct step *step, int64_t *ret_for_ms,
                   struct error *err)
{
    if (find_time(job, step, ret_for_ms, err) != 0)
        return -1;
    struct hold_end *end = hold_end_new(job->request, step);
    int result = check_end(job, end, err);
    hold_end_free(end);
    return result;
}
