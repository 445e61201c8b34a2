// SPDX-License-Identifier: MIT
// Commands between cloud and bus: each request is judged by the store's journal, executed at
// most once, also over restarts, and answered exactly once. One command of a device is with its
// bus, the others wait here in order: what waits is known to have written nothing. The main
// thread owns it.
#ifndef DAEMON_REQUESTS_H
#define DAEMON_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/bus.h"
#include "cloud/store.h"
#include "daemon/changes.h"
#include "daemon/holds.h"
#include "daemon/outgoing.h"
#include "daemon/recent.h"
#include "model/message.h"
#include "model/site.h"

enum {
    // How long a command that was interrupted by the end of the program waits for its device to
    // answer, so that its response can say what the device holds; and when its open tries are
    // to be undone before that.
    REQUESTS_REREAD_MS = 30 * 1000,
    REQUESTS_UNDO_MS = 10 * 60 * 1000,
};

// A command on its way; one that was answered.
struct open_request;
struct left_command;
struct final_response;

// Where what concerns commands of the gateway itself goes, in the same thread. `client` is what
// requests_take_local was given.
struct requests_outlet {
    void *context;
    void (*log)(void *context, uint64_t client, const char *text);
    void (*answer)(void *context, uint64_t client, const char *answer); // daemon/local_answer.h
};

struct requests {
    const struct site *site;
    struct bus **buses; // as the site's
    struct outgoing *outgoing;
    struct open_holds *holds;
    struct store *store;           // NULL with --dry
    struct open_request *first;    // in the order they came
    struct left_command *left;     // unfinished, of devices that are not in the site
    struct final_response *finals; // not on disk yet
    struct requests_outlet local;
    struct recent recent; // for whoever looks
    uint64_t serial;
    bool is_stopping;
    bool *is_held; // per device: no command begins; NULL: none is held
};

// `store` is not started yet: commands that an earlier run of the program did not finish are
// taken over, and are answered from requests_turn on; those of devices that are not in the site
// when a reload brings them.
void requests_init(struct requests *requests, const struct site *site, struct bus **buses,
                   struct outgoing *outgoing, struct open_holds *holds, struct store *store);
void requests_done(struct requests *requests);

// Takes a request as it came from the broker; the payload is borrowed.
void requests_take(struct requests *requests, uint16_t device, const char *payload,
                   size_t length);

// Takes a request of the gateway itself (cloud/command.h, command_parse_local), as
// requests_take does; log lines and the one answer go to the outlet, perhaps before this
// returns. It goes on when nobody waits for it any more. `client` is not 0.
void requests_take_local(struct requests *requests, uint16_t device, const char *payload,
                         size_t length, uint64_t client);

// What the store reported; the event stays the caller's.
void requests_stored(struct requests *requests, const struct store_event *event);

// A device answers, or does not any more.
void requests_device_health(struct requests *requests, uint16_t device, bool is_online);

// Answers what waited for a device in vain, and does again what could not be done. Returns when
// it wants to be called again; INT64_MAX: never.
int64_t requests_turn(struct requests *requests, int64_t now_ms);

// The site is to be exchanged: no command begins any more on a device that does not go on as it
// is. Those that come meanwhile wait.
void requests_suspend(struct requests *requests, const struct changes *changes);

// Whether a command of a device on this bus is under way.
bool requests_are_on_bus(const struct requests *requests, int bus);

// The site is about to be exchanged, and nothing is under way on what is held: answers what
// waits for devices that are gone.
void requests_leave(struct requests *requests, const struct changes *changes);

// The site was exchanged (requests->site is the new one), and there are other buses: what waits
// is understood anew, by the new maps, and goes on.
void requests_reload(struct requests *requests, const struct changes *changes,
                     struct bus **buses);

// The program stops: what no bus has is answered at once.
void requests_stop(struct requests *requests);

// Records final responses that the disk has not taken once more; turn and stored do it too.
void requests_record_finals(struct requests *requests, int64_t now_ms);

// A log step of a command.
void requests_log(struct requests *requests, uint64_t serial, const char *text);

// A hold of a command has begun, or what became of one.
void requests_hold(struct requests *requests, const struct hold_change *change);

// The bus asks for the open tries of a command to be kept, and is told when they are.
void requests_note(struct requests *requests, const struct job_noted *wanted,
                   const struct open_tries *tries);

// A command ended; takes ownership of the result.
void requests_finish(struct requests *requests, struct job_result *result);

#endif
