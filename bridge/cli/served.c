// SPDX-License-Identifier: MIT
#include "cli/served.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/mem.h"
#include "bus/relay.h"
#include "cli/control_link.h"
#include "daemon/guest_desk.h"
#include "daemon/guest_json.h"
#include "daemon/wording.h"

enum { ANSWER_SLACK_MS = 5000 }; // beyond what a bus is given and what is waited for the unit

struct served {
    struct control_link *daemon;
    char *bus;
    char *place;
    int baud; // of a serial line; 0: the daemon does not say
    enum parity parity;
    int stop_bits;
    json_t *units; // NULL: the daemon does not say
    struct relay relay;
};

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

// ---- finding it

static bool is_same_file(const char *a, const char *b)
{
    struct stat first;
    struct stat second;
    return strcmp(a, b) == 0 ||
           (stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
            first.st_ino == second.st_ino);
}

static bool is_line(const json_t *row, const struct bus_settings *bus)
{
    if (strcmp(text_of(row, "transport"), wording_transport(bus->transport)) != 0)
        return false;
    if (bus->transport == TRANSPORT_RTU)
        return is_same_file(text_of(row, "path"), bus->path);
    return strcasecmp(text_of(row, "host"), bus->host) == 0 &&
           json_integer_value(json_object_get(row, "port")) == bus->port;
}

static const json_t *find_line(const json_t *result, const struct bus_settings *bus)
{
    const json_t *rows = json_object_get(result, "buses");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (is_line(json_array_get(rows, i), bus))
            return json_array_get(rows, i);
    }
    return NULL;
}

static enum fault transact(void *context, const struct request *request, int64_t timeout_ms,
                           struct answer *ret_answer, struct link_note *ret_note);

static enum parity parity_of(const char *name)
{
    int parity = PARITY_NONE;
    for (int i = 0; i < PARITY_COUNT; i++) {
        if (strcmp(parity_names[i], name) == 0)
            parity = i;
    }
    return (enum parity)parity;
}

static struct served *new_served(struct control_link *daemon, const json_t *row)
{
    struct served *served = mem_new(1, sizeof *served);
    *served = (struct served){
        .daemon = daemon,
        .bus = mem_copy_text(text_of(row, "name")),
        .place = mem_copy_text(text_of(row, "place")),
        .baud = (int)json_integer_value(json_object_get(row, "baud")),
        .parity = parity_of(text_of(row, "parity")),
        .stop_bits = (int)json_integer_value(json_object_get(row, "stop_bits")),
        .units = json_incref(json_object_get(row, "units")),
        .relay = {.context = served, .transact = transact},
    };
    return served;
}

// Takes over `daemon`, which may be NULL. NULL when it does not have the line.
static struct served *ask_for_line(struct control_link *daemon, const struct bus_settings *bus)
{
    struct error err;
    struct served *served = NULL;
    if (!daemon)
        return NULL;
    json_t *result = control_link_ask(daemon, "buses", &err);
    const json_t *row = find_line(result, bus);
    if (row)
        served = new_served(daemon, row);
    else
        control_link_close(daemon);
    json_decref(result);
    return served;
}

// A site may be divided among several daemons.
static struct served *find_among_shards(const char *site, const struct bus_settings *bus)
{
    struct served *served = NULL;
    bool exists = site != NULL;
    for (unsigned index = 0; exists && !served; index++)
        served = ask_for_line(control_link_find_shard(site, index, &exists), bus);
    return served;
}

struct served *served_find(const char *site, const struct bus_settings *bus, int stop)
{
    struct error err;
    struct control_link *daemon = control_link_find(site, &err);
    if (!daemon && err.code != ERROR_NONE && bus->transport == TRANSPORT_RTU)
        (void)fprintf(stderr, "modbridge: %s\n", err.text);
    struct served *served = ask_for_line(daemon, bus);
    if (!served)
        served = find_among_shards(site, bus);
    if (served)
        control_link_stop_at(served->daemon, stop);
    return served;
}

void served_close(struct served *served)
{
    if (!served)
        return;
    control_link_close(served->daemon);
    json_decref(served->units);
    free(served->bus);
    free(served->place);
    free(served);
}

void served_fill(const struct served *served, struct bus_settings *bus)
{
    if (bus->transport != TRANSPORT_RTU || !served->baud)
        return;
    bus->baud = served->baud;
    bus->parity = served->parity;
    bus->stop_bits = served->stop_bits;
}

struct control_link *served_daemon(struct served *served)
{
    return served->daemon;
}

const char *served_bus(const struct served *served)
{
    return served->bus;
}

const char *served_place(const struct served *served)
{
    return served->place;
}

static bool has_map(const json_t *row, const struct map *map)
{
    char digest[24];
    (void)snprintf(digest, sizeof digest, "%016llx", (unsigned long long)map->digest);
    return strcmp(text_of(row, "map_digest"), digest) == 0;
}

const char *served_find_device(const struct served *served, const struct device *wanted,
                               struct error *err)
{
    const json_t *other = NULL;
    for (size_t i = 0; i < json_array_size(served->units); i++) {
        const json_t *row = json_array_get(served->units, i);
        if (json_integer_value(json_object_get(row, "unit")) != wanted->unit_id)
            continue;
        if (has_map(row, wanted->map))
            return text_of(row, "device");
        other = row;
    }
    if (!other)
        (void)error_set(err, ERROR_FAILED,
                        "bus %s (%s) belongs to the running daemon, which has no device with "
                        "unit %d there and writes to no other: add it to its site and reload, "
                        "or stop the daemon meanwhile",
                        served->bus, served->place, wanted->unit_id);
    else
        (void)error_set(err, ERROR_FAILED,
                        "unit %d of bus %s (%s) is the running daemon's device '%s' with the "
                        "map %s, which is not this one: write to it by its site and name, or "
                        "reload the daemon with this map",
                        wanted->unit_id, served->bus, served->place, text_of(other, "device"),
                        text_of(other, "map"));
    return NULL;
}

void served_attach(struct served *served, struct link *link)
{
    (void)fprintf(stderr, "modbridge: bus %s (%s) is asked through the running daemon\n",
                  served->bus, served->place);
    link_set_relay(link, &served->relay);
}

// ---- asking by it

__attribute__((format(printf, 2, 3))) static enum fault fail(struct link_note *note,
                                                             const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(note->text, sizeof note->text, format, args);
    va_end(args);
    return FAULT_LINK;
}

static enum fault ask(struct served *served, struct guest *guest, struct link_note *ret_note)
{
    struct error err;
    json_t *request = guest_request_json(served->bus, guest);
    int64_t within_ms = GUEST_PATIENCE_MS + guest->timeout_ms + ANSWER_SLACK_MS;
    json_t *result = control_link_request(served->daemon, request, within_ms, &err);
    if (!result && control_link_is_stopped(served->daemon))
        return FAULT_STOPPED;
    if (!result)
        return fail(ret_note, "the running daemon: %s", err.text);
    int failed = guest_read_result(result, guest);
    json_decref(result);
    if (failed)
        return fail(ret_note, "the running daemon answers oddly: is it another version?");
    (void)snprintf(ret_note->text, sizeof ret_note->text, "%s", guest->text);
    ret_note->sent = guest->was_sent;
    ret_note->response_us = guest->response_us;
    return guest->fault;
}

static enum fault transact(void *context, const struct request *request, int64_t timeout_ms,
                           struct answer *ret_answer, struct link_note *ret_note)
{
    struct guest guest = {.request = *request, .timeout_ms = timeout_ms};
    if (pdu_find_function(request->function)->is_write)
        return fail(ret_note, "only reads go through the running daemon");
    enum fault fault = ask(context, &guest, ret_note);
    if (fault == FAULT_NONE || fault == FAULT_EXCEPTION)
        *ret_answer = guest.answer;
    return fault;
}
