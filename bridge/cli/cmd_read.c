// SPDX-License-Identifier: MIT
// modbridge read TARGET [KEY...]: decoded values, once or again and again.
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "bus/identity.h"
#include "bus/survey.h"
#include "cli/cli.h"
#include "cli/read_choice.h"
#include "cli/read_view.h"
#include "cli/recording.h"
#include "cli/screen.h"
#include "cli/target.h"
#include "cli/terminal.h"

enum { TROUBLE_SIZE = 480 };

struct reader {
    struct target *target;
    const struct options *options;
    struct read_choice choice;
    char trouble[TROUBLE_SIZE]; // why the latest round brought nothing; "" when it did
    char told[TROUBLE_SIZE];    // what of it was said already
};

// Another device is read all the same, but for one without the models its map counts from.
static int check_identity(struct target *target, struct error *err)
{
    char other[200] = "";
    if (identity_is_known(&target->line, target->unit) ||
        identity_check(&target->line, target->unit, other, sizeof other) != FAULT_IDENTITY)
        return 0;
    if (target->device->modbus.sunspec_count && !image_models(target->unit->image))
        return error_set(err, ERROR_FAILED, "%s, unit %d: %s", target->device->name,
                         target->device->unit_id, other);
    (void)fprintf(stderr, "modbridge read: this is not the device of the map: %s\n", other);
    return 0;
}

static void print(const struct reader *reader)
{
    struct strbuf text = {0};
    struct read_view view = {reader->target, &reader->choice, reader->options->raw,
                             clock_monotonic_ms()};
    (reader->options->json ? read_view_json : read_view_text)(&view, &text);
    (void)fputs(strbuf_text(&text), stdout);
    strbuf_done(&text);
}

// Once
// -----------------------------------------------------------------------------------------

static int keep_record(struct reader *reader, struct recording *record, struct error *err)
{
    const char *path = reader->options->record;
    recording_chain(record);
    if (recording_write(record, path, reader->choice.is_all, clock_wall_ms(), err) != 0)
        return -1;
    (void)fprintf(stderr,
                  "%s: %zu registers; replay it with: modbridge simulate %s --values %s\n",
                  path, record->count, reader->target->device->map->name, path);
    return ERROR_NONE;
}

static int read_once(struct reader *reader, struct error *err)
{
    struct target *target = reader->target;
    struct recording record;
    struct survey_listener listener = {&record, recording_hear};
    if (check_identity(target, err) != 0)
        return -1;
    recording_begin(&record, target);
    enum fault fault = survey_read(&target->line, target->unit, &reader->choice.read,
                                   reader->options->record ? &listener : NULL);
    int code = ERROR_NONE;
    if (fault != FAULT_NONE) {
        code = target_silence(target, fault, err);
    } else {
        print(reader);
        if (reader->options->record)
            code = keep_record(reader, &record, err);
    }
    recording_done(&record);
    return code;
}

// Again and again
// --------------------------------------------------------------------------------

// Reads what is asked; what does not come is said in reader->trouble.
static void read_round(struct reader *reader)
{
    struct target *target = reader->target;
    char other[TROUBLE_SIZE] = "";
    enum fault fault = FAULT_NONE;
    reader->trouble[0] = '\0';
    if (!identity_is_known(&target->line, target->unit))
        fault = identity_check(&target->line, target->unit, other, sizeof other);
    if (fault != FAULT_IDENTITY || image_models(target->unit->image) ||
        target->device->modbus.sunspec_count == 0)
        fault = survey_read(&target->line, target->unit, &reader->choice.read, NULL);
    if (other[0])
        (void)snprintf(reader->trouble, sizeof reader->trouble,
                       "this is not the device of the map: %.400s", other);
    else if (fault != FAULT_NONE)
        (void)snprintf(reader->trouble, sizeof reader->trouble, "%s",
                       target_silence_text(target, fault));
}

static void draw(const struct reader *reader)
{
    struct strbuf text = {0};
    struct page page = {&text, terminal_in_colour()};
    struct read_view view = {reader->target, &reader->choice, reader->options->raw,
                             clock_monotonic_ms()};
    read_view_table(&view, &page, reader->trouble);
    screen_draw(strbuf_text(&text));
    strbuf_done(&text);
}

// For a file or another program: a block a round that brought something, and a line a change of
// what did not.
static void print_round(struct reader *reader, bool is_first)
{
    if (reader->trouble[0] && strcmp(reader->trouble, reader->told) != 0)
        (void)fprintf(stderr, "modbridge read: %s, unit %d: %s\n", reader->target->device->name,
                      reader->target->device->unit_id, reader->trouble);
    else if (!reader->trouble[0] && reader->told[0])
        (void)fprintf(stderr, "modbridge read: %s, unit %d: it answers again\n",
                      reader->target->device->name, reader->target->device->unit_id);
    (void)snprintf(reader->told, sizeof reader->told, "%s", reader->trouble);
    if (reader->trouble[0])
        return;
    if (!is_first && !reader->options->json)
        (void)printf("\n");
    print(reader);
}

// Sleeps until then; true when a signal came.
static bool is_stopped(const struct target *target, int64_t until_ms)
{
    return clock_wait(&target->line.stop_descriptor, 1, until_ms * 1000);
}

static int watch(struct reader *reader, int64_t every_ms)
{
    bool draws = terminal_is_there() && !reader->options->json;
    bool is_read = true; // somebody still takes what is written
    bool is_over = false;
    int64_t due_ms = clock_monotonic_ms();
    if (draws)
        screen_begin();
    for (bool is_first = true; is_read && !is_over; is_first = false) {
        read_round(reader);
        // What a signal broke off is not shown.
        is_over = is_stopped(reader->target, 0);
        if (!is_over && draws)
            draw(reader);
        else if (!is_over)
            print_round(reader, is_first);
        is_read = fflush(stdout) == 0;
        int64_t now_ms = clock_monotonic_ms();
        due_ms = due_ms + every_ms > now_ms ? due_ms + every_ms : now_ms;
        is_over = is_over || is_stopped(reader->target, due_ms);
    }
    return ERROR_NONE;
}

static int take_every(const struct reader *reader, int64_t *ret_ms, struct error *err)
{
    const char *text = reader->options->every;
    *ret_ms = read_choice_period_ms(&reader->choice);
    if (!text || (num_parse_duration_ms(text, ret_ms) && *ret_ms > 0))
        return 0;
    return error_set(err, ERROR_USAGE, "--every takes a time such as 5s, not '%s'", text);
}

static int check_options(const struct options *options, struct error *err)
{
    if (options->every && !options->watch)
        return error_set(err, ERROR_USAGE, "--every goes with --watch");
    if (options->record && options->watch)
        return error_set(err, ERROR_USAGE, "--record takes one reading: leave --watch out");
    return 0;
}

static int run(struct reader *reader, struct error *err)
{
    int64_t every_ms = 0;
    if (read_choice_make(&reader->choice, reader->target, reader->options, err) != 0)
        return -1;
    if (!reader->options->watch)
        return read_once(reader, err);
    return take_every(reader, &every_ms, err) != 0 ? -1 : watch(reader, every_ms);
}

int cmd_read(const struct options *options)
{
    struct error err;
    struct target target;
    if (check_options(options, &err) != 0 || target_open(&target, options, &err) != 0)
        return cli_fail("read", &err);
    struct reader reader = {.target = &target, .options = options};
    int code = run(&reader, &err);
    read_choice_done(&reader.choice);
    target_close(&target);
    return code < 0 ? cli_fail("read", &err) : code;
}
