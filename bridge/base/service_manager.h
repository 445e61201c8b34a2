// SPDX-License-Identifier: MIT
// What starts and watches services, systemd or another that speaks its protocol: it is told
// with one datagram each what becomes of the program. Source: sd_notify(3), sections "Notes"
// and "Well-known assignments"; sd_watchdog_enabled(3). One thread owns it.
#ifndef BASE_SERVICE_MANAGER_H
#define BASE_SERVICE_MANAGER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct service_manager {
    int socket; // -1: there is no service manager
    struct sockaddr_un address;
    socklen_t address_size;
    int64_t watchdog_ms; // it wants a sign of life within each such time; 0: it does not
};

// Finds it by $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID. A wrong value counts as none.
// At the start, before threads run.
void service_manager_find(struct service_manager *ret_manager);

// Nothing is told from now on.
void service_manager_leave(struct service_manager *manager);

// Sends assignments, such as "READY=1\nSTATUS=...", without waiting. False when the manager
// does not take it now; true without a manager.
bool service_manager_tell(const struct service_manager *manager, const char *assignments);

#endif
