// SPDX-License-Identifier: MIT
// modbridge probe TARGET TABLE:ADDRESS[..ADDRESS]: raw words and every plausible decoding.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/probe.h"
#include "cli/progress.h"

// Puts what one request brought where it belongs.
static void take_words(const struct probe *probe, struct sounding_span span,
                       const struct answer *answer)
{
    bool is_bits = table_is_bits(probe->range.table);
    for (uint32_t i = 0; i < span.count; i++) {
        unsigned word = answer->words[is_bits ? i / 16 : i];
        probe->words[span.from + i] = (uint16_t)(is_bits ? word >> (i % 16) & 1 : word);
    }
}

static void show(const struct probe *probe, struct progress *progress,
                 struct sounding_span span)
{
    char text[80];
    unsigned first = probe->range.first + (unsigned)span.from;
    (void)snprintf(text, sizeof text, "%s %u..%u", table_names[probe->range.table], first,
                   first + (unsigned)span.count - 1);
    progress_show(progress, span.from, probe->range.count, text, clock_monotonic_ms());
}

static uint32_t count_read(const struct probe *probe)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < probe->range.count; i++)
        count += probe->sounding.states[i] == SOUNDING_READ;
    return count;
}

// Asks until it is known what there is. FAULT_NONE, or why it was left: stopped, no answer, no
// link.
static enum fault sound(struct probe *probe, struct progress *progress)
{
    struct sounding_span span;
    struct line *line = &probe->target->line;
    enum fault fault = FAULT_NONE;
    while (sounding_next(&probe->sounding, &span)) {
        struct answer answer = {0};
        const struct request request = {
            .unit_id = (uint8_t)probe->target->device->unit_id,
            .function = pdu_read_function(probe->range.table),
            .address = (uint16_t)(probe->range.first + span.from),
            .count = (uint16_t)span.count,
        };
        show(probe, progress, span);
        fault = line_transact(line, probe->target->unit, &request, &answer);
        if (fault == FAULT_STOPPED || (fault == FAULT_LINK && line->why.code != ERROR_NONE))
            return fault;
        if (fault == FAULT_NONE && !probe->sounding.measures)
            take_words(probe, span, &answer);
        fault = line_fault_of_unit(fault, &answer);
        sounding_note(&probe->sounding, fault, answer.exception);
    }
    bool is_silence = fault != FAULT_NONE && fault != FAULT_EXCEPTION;
    return is_silence && (sounding_was_left(&probe->sounding) || !count_read(probe))
               ? fault
               : FAULT_NONE;
}

static void say_why(const struct probe *probe, enum fault fault)
{
    const struct error *why = &probe->target->line.why;
    const char *note = link_last_note(probe->target->line.link)->text;
    if (fault == FAULT_STOPPED)
        (void)fprintf(stderr, "modbridge probe: stopped before the end\n");
    else
        (void)fprintf(stderr, "modbridge probe: unit %d: %s\n", probe->target->device->unit_id,
                      why->code != ERROR_NONE ? why->text
                      : note[0]               ? note
                                              : fault_names[fault]);
}

// All of it was refused: a number of the old notation is the usual reason.
static void explain_refusal(const struct probe *probe)
{
    char place[PLACE_SIZE];
    probe_old_place(probe->range.first, place);
    if (place[0])
        (void)fprintf(stderr,
                      "Addresses here are those on the wire, from 0: if %u is a number of the "
                      "old notation, it is %s\n",
                      probe->range.first, place);
}

static int probe_target(struct probe *probe, const struct options *options)
{
    struct progress progress = {0};
    enum fault fault = sound(probe, &progress);
    uint32_t read = count_read(probe);
    progress_clear(&progress);
    if (fault != FAULT_NONE)
        say_why(probe, fault);
    if (fault == FAULT_NONE || read)
        (options->json ? probe_print_json : probe_print_text)(probe);
    if (fault == FAULT_NONE && !read)
        explain_refusal(probe);
    if (fault != FAULT_NONE && fault != FAULT_STOPPED)
        return ERROR_NO_ANSWER;
    return read ? ERROR_NONE : ERROR_FAILED;
}

static int take_range(const struct target *target, const struct options *options,
                      struct probe_range *ret_range, struct error *err)
{
    int given = options->positional_count - target->next;
    if (given != 1)
        return error_set(err, ERROR_USAGE,
                         given < 1 ? "which registers? TABLE:ADDRESS" : "one range at a time");
    return probe_parse(options->positionals[target->next], ret_range, err);
}

int cmd_probe(const struct options *options)
{
    struct error err;
    struct target target;
    struct probe probe = {.target = &target};
    if (target_open_unmapped(&target, options, &err) != 0)
        return cli_fail("probe", &err);
    int code = take_range(&target, options, &probe.range, &err);
    if (code == 0) {
        probe.words = mem_new(probe.range.count, sizeof *probe.words);
        sounding_begin(&probe.sounding, probe.range.table, probe.range.count);
        code = probe_target(&probe, options);
        sounding_done(&probe.sounding);
        free(probe.words);
    }
    target_close(&target);
    return code < 0 ? cli_fail("probe", &err) : code;
}
