// SPDX-License-Identifier: MIT
#include "daemon/control_table.h"

#include "base/mem.h"
#include "daemon/daemon_state.h"
#include "daemon/values.h"

static void take_status(void *context, const struct control_request *request,
                        struct control_ticket ticket)
{
    struct daemon *daemon = context;
    (void)request;
    status_take_request(&daemon->status, ticket);
}

static void take_reload(void *context, const struct control_request *request,
                        struct control_ticket ticket)
{
    reload_take_request(context, request, ticket);
}

static void take_command(void *context, const struct control_request *request,
                         struct control_ticket ticket)
{
    struct daemon *daemon = context;
    local_commands_take_command(&daemon->local, request, ticket);
}

static void take_write(void *context, const struct control_request *request,
                       struct control_ticket ticket)
{
    struct daemon *daemon = context;
    local_commands_take_write(&daemon->local, request, ticket);
}

const struct control_handler control_table[] = {
    {"buses", buses_take_request},   {"devices", devices_take_request},
    {"status", take_status},         {"transact", transact_take_request},
    {"values", values_take_request}, {"command", take_command},
    {"write", take_write},           {"reload", take_reload},
};

const size_t control_table_count = ARRAY_LENGTH(control_table);
