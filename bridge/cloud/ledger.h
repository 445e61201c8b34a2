// SPDX-License-Identifier: MIT
// Which command ids were seen and what was answered: the same id is never executed twice. In
// memory: what it knows ends with the process. One owner, one thread; all texts are copied.
#ifndef CLOUD_LEDGER_H
#define CLOUD_LEDGER_H

#include <stddef.h>
#include <stdint.h>

struct ledger;

struct ledger_limits {
    size_t max_entries;
    size_t max_bytes; // of ids, fingerprints and responses
    int64_t max_age_ms;
};

// 30 days of ids, at most 10,000 and 16 MB.
extern const struct ledger_limits ledger_default_limits;

// A command as it came: ids are unique per device only.
struct ledger_command {
    int device; // index in the site
    const char *id;
    const char *fingerprint; // of name and arguments (cloud/command.h)
};

enum ledger_verdict {
    LEDGER_NEW,      // not seen before; now noted as running: execute it
    LEDGER_RUNNING,  // it is being executed: do nothing
    LEDGER_ANSWERED, // it was executed: send the stored response again
    LEDGER_CONFLICT, // the id was used for another command or other arguments: refuse it
    LEDGER_FULL, // no room that is not taken by running commands: refuse it, later it may fit
};

struct ledger *ledger_new(const struct ledger_limits *limits);
void ledger_free(struct ledger *ledger);

// Judges a command and notes a new one. Answered commands older than the age limit are
// forgotten first; when there is no room, the oldest answered ones. `now_ms` never steps back.
// With LEDGER_ANSWERED, *ret_response is the response; valid until the next call.
enum ledger_verdict ledger_begin(struct ledger *ledger, const struct ledger_command *command,
                                 int64_t now_ms, const char **ret_response);

// Stores the final response of a running command; unknown ids are ignored.
void ledger_finish(struct ledger *ledger, int device, const char *id, const char *response);

// Commands remembered.
size_t ledger_count(const struct ledger *ledger);

#endif
