// SPDX-License-Identifier: MIT
// What a running `modbridge simulate` can be told and asked: SIGHUP reads the faults file
// again, SIGUSR1 prints what its serial lines saw. One thread.
#ifndef CLI_LABORATORY_H
#define CLI_LABORATORY_H

#include "base/error.h"
#include "config/load_faults.h"
#include "sim/serve.h"

struct laboratory {
    const char *path; // of the faults file; NULL: none
    struct fault_names names;
    struct faults *faults;
    struct arena *arena; // of the script in force
    struct server *server;
    int signals;
};

// Reads the faults file, if there is one, and listens to the signals. `names` must outlive the
// laboratory. ERROR_CONFIG after findings on standard error.
int laboratory_open(struct laboratory *laboratory, const char *path,
                    const struct fault_names *names, struct error *err);
void laboratory_close(struct laboratory *laboratory);

// For server_run. The server's endpoints are in the order of names.buses.
struct server_watch laboratory_watch(struct laboratory *laboratory, struct server *server);

// Prints one JSON line a paced line: what it saw since the last time.
void laboratory_report(struct laboratory *laboratory);

#endif
