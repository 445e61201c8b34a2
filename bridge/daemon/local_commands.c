// SPDX-License-Identifier: MIT
#include "daemon/local_commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/suggest.h"

static struct local_client *find_client(struct local_commands *commands, uint64_t number)
{
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        if (commands->waiting[i].number == number)
            return &commands->waiting[i];
    }
    return NULL;
}

static void say_log(void *context, uint64_t number, const char *text)
{
    struct local_commands *commands = context;
    const struct local_client *client = find_client(commands, number);
    if (client)
        control_tell(commands->control, client->ticket, text, clock_monotonic_ms());
}

static void say_answer(void *context, uint64_t number, const char *answer)
{
    struct local_commands *commands = context;
    struct local_client *client = find_client(commands, number);
    if (!client)
        return;
    client->number = 0;
    control_answer(commands->control, client->ticket, answer, clock_monotonic_ms());
}

void local_commands_init(struct local_commands *commands, const struct site *site,
                         const char *path, struct requests *requests, struct control *control)
{
    *commands = (struct local_commands){
        .site = site, .path = path, .requests = requests, .control = control};
    requests->local = (struct requests_outlet){commands, say_log, say_answer};
}

void local_commands_leave(struct local_commands *commands)
{
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++)
        commands->waiting[i].number = 0;
}

static void refuse_device(struct local_commands *commands, const char *name,
                          struct control_ticket ticket)
{
    struct suggestion suggestion;
    struct strbuf text = {0};
    suggest_start(&suggestion, name);
    for (size_t i = 0; i < commands->site->device_count; i++) {
        if (commands->site->devices[i].name[0]) // else the place is empty
            suggest_candidate(&suggestion, commands->site->devices[i].name);
    }
    strbuf_printf(&text, "there is no device '%s'", name);
    suggest_append(&suggestion, &text);
    control_refuse(commands->control, ticket, strbuf_text(&text), clock_monotonic_ms());
    strbuf_done(&text);
}

// The device that is meant; NO_INDEX: the client has its answer.
static int find_device(struct local_commands *commands, const struct control_request *request,
                       struct control_ticket ticket)
{
    const char *site = json_string_value(json_object_get(request->root, "site"));
    const char *name = json_string_value(json_object_get(request->root, "device"));
    int64_t now_ms = clock_monotonic_ms();
    if (site && strcmp(site, commands->path) != 0) {
        json_t *other = json_new_object();
        json_put(other, "site", json_from_text(commands->path, strlen(commands->path)));
        char *text = json_print(other);
        control_answer(commands->control, ticket, text, now_ms);
        free(text);
        return NO_INDEX;
    }
    if (!name) {
        control_refuse(commands->control, ticket, "device: the name of a device is expected",
                       now_ms);
        return NO_INDEX;
    }
    int device = site_find_device(commands->site, name);
    if (device == NO_INDEX)
        refuse_device(commands, name, ticket);
    return device;
}

// Ids are random: those of an earlier start of the daemon are in the journal.
static json_t *new_id(void)
{
    uint64_t bits[2] = {0};
    char text[64];
    if (getrandom(bits, sizeof bits, 0) != (ssize_t)sizeof bits)
        bits[0] = (uint64_t)clock_wall_ms();
    (void)snprintf(text, sizeof text, "local-%016llx%016llx", (unsigned long long)bits[0],
                   (unsigned long long)bits[1]);
    return json_from_text(text, strlen(text));
}

// Hands on the request as the cloud would send it; `payload` is taken.
static void begin(struct local_commands *commands, int device, json_t *payload,
                  struct control_ticket ticket)
{
    json_put(payload, "id", new_id());
    char *text = json_print(payload);
    uint64_t number = ++commands->clients;
    commands->waiting[ticket.client] = (struct local_client){number, ticket};
    requests_take_local(commands->requests, (uint16_t)device, text, strlen(text), number);
    free(text);
}

void local_commands_take_command(struct local_commands *commands,
                                 const struct control_request *request,
                                 struct control_ticket ticket)
{
    int device = find_device(commands, request, ticket);
    if (device == NO_INDEX)
        return;
    json_t *payload = json_new_object();
    json_put(payload, "name", json_incref(json_object_get(request->root, "name")));
    json_put(payload, "arguments", json_incref(json_object_get(request->root, "arguments")));
    begin(commands, device, payload, ticket);
}

void local_commands_take_write(struct local_commands *commands,
                               const struct control_request *request,
                               struct control_ticket ticket)
{
    const char *entry = json_string_value(json_object_get(request->root, "register"));
    json_t *value = json_object_get(request->root, "value");
    int device = find_device(commands, request, ticket);
    if (device == NO_INDEX)
        return;
    if (!entry || !value) {
        control_refuse(commands->control, ticket,
                       "register, the name of an entry, and value are expected",
                       clock_monotonic_ms());
        return;
    }
    json_t *write = json_new_object();
    json_t *payload = json_new_object();
    json_put(write, entry, json_incref(value));
    json_put(payload, "write", write);
    begin(commands, device, payload, ticket);
}
