// SPDX-License-Identifier: MIT
#include "bus/job_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    SILENT_TRIES = 1,
    EXCEPTION_ACKNOWLEDGE = 5, // Modbus Application Protocol V1.1b3, section 7
};

void job_read_init(struct job *job)
{
    needs_init(&job->reads.needs, job->map);
    needs_init(&job->reads.scratch, job->map);
    job->reads.marks = mem_new(job->map->point_count, sizeof *job->reads.marks);
    job->reads.begun_ms = job->now_ms;
}

void job_read_done(struct job *job)
{
    needs_done(&job->reads.needs);
    needs_done(&job->reads.scratch);
    free(job->reads.marks);
    arena_free(job->reads.arena);
}

void job_read_begin(struct job *job)
{
    struct job_reads *reads = &job->reads;
    arena_free(reads->arena);
    needs_clear(&reads->needs);
    memset(reads->marks, 0, job->map->point_count * sizeof *reads->marks);
    *reads = (struct job_reads){
        .arena = arena_new(),
        .needs = reads->needs,
        .scratch = reads->scratch,
        .marks = reads->marks,
        .begun_ms = job->now_ms,
    };
}

void job_read_need(struct job *job, int point)
{
    needs_add(&job->reads.needs, point);
}

void job_read_need_formula(struct job *job, const struct formula *formula)
{
    needs_add_formula(&job->reads.needs, formula);
}

void job_read_need_text(struct job *job, const struct text_template *text)
{
    for (size_t i = 0; text && i < text->count; i++)
        needs_add_formula(&job->reads.needs, text->pieces[i].formula);
}

void job_read_need_words(struct job *job, int point)
{
    const struct point *words_of = map_words_of(job->map, &job->map->points[point]);
    if (!words_of)
        return;
    job->reads.is_forced = true;
    needs_add(&job->reads.needs, map_index(job->map, words_of));
}

// Whether an entry is still to be read, in a round for entries with or without a condition.
static bool is_due(struct job *job, int index, bool conditional)
{
    const struct point *point = &job->map->points[index];
    const struct job_reads *reads = &job->reads;
    if (point->source != SOURCE_WORDS || !(point->access & ACCESS_READ))
        return false;
    if (reads->marks[index] & (MARK_READ | MARK_SILENT | MARK_REFUSED))
        return false;
    if (image_lacks(job->image, point))
        return false;
    if (reads->is_forced || !point->when)
        return !conditional;
    if (!conditional)
        return false;
    struct image_space space = {0};
    struct value when = job_evaluate(job, point->when, &space);
    return when.kind == VALUE_BOOLEAN && when.boolean;
}

// Plans the requests for the entries due. False when there are none.
static bool plan_round(struct job *job, bool conditional)
{
    struct job_reads *reads = &job->reads;
    int *due = ARENA_NEW_ARRAY(reads->arena, reads->needs.count, int);
    size_t count = 0;
    for (size_t i = 0; i < reads->needs.count; i++) {
        if (is_due(job, reads->needs.points[i], conditional))
            due[count++] = reads->needs.points[i];
    }
    if (count == 0)
        return false;
    const struct plan *plan = block_plan_for(reads->arena, job->planning, due, count);
    // Room for every entry to be asked for once more, alone, and again where its words lie
    // apart.
    reads->blocks = ARENA_NEW_ARRAY(reads->arena, plan->block_count + count * 2 * MAX_PARTS,
                                    const struct block *);
    reads->block_count = plan->block_count;
    reads->index = 0;
    for (size_t i = 0; i < plan->block_count; i++)
        reads->blocks[i] = &plan->blocks[i];
    return plan->block_count > 0;
}

static bool plan_next_round(struct job *job)
{
    if (!job->reads.is_closed && !job->reads.is_forced)
        needs_close(&job->reads.needs);
    job->reads.is_closed = true;
    return plan_round(job, false) || plan_round(job, true);
}

static void mark(struct job *job, const struct block *block, enum job_mark how)
{
    for (size_t i = 0; i < block->point_count; i++)
        job->reads.marks[block->points[i]] |= (uint8_t)how;
}

static bool is_repeated(const struct block *block, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (block->points[i] == block->points[index])
            return true;
    }
    return false;
}

static bool has_several(const struct block *block)
{
    for (size_t i = 1; i < block->point_count; i++) {
        if (block->points[i] != block->points[0])
            return true;
    }
    return false;
}

// Queues the entries of a refused request one by one. False when there is nothing to split.
static bool split(struct job *job, const struct block *block)
{
    struct job_reads *reads = &job->reads;
    size_t before = reads->block_count;
    if (!has_several(block))
        return false;
    for (size_t i = 0; i < block->point_count; i++) {
        int point = block->points[i];
        if (is_repeated(block, i))
            continue;
        const struct plan *plan = block_plan_for(reads->arena, job->planning, &point, 1);
        for (size_t k = 0; k < plan->block_count; k++) {
            // An exact request the firmware wants cannot be made smaller.
            if (plan->blocks[k].count >= block->count) {
                reads->block_count = before;
                return false;
            }
            reads->blocks[reads->block_count++] = &plan->blocks[k];
        }
    }
    return true;
}

static void next_block(struct job_reads *reads)
{
    reads->index++;
    reads->tries = 0;
    reads->retry_ms = 0;
}

static void take_refusal(struct job *job, const struct block *block, uint8_t exception)
{
    struct job_reads *reads = &job->reads;
    bool is_busy = exception == EXCEPTION_BUSY || exception == EXCEPTION_ACKNOWLEDGE;
    if (is_busy && reads->tries < JOB_BUSY_TRIES) {
        reads->tries++;
        reads->retry_ms = job->now_ms + JOB_BUSY_MS;
        return;
    }
    bool about_registers = exception >= 1 && exception <= 4;
    if (!about_registers || !split(job, block)) {
        image_fail(job->image, block, FAULT_EXCEPTION, exception, job->now_ms);
        mark(job, block, MARK_REFUSED);
    }
    next_block(reads);
}

// Who is there was asked over a new connection meanwhile, and nothing is known any more of what
// the one before brought: that is read again.
static void drop_forgotten(struct job *job)
{
    const struct needs *needs = &job->reads.needs;
    for (size_t i = 0; i < needs->count; i++) {
        int point = needs->points[i];
        if ((job->reads.marks[point] & MARK_READ) && !image_words(job->image, point))
            job->reads.marks[point] &= (uint8_t)~MARK_READ;
    }
}

static void take_outcome(struct job *job)
{
    struct job_reads *reads = &job->reads;
    const struct block *block = reads->blocks[reads->index];
    const struct job_outcome_of_send *outcome = &job->outcome;
    enum fault fault = outcome->fault;
    if (fault == FAULT_EXCEPTION) {
        take_refusal(job, block, outcome->answer->exception);
        return;
    }
    if (fault == FAULT_NONE && outcome->answer->count != job->action.request.count)
        fault = FAULT_GARBLED;
    if (fault == FAULT_NONE) {
        image_store(job->image, block, outcome->answer->words, job->now_ms);
        mark(job, block, MARK_READ);
        next_block(reads);
        return;
    }
    // Stopped: asked again it ends the step, or goes on where on_failure may.
    bool may_be_chance =
        fault == FAULT_TIMEOUT || fault == FAULT_GARBLED || fault == FAULT_STOPPED;
    if (may_be_chance && reads->tries < SILENT_TRIES) {
        reads->tries++;
        return;
    }
    if (fault != FAULT_STOPPED)
        image_fail(job->image, block, fault, 0, job->now_ms);
    mark(job, block, MARK_SILENT);
    next_block(reads);
}

enum progress job_read_run(struct job *job)
{
    struct job_reads *reads = &job->reads;
    if (reads->is_sent) {
        reads->is_sent = false;
        take_outcome(job);
        drop_forgotten(job);
    }
    if (reads->index == reads->block_count && !plan_next_round(job))
        return PROGRESS_DONE;
    if (reads->retry_ms > job->now_ms)
        return job_wait(job, reads->retry_ms);
    const struct block *block = reads->blocks[reads->index];
    struct request request = {
        .unit_id = (uint8_t)(block->unit_id == NO_INDEX ? job->unit_id : block->unit_id),
        .function = pdu_read_function(block->table),
        .address = block->address,
        .count = block->count,
    };
    uint16_t address = 0;
    if (image_models(job->image)) // a request of the map may be longer than the model is
        (void)image_place(job->image, block, &address, &request.count);
    enum progress progress = job_send(job, &request, block->model, false);
    reads->is_sent = progress == PROGRESS_ACT;
    return progress;
}

bool job_read_came(const struct job *job, int point)
{
    const struct point *words_of = map_words_of(job->map, &job->map->points[point]);
    if (!words_of)
        return false;
    uint8_t marks = job->reads.marks[map_index(job->map, words_of)];
    return (marks & MARK_READ) && !(marks & (MARK_SILENT | MARK_REFUSED));
}

bool job_read_silent(const struct job *job, int point)
{
    const struct point *words_of = map_words_of(job->map, &job->map->points[point]);
    if (!words_of)
        return false;
    return job->reads.marks[map_index(job->map, words_of)] & MARK_SILENT;
}

bool job_read_misses(struct job *job, const struct formula *formula)
{
    struct needs *scratch = &job->reads.scratch;
    needs_clear(scratch);
    needs_add_formula(scratch, formula);
    needs_close(scratch);
    for (size_t i = 0; i < scratch->count; i++) {
        if (job->reads.marks[scratch->points[i]] & MARK_SILENT)
            return true;
    }
    return false;
}

enum fault job_read_fault(const struct job *job)
{
    const struct needs *needs = &job->reads.needs;
    for (size_t i = 0; i < needs->count; i++) {
        uint8_t exception = 0;
        if (job->reads.marks[needs->points[i]] & MARK_SILENT)
            return image_fault(job->image, needs->points[i], &exception);
    }
    return FAULT_NONE;
}
