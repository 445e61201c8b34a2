// SPDX-License-Identifier: MIT
#include "bus/job_text.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "bus/job_read.h"
#include "registers/sunspec.h"

enum {
    ADDRESS_ONE_BASED = 1,
    ADDRESS_MODICON = 2,
    MAX_NAMED = 5, // entries in one message
};

// What a map in modicon notation adds to the address of a table (Modicon PI-MBUS-300).
static const int modicon_offset[TABLE_COUNT] = {
    [TABLE_COIL] = 1,
    [TABLE_DISCRETE] = 10001,
    [TABLE_HOLDING] = 40001,
    [TABLE_INPUT] = 30001,
};

static int shown_address(const struct modbus_settings *modbus, const struct point *point)
{
    int address = point->part_count ? point->parts[0] : point->address;
    if (modbus->address_base == ADDRESS_MODICON)
        return address + modicon_offset[point->table];
    return address + (modbus->address_base == ADDRESS_ONE_BASED);
}

void name_point(const struct map *map, const struct modbus_settings *modbus, int point,
                char *ret_text, size_t size)
{
    const struct point *entry = &map->points[point];
    const struct point *words_of = map_words_of(map, entry);
    char model[40];
    if (!words_of) {
        (void)snprintf(ret_text, size, "%s", entry->key);
    } else if (words_of->model != SUNSPEC_NONE) {
        sunspec_name(&map->models[words_of->model - 1], model, sizeof model);
        (void)snprintf(ret_text, size, "%s (%s %s + %u)", entry->key,
                       table_names[words_of->table], model, words_of->address);
    } else {
        (void)snprintf(ret_text, size, "%s (%s %d)", entry->key, table_names[words_of->table],
                       shown_address(modbus, words_of));
    }
}

void job_name_point(const struct job *job, int point, char *ret_text, size_t size)
{
    const struct point *words_of = map_words_of(job->map, &job->map->points[point]);
    char place[64];
    if (!words_of || words_of->model == SUNSPEC_NONE) {
        name_point(job->map, job->modbus, point, ret_text, size);
        return;
    }
    image_name_place(job->image, words_of->table, words_of->model, words_of->address, place,
                     sizeof place);
    (void)snprintf(ret_text, size, "%s (%s)", job->map->points[point].key, place);
}

void job_name_writes(const struct job *job, const struct assignment *writes, size_t count,
                     char *ret_text, size_t size)
{
    size_t used = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < count && i < MAX_NAMED && used < size; i++) {
        char name[JOB_NAME_SIZE];
        job_name_point(job, writes[i].point, name, sizeof name);
        used += (size_t)snprintf(ret_text + used, size - used, "%s%s", i ? ", " : "", name);
    }
    if (count > MAX_NAMED && used < size)
        (void)snprintf(ret_text + used, size - used, " and %zu more", count - MAX_NAMED);
}

void job_name_value(const struct job *job, int point, const struct value *value, char *ret_text,
                    size_t size)
{
    const char *unit = job->map->points[point].unit;
    value_format(value, ret_text, size);
    size_t used = strlen(ret_text);
    utf8_mend_end(ret_text);
    if (unit && strcmp(unit, "1") != 0 && value_is_number(value))
        (void)snprintf(ret_text + used, size - used, " %s", unit);
}

void job_name_fault(enum fault fault, uint8_t exception, char *ret_text, size_t size)
{
    static const char *const texts[FAULT_COUNT] = {
        [FAULT_NONE] = "no fault",
        [FAULT_TIMEOUT] = "no answer",
        [FAULT_GARBLED] = "the answer was garbled",
        [FAULT_LINK] = "the link failed",
        [FAULT_STOPPED] = "stopped",
        [FAULT_IDENTITY] = "another device answered",
    };
    if (fault == FAULT_EXCEPTION)
        (void)snprintf(ret_text, size, "%s (exception %u)", exception_name(exception),
                       exception);
    else
        (void)snprintf(ret_text, size, "%s", texts[fault]);
}

void job_name_held(const struct job *job, int point, char *ret_text, size_t size)
{
    struct image_space space = {0};
    struct value value = image_value(job->image, point, job->reads.begun_ms, &space);
    if (value_is_known(&value)) {
        job_name_value(job, point, &value, ret_text, size);
        return;
    }
    struct value raw = image_raw(job->image, point, job->reads.begun_ms, &space);
    if (!value_is_known(&raw)) {
        value_format(&value, ret_text, size);
        return;
    }
    char number[JOB_NAME_SIZE];
    value_format(&raw, number, sizeof number);
    (void)snprintf(ret_text, size, "raw %s", number);
}

struct filling {
    const struct job *job;
    struct image_space space;
};

struct seen {
    const struct job *job;
    char *text;
    size_t size;
    size_t used;
    size_t count;
    int points[MAX_NAMED];
};

static void add_seen(void *context, int point)
{
    struct seen *seen = context;
    for (size_t i = 0; i < seen->count; i++) {
        if (seen->points[i] == point)
            return;
    }
    if (seen->count == MAX_NAMED || seen->used >= seen->size)
        return;
    char held[JOB_NAME_SIZE];
    if (job_read_silent(seen->job, point))
        (void)snprintf(held, sizeof held, "unknown");
    else
        job_name_held(seen->job, point, held, sizeof held);
    seen->used +=
        (size_t)snprintf(seen->text + seen->used, seen->size - seen->used, "%s%s is %s",
                         seen->count ? ", " : "", seen->job->map->points[point].key, held);
    seen->points[seen->count++] = point;
}

void job_name_seen(const struct job *job, const struct formula *formula, char *ret_text,
                   size_t size)
{
    struct seen seen = {.job = job, .text = ret_text, .size = size};
    ret_text[0] = '\0';
    formula_each_point(formula, add_seen, &seen);
    utf8_mend_end(ret_text);
}

static struct value fill_point(void *context, int index, bool raw)
{
    struct filling *filling = context;
    const struct job *job = filling->job;
    if (job_read_silent(job, index))
        return value_unknown();
    if (raw)
        return image_raw(job->image, index, job->reads.begun_ms, &filling->space);
    return image_value(job->image, index, job->reads.begun_ms, &filling->space);
}

static struct value fill_argument(void *context, int index)
{
    const struct filling *filling = context;
    return filling->job->request->arguments[index];
}

void job_fill(const struct job *job, const struct text_template *text, char *ret_text,
              size_t size)
{
    struct filling filling = {.job = job};
    struct formula_inputs inputs = {
        .context = &filling,
        .point = fill_point,
        .argument = fill_argument,
        .wall_ms = job->wall_ms,
    };
    formula_fill(text, &inputs, ret_text, size);
    utf8_mend_end(ret_text);
}

void job_name_step(const struct job *job, const struct step *step, char *ret_text, size_t size)
{
    char detail[JOB_TEXT_SIZE] = "";
    char duration[32];
    switch (step->kind) {
    case STEP_WRITE:
    case STEP_VERIFY:
        job_name_writes(job, step->writes, step->write_count, detail, sizeof detail);
        (void)snprintf(ret_text, size, "%s %s", job->verify.writes ? "reading back" : "writing",
                       detail);
        return;
    case STEP_WAIT:
        num_format_duration(duration, sizeof duration, step->duration_ms);
        (void)snprintf(ret_text, size, "waiting %s", duration);
        return;
    case STEP_REQUIRE:
        (void)snprintf(ret_text, size, "checking %s", formula_text(step->condition));
        return;
    case STEP_EXPECT:
        job_name_seen(job, step->condition, detail, sizeof detail);
        (void)snprintf(ret_text, size, "expecting %s%s%s%s", formula_text(step->condition),
                       detail[0] ? " (" : "", detail, detail[0] ? ")" : "");
        return;
    case STEP_RECONNECT:
        (void)snprintf(ret_text, size, "waiting for the device to come back");
        return;
    case STEP_TRY:
    case STEP_LOG:
    case STEP_KIND_COUNT:
        break;
    }
    (void)snprintf(ret_text, size, "executing its steps");
}

// Why an entry has no value. False when it has one.
static bool explain_point(const struct job *job, int point, char *ret_text, size_t size)
{
    char name[JOB_NAME_SIZE];
    char reason[JOB_NAME_SIZE];
    uint8_t exception = 0;
    enum fault fault = image_fault(job->image, point, &exception);
    job_name_point(job, point, name, sizeof name);
    if (fault != FAULT_NONE) {
        job_name_fault(fault, exception, reason, sizeof reason);
        (void)snprintf(ret_text, size, "%s could not be read: %s", name, reason);
        return true;
    }
    struct image_space space = {0};
    struct value value = image_value(job->image, point, job->reads.begun_ms, &space);
    if (value_is_known(&value))
        return false;
    job_name_held(job, point, reason, sizeof reason);
    (void)snprintf(ret_text, size, "%s is %s", name, reason);
    return true;
}

void job_explain_unknown(const struct job *job, const struct formula *formula, char *ret_text,
                         size_t size)
{
    // What failed to be read explains more than what is unknown because of it.
    const struct needs *needs = &job->reads.needs;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < needs->count; i++) {
            int point = needs->points[i];
            bool failed = job->reads.marks[point] & (MARK_SILENT | MARK_REFUSED);
            if ((failed || pass == 1) && explain_point(job, point, ret_text, size))
                return;
        }
    }
    (void)snprintf(ret_text, size, "%s has no value", formula_text(formula));
}
