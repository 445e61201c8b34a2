// SPDX-License-Identifier: MIT
// Commands asked for at the control socket:
//     {"request": "command", "device": "pump", "name": "start", "arguments": {"rate": 75}}
//     {"request": "write", "device": "pump", "register": "limit", "value": 75}
// Lines {"control": 1, "request": ..., "log": "text"} may come before the answer, whose result
// is that of daemon/local_answer.h. With "site", the path of a site file, a daemon of another
// site answers {"site": its own} and does nothing. A client that goes away does not end its
// command. The main thread owns it.
#ifndef DAEMON_LOCAL_COMMANDS_H
#define DAEMON_LOCAL_COMMANDS_H

#include "daemon/control.h"
#include "daemon/requests.h"
#include "model/site.h"

struct local_commands {
    const struct site *site;
    const char *path; // of the site file, absolute
    struct requests *requests;
    struct control *control;
    uint64_t clients; // so far
    struct local_client {
        uint64_t number; // 0: nobody waits
        struct control_ticket ticket;
    } waiting[CONTROL_MAX_CLIENTS];
};

// Everything is borrowed. Becomes the outlet of `requests`.
void local_commands_init(struct local_commands *commands, const struct site *site,
                         const char *path, struct requests *requests, struct control *control);

// Nobody is answered from now on.
void local_commands_leave(struct local_commands *commands);

// The requests "command" and "write".
void local_commands_take_command(struct local_commands *commands,
                                 const struct control_request *request,
                                 struct control_ticket ticket);
void local_commands_take_write(struct local_commands *commands,
                               const struct control_request *request,
                               struct control_ticket ticket);

#endif
