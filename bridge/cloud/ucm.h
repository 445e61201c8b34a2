// SPDX-License-Identifier: MIT
// The channel "ucm" that Enapter Cloud expects beside a device with a communication config V1:
// it says that there is no real communication module. Pure.
// Source: Enapter python-sdk, standalone/ucm.py: properties {virtual: true, lua_api_ver: 1}
// every 30 s, empty telemetry every second, its commands reboot and upload_lua_script not
// implemented.
#ifndef CLOUD_UCM_H
#define CLOUD_UCM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/topic.h"
#include "model/site.h"

struct ucm {
    struct device self; // its ids, for topics
    int64_t telemetry_ms;
    int64_t properties_ms;
};

// Sets up the channel of a hardware id, which must outlive it: everything is due at once.
void ucm_init(struct ucm *ucm, const char *hardware_id);

// When the next message is due.
int64_t ucm_due_ms(const struct ucm *ucm);

// The next message that is due at `now_ms`, stamped with `wall_ms`; false when there is none.
// The payload is heap, the caller frees it.
bool ucm_next(struct ucm *ucm, int64_t now_ms, int64_t wall_ms, enum topic_kind *ret_kind,
              char **ret_payload);

// Whether this is the topic of its command requests.
bool ucm_is_request(const struct ucm *ucm, const char *topic);

// The answer to a command request: an error. Heap, the caller frees it; NULL when the request
// has no id to answer to.
char *ucm_answer(const struct ucm *ucm, const char *payload, size_t length);

#endif
