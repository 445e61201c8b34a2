// SPDX-License-Identifier: MIT
// Several network hosts in one text: "192.168.1.10-40:502", "10.0.0.0/28",
// "plc.local,10.0.0.5". Pure.
#ifndef CLI_HOSTS_H
#define CLI_HOSTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum { MAX_HOSTS = 1024 };

struct host {
    const char *name;
    uint16_t port;
};

struct hosts {
    struct host items[MAX_HOSTS];
    size_t count;
};

// Takes the text apart: endpoints with commas between them; the last number of an IPv4 address
// may be a range, and a network (/22 to /32) stands for all of its hosts. What stands twice is
// taken once. Without a port it is `default_port`. Texts live in `arena`. ERROR_USAGE says
// what is wrong.
int hosts_parse(struct arena *arena, const char *text, uint16_t default_port,
                struct hosts *ret_hosts, struct error *err);

#endif
