// SPDX-License-Identifier: MIT
// What is known of a command by its id, so that it is executed at most once, whatever happens
// to the program meanwhile: received -> executing -> done. The store keeps the records
// (cloud/store_commands); what they mean is decided here. Pure, any thread.
//
// Before the first write frame the record says "executing" on disk; before the final response
// is published it is in the record.
#ifndef CLOUD_JOURNAL_H
#define CLOUD_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/topic.h"
#include "model/site.h"

enum {
    JOURNAL_MAX_COMMANDS = 10000, // the oldest answered ones beyond that are forgotten
    JOURNAL_DIGEST_SIZE = 33,
    JOURNAL_KEY_SIZE = 2 * TOPIC_ID_SIZE,
};

#define JOURNAL_MAX_AGE_MS (INT64_C(30) * 86400 * 1000)

enum journal_state {
    JOURNAL_RECEIVED,  // nothing was written yet, and nothing is before it says "executing"
    JOURNAL_EXECUTING, // anything may have been written
    JOURNAL_DONE,      // the final response is known
};

enum journal_verdict {
    JOURNAL_NEW,      // not seen before; now recorded: execute it
    JOURNAL_RUNNING,  // it is being executed: do nothing
    JOURNAL_ANSWERED, // it was executed: send the stored response again
    JOURNAL_CONFLICT, // the id was used for another command or other arguments: refuse it
    JOURNAL_DAMAGED,  // its record is: nobody knows what it was; refuse it
    JOURNAL_FAILED,   // the disk does not take the record: refuse it
};

// A command as the journal keeps it.
struct journal_command {
    const char *device; // journal_key
    const char *id;
    const char *digest;
    enum journal_state state;
    const char *request;  // as it came, while it is not done; arguments may be secret
    const char *response; // done
};

// A record as the store finds it.
struct journal_record {
    bool is_sound; // its checksum is right
    const char *digest;
    enum journal_state state;
    const char *response; // done
};

// Judges a command by the record of its id; NULL: there is none.
enum journal_verdict journal_judge(const struct journal_record *record, const char *digest);

// What stands for a command's name and arguments in its record: arguments may be secret, and
// long. `fingerprint` is equal for equal ones (cloud/command.h).
void journal_digest(const char *fingerprint, char ret_digest[JOURNAL_DIGEST_SIZE]);

// What names a device in the journal: "hardware id/channel id", because ids of commands are
// unique per device only, and names in the site change.
void journal_key(const struct device *device, char ret_key[JOURNAL_KEY_SIZE]);

// The same for commands from the gateway itself, whose ids are their own: "/name in the site",
// which no hardware id begins like.
void journal_local_key(const struct device *device, char ret_key[JOURNAL_KEY_SIZE]);

#endif
