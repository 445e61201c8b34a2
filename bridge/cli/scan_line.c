// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/line_options.h"
#include "cli/scan.h"
#include "cli/served.h"

enum {
    NAME_SIZE = 160,
    // Whoever was found may take its time to say what it is.
    INTERVIEW_TIMES = 3,
    SHORTEST_INTERVIEW_MS = 500,
    // Bytes that a short answer has at least: fewer are noise.
    SHORTEST_FRAME = 5,
    MAX_STRANGE = 3, // answers that are no Modbus TCP, before an endpoint is left
};

// One line that is being scanned: a site of one bus and one device, whose unit id is of no
// account.
struct scanner {
    struct scan *scan;
    struct bus_settings original;
    struct scan_settings settings;
    struct served *served; // a running daemon has the line; NULL: nobody has
    struct hunt hunt;
    struct arena *arena; // of the line that is open
    struct bus_settings bus;
    struct device device;
    struct site site;
    struct line line;
    bool has_line;
    size_t setting;                          // of the line
    struct scan_heard heard[MAX_HUNT_UNITS]; // and not told yet
    size_t heard_count;
    unsigned strange; // answers that are no Modbus TCP, in a row
};

static const struct map nobody = {
    .name = "nobody",
    .modbus = {.max_registers = MAX_READ_REGISTERS, .max_bits = MAX_READ_BITS}};

void scan_name_line(const struct bus_settings *bus, char *ret_text, size_t size)
{
    char frame[FRAME_NAME_SIZE];
    bool is_v6 = bus->host && strchr(bus->host, ':');
    line_frame_name(bus->parity, bus->stop_bits, frame);
    if (bus->transport == TRANSPORT_RTU)
        (void)snprintf(ret_text, size, "%s, %d %s", bus->path, bus->baud, frame);
    else
        (void)snprintf(ret_text, size, is_v6 ? "[%s]:%u" : "%s:%u", bus->host, bus->port);
}

static void close_line(struct scanner *scanner)
{
    if (!scanner->has_line)
        return;
    line_done(&scanner->line);
    arena_free(scanner->arena);
    scanner->has_line = false;
}

// Opens the line unless it is open. FAULT_LINK: with err.
static enum fault open_again(struct scanner *scanner, struct error *err)
{
    // It is up to us when to try again.
    if (!link_is_open(scanner->line.link))
        line_close(&scanner->line);
    enum fault fault = line_open(&scanner->line);
    if (fault == FAULT_LINK)
        *err = scanner->line.why;
    return fault;
}

// A line with this setting, open. FAULT_STOPPED, or FAULT_LINK with err.
static enum fault open_line(struct scanner *scanner, size_t setting, struct error *err)
{
    if (scanner->has_line && scanner->setting != setting)
        close_line(scanner);
    if (!scanner->has_line) {
        scanner->bus = scanner->original;
        if (scanner->settings.count) {
            const struct line_settings *row = &scanner->settings.rows[setting];
            scanner->bus.baud = row->baud;
            scanner->bus.parity = row->parity;
            scanner->bus.stop_bits = row->stop_bits;
        }
        scanner->arena = arena_new();
        if (line_init(&scanner->line, scanner->arena, &scanner->site, 0,
                      scanner->scan->stop_descriptor, err) != 0) {
            arena_free(scanner->arena);
            return FAULT_LINK;
        }
        line_hurry(&scanner->line);
        if (scanner->served)
            served_attach(scanner->served, scanner->line.link);
        scanner->has_line = true;
        scanner->setting = setting;
    }
    return open_again(scanner, err);
}

static struct unit *the_unit(struct scanner *scanner)
{
    return &scanner->line.units[0];
}

static void show(struct scanner *scanner, uint8_t unit_id, const char *doing)
{
    char name[NAME_SIZE];
    char text[2 * NAME_SIZE];
    struct scan *scan = scanner->scan;
    scan_name_line(&scanner->bus, name, sizeof name);
    (void)snprintf(text, sizeof text, "unit %u%s, %zu found: %s", unit_id, doing, scan->found,
                   name);
    size_t of_line = hunt_total(&scanner->hunt);
    progress_show(&scan->progress, scan->done * of_line + scanner->hunt.asked,
                  scan->total * of_line, text, clock_monotonic_ms());
}

// Some devices close the connection at what they do not like: it is made anew once.
static enum fault transact(struct scanner *scanner, const struct request *request,
                           struct answer *ret_answer, struct error *err)
{
    enum fault fault = line_transact(&scanner->line, the_unit(scanner), request, ret_answer);
    if (fault != FAULT_LINK)
        return fault;
    fault = open_again(scanner, err);
    if (fault != FAULT_NONE)
        return fault;
    fault = line_transact(&scanner->line, the_unit(scanner), request, ret_answer);
    return fault == FAULT_LINK ? FAULT_TIMEOUT : fault;
}

// Asks one question. FAULT_LINK: with err, and the line is of no more use.
static enum fault ask(struct scanner *scanner, const struct hunt_question *question,
                      struct scan_heard *ret_heard, struct error *err)
{
    struct answer answer = {0};
    const struct request request = {.unit_id = question->unit_id,
                                    .function = pdu_read_function(question->table),
                                    .count = 1};
    scanner->device.modbus.timeout_ms = scanner->hunt.timeout_ms;
    show(scanner, question->unit_id, "");
    enum fault fault = transact(scanner, &request, &answer, err);
    *ret_heard = (struct scan_heard){
        .unit_id = question->unit_id,
        .table = question->table,
        .exception = answer.exception,
        .word = answer.words[0],
        .response_us = link_last_note(scanner->line.link)->response_us,
    };
    return fault;
}

static bool saw_others(const struct scanner *scanner)
{
    const struct link_note *note = link_last_note(scanner->line.link);
    return note->foreign > 0 || note->noise >= SHORTEST_FRAME;
}

// False when the program stops.
static bool interview(struct scanner *scanner, uint8_t unit_id, struct interview *interview)
{
    int64_t timeout_ms = INTERVIEW_TIMES * scanner->hunt.timeout_ms;
    scanner->device.modbus.timeout_ms =
        timeout_ms > SHORTEST_INTERVIEW_MS ? timeout_ms : SHORTEST_INTERVIEW_MS;
    interview_begin(interview, unit_id);
    while (interview->stage != INTERVIEW_OVER) {
        struct answer answer = {0};
        show(scanner, unit_id, " (what is it?)");
        enum fault fault =
            line_transact(&scanner->line, the_unit(scanner), &interview->request, &answer);
        if (fault == FAULT_STOPPED)
            return false;
        interview_take(interview, fault, &answer);
    }
    return true;
}

// What is asked for by rules comes before what is only likely by its models.
static int compare_fits(const void *a, const void *b)
{
    const struct scan_fit *one = a;
    const struct scan_fit *other = b;
    if (one->fit.fitting != other->fit.fitting)
        return (one->fit.fitting == FITTING_UNTOLD) - (other->fit.fitting == FITTING_UNTOLD);
    bool by_rule = one->map->identify_count > 0;
    if (by_rule != (other->map->identify_count > 0))
        return by_rule ? -1 : 1;
    if (one->fit.models_found != other->fit.models_found)
        return one->fit.models_found > other->fit.models_found ? -1 : 1;
    if (one->fit.models != other->fit.models)
        return one->fit.models < other->fit.models ? -1 : 1;
    return strcmp(one->map->name, other->map->name);
}

// False when the program stops. The caller frees the fits.
static bool find_fits(struct scanner *scanner, struct scan_unit *unit,
                      struct scan_fit **ret_fits)
{
    struct map_shelf *shelf = scanner->scan->shelf;
    show(scanner, unit->heard.unit_id, " (which map?)");
    map_shelf_load(shelf);
    struct scan_fit *fits = mem_new(shelf->count + 1, sizeof *fits);
    struct unit_reads *reads =
        unit_reads_new(&scanner->line, the_unit(scanner), unit->heard.unit_id);
    const char *vendor = account_vendor(&unit->account);
    enum fault fault = FAULT_NONE;
    for (size_t i = 0; i < shelf->count && fault == FAULT_NONE; i++) {
        struct scan_fit one = {.map = shelf->maps[i]};
        show(scanner, unit->heard.unit_id, " (which map?)");
        fault = fitting_judge(reads, &unit->account, one.map, &one.fit);
        bool counts =
            one.fit.fitting == FITTING_FITS ||
            (one.fit.fitting == FITTING_UNTOLD && fitting_is_of_vendor(one.map, vendor));
        if (fault == FAULT_NONE && counts)
            fits[unit->fit_count++] = one;
    }
    qsort(fits, unit->fit_count, sizeof *fits, compare_fits);
    unit_reads_free(reads);
    *ret_fits = fits;
    return fault == FAULT_NONE;
}

// Asks a unit that was found what it is and reports it. False when the program stops; then what
// it said so far is reported.
static bool tell(struct scanner *scanner, const struct scan_heard *heard, bool is_any)
{
    struct scan *scan = scanner->scan;
    struct scan_fit *fits = NULL;
    struct interview *talk = mem_new(1, sizeof *talk);
    struct scan_unit *unit = mem_new(1, sizeof *unit);
    *unit = (struct scan_unit){.bus = &scanner->bus,
                               .bus_name = scan->bus_name,
                               .heard = *heard,
                               .is_any = is_any,
                               .shelf = scan->shelf};
    bool goes_on = heard->is_garbled || interview(scanner, heard->unit_id, talk);
    unit->account = talk->account;
    if (!heard->is_garbled && goes_on)
        goes_on = find_fits(scanner, unit, &fits);
    unit->fits = fits;
    scan->found += !heard->is_garbled;
    scan->garbled += heard->is_garbled;
    scan->unfitted +=
        !heard->is_garbled && (unit->fit_count == 0 || fits[0].fit.fitting != FITTING_FITS);
    progress_clear(&scan->progress);
    scan->report(unit);
    free(fits);
    free(unit);
    free(talk);
    return goes_on;
}

// Tells of those that were heard, as soon as it is settled that they are different ones.
static bool tell_heard(struct scanner *scanner)
{
    bool goes_on = true;
    if (!hunt_is_settled(&scanner->hunt) || hunt_is_any(&scanner->hunt))
        return true;
    for (size_t i = 0; i < scanner->heard_count && goes_on; i++)
        goes_on = tell(scanner, &scanner->heard[i], false);
    scanner->heard_count = 0;
    return goes_on;
}

// -1 with err when what answers is no Modbus TCP.
static int check_strangeness(struct scanner *scanner, enum fault fault, struct error *err)
{
    bool is_strange = fault == FAULT_GARBLED && scanner->bus.transport == TRANSPORT_TCP;
    scanner->strange = is_strange ? scanner->strange + 1 : 0;
    if (scanner->strange < MAX_STRANGE)
        return 0;
    return error_set(err, ERROR_FAILED,
                     "what answers at %s:%u is not Modbus TCP (%s): a serial server that only "
                     "passes bytes on is --rtu-over-tcp",
                     scanner->bus.host, scanner->bus.port,
                     link_last_note(scanner->line.link)->text);
}

// One question and what comes of it. 1: the program stops; -1: the line is of no use.
static int step(struct scanner *scanner, const struct hunt_question *question,
                struct error *err)
{
    struct scan_heard heard = {0};
    enum fault fault = open_line(scanner, question->setting, err);
    if (fault == FAULT_NONE)
        fault = ask(scanner, question, &heard, err);
    if (fault == FAULT_STOPPED || fault == FAULT_LINK)
        return fault == FAULT_STOPPED ? 1 : -1;
    const struct hunt_outcome outcome = {
        .fault = fault, .exception = heard.exception, .saw_others = saw_others(scanner)};
    if (hunt_note(&scanner->hunt, question, &outcome) == HUNT_ALIVE)
        scanner->heard[scanner->heard_count++] = heard;
    if (!tell_heard(scanner))
        return 1;
    return check_strangeness(scanner, fault, err);
}

// Those that were only heard garbled, where that says something: with settings with which
// somebody was understood, or when nobody was.
static void tell_garbled(struct scanner *scanner)
{
    struct hunt *hunt = &scanner->hunt;
    for (size_t setting = 0; setting < hunt->setting_count; setting++) {
        if (hunt->found && !hunt->alive[setting])
            continue;
        for (size_t i = 0; i < hunt->unit_count; i++) {
            enum hunt_state state = (enum hunt_state)hunt->states[setting][i];
            const struct scan_heard heard = {.unit_id = hunt->units[i], .is_garbled = true};
            struct error ignored;
            if (state != HUNT_GARBLED && state != HUNT_GARBLED_TWICE)
                continue;
            if (open_line(scanner, setting, &ignored) == FAULT_NONE)
                (void)tell(scanner, &heard, false);
        }
    }
}

static void begin(struct scanner *scanner, struct scan *scan, const struct bus_settings *bus,
                  const struct scan_settings *settings)
{
    scanner->scan = scan;
    scanner->original = *bus;
    scanner->settings = *settings;
    scanner->served = served_find(scan->site, bus, scan->stop_descriptor);
    if (scanner->served) {
        served_fill(scanner->served, &scanner->original);
        scanner->settings.count = 0;
    }
    scanner->bus = scanner->original;
    scanner->device = (struct device){
        .name = "unit", .map = &nobody, .modbus = nobody.modbus, .cloud = NO_INDEX};
    scanner->site = (struct site){
        .buses = &scanner->bus, .bus_count = 1, .devices = &scanner->device, .device_count = 1};
    size_t setting_count = scanner->settings.count ? scanner->settings.count : 1;
    hunt_begin(&scanner->hunt, bus->transport, setting_count, scan->first, scan->last,
               scan->timeout_ms ? scan->timeout_ms : hunt_timeout_ms(bus->transport));
    scanner->hunt.all = scan->all;
}

int scan_line(struct scan *scan, const struct bus_settings *bus,
              const struct scan_settings *settings, struct error *err)
{
    struct scanner *scanner = mem_new(1, sizeof *scanner);
    struct hunt_question question;
    begin(scanner, scan, bus, settings);
    int result = 0;
    while (result == 0 && hunt_next(&scanner->hunt, &question))
        result = step(scanner, &question, err);
    if (result == 0 && hunt_is_any(&scanner->hunt) && scanner->heard_count)
        result = tell(scanner, &scanner->heard[0], true) ? 0 : 1;
    if (result == 0)
        tell_garbled(scanner);
    scan->saw_others |= scanner->hunt.saw_others;
    scan->is_stopped |= result == 1;
    close_line(scanner);
    served_close(scanner->served);
    free(scanner);
    progress_clear(&scan->progress);
    return result < 0 ? -1 : 0;
}
