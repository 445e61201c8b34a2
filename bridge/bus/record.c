// SPDX-License-Identifier: MIT
#include "bus/record.h"

#include <stdio.h>

enum { WINDOW_MS = 60 * 1000, MEMORY_MS = 2 * WINDOW_MS };

static void note_response(struct record *record, int64_t response_us, int64_t now_ms)
{
    int64_t age_ms = now_ms - record->now.began_ms;
    if (age_ms >= WINDOW_MS) {
        record->before =
            age_ms < MEMORY_MS ? record->now : (struct response_window){.began_ms = now_ms};
        record->now = (struct response_window){.began_ms = now_ms};
    }
    record->now.sum_us += response_us;
    record->now.count++;
    if (response_us > record->now.max_us)
        record->now.max_us = response_us;
}

static void count(struct unit_counters *counters, const struct transaction *transaction)
{
    counters->requests++;
    counters->writes += transaction->writes;
    uint8_t code = transaction->exception < EXCEPTION_CODES ? transaction->exception : 0;
    switch (transaction->fault) {
    case FAULT_NONE:
        counters->answers++;
        return;
    case FAULT_EXCEPTION:
        counters->answers++;
        counters->exceptions[code]++;
        return;
    case FAULT_TIMEOUT:
        counters->timeouts++;
        return;
    case FAULT_GARBLED:
        counters->garbled++;
        return;
    case FAULT_LINK:
        counters->link_failures++;
        return;
    case FAULT_STOPPED:
    case FAULT_IDENTITY:
    case FAULT_COUNT:
        return;
    }
}

static void note_fault(struct record *record, enum fault fault, uint8_t exception,
                       const char *text, int64_t now_ms)
{
    record->fault = fault;
    record->exception = exception;
    record->fault_ms = now_ms;
    (void)snprintf(record->fault_text, sizeof record->fault_text, "%s", text);
}

void record_note(struct record *record, const struct transaction *transaction, int64_t now_ms)
{
    enum fault fault = transaction->fault;
    count(&record->counters, transaction);
    if (fault == FAULT_NONE || fault == FAULT_EXCEPTION) {
        record->last_answer_ms = now_ms;
        note_response(record, transaction->response_us, now_ms);
    }
    if (fault == FAULT_NONE || fault == FAULT_STOPPED)
        return;
    note_fault(record, fault, fault == FAULT_EXCEPTION ? transaction->exception : 0,
               transaction->text, now_ms);
}

void record_report(const struct record *record, int64_t now_ms, struct unit_status *ret_status)
{
    ret_status->counters = record->counters;
    ret_status->last_answer_ms = record->last_answer_ms;
    ret_status->fault = record->fault;
    ret_status->exception = record->exception;
    ret_status->fault_ms = record->fault_ms;
    (void)snprintf(ret_status->fault_text, sizeof ret_status->fault_text, "%s",
                   record->fault_text);
    int64_t sum_us = 0;
    int64_t max_us = 0;
    uint64_t answers = 0;
    const struct response_window *windows[] = {&record->now, &record->before};
    for (int i = 0; i < 2; i++) {
        if (now_ms - windows[i]->began_ms >= MEMORY_MS)
            continue;
        sum_us += windows[i]->sum_us;
        answers += windows[i]->count;
        max_us = windows[i]->max_us > max_us ? windows[i]->max_us : max_us;
    }
    ret_status->response_mean_us = answers ? sum_us / (int64_t)answers : 0;
    ret_status->response_max_us = max_us;
}
