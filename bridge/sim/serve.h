// SPDX-License-Identifier: MIT
// Serves simulated devices to clients: one poll loop over all listeners, connections and
// pseudo-terminals. One thread adds endpoints and runs it.
#ifndef SIM_SERVE_H
#define SIM_SERVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "sim/channel.h"
#include "sim/port.h"

struct server;

enum {
    MAX_ENDPOINTS = 1024,
    MAX_ENDPOINT_CONNECTIONS = 32, // one more is closed at once
};

// The caller owns it; server_free closes everything.
struct server *server_new(void);
void server_free(struct server *server);

// Where a line of devices is reached over TCP.
struct listen_settings {
    enum framing framing; // FRAMING_RTU: RTU over TCP
    const char *host;     // a numeric address
    uint16_t port;        // 0: a free one
};

// Serves the devices of a line, which must outlive the server, over TCP. Writes the port taken.
int server_listen(struct server *server, const struct line *line,
                  const struct listen_settings *settings, uint16_t *ret_port,
                  struct error *err);

// Serves them as a serial line on a pseudo-terminal. `link` (NULL: none) becomes a symbolic
// link to it, also after it was unplugged and came back under another name.
int server_open_terminal(struct server *server, const struct line *line, const char *link,
                         char ret_path[MAX_PORT_PATH], struct error *err);

// What endpoint `index`, in the order they were added, saw; NULL for one that is no paced line.
struct meter *server_meter(const struct server *server, size_t index);

// Something else to do when a descriptor is readable.
struct server_watch {
    int descriptor;
    void (*serve)(void *context);
    void *context;
};

// Serves until `stop_descriptor` is readable. `watch` may be NULL. Fails only when the system
// does.
int server_run(struct server *server, int stop_descriptor, const struct server_watch *watch,
               struct error *err);

#endif
