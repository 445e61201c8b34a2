// SPDX-License-Identifier: MIT
// A line of a device's log in the cloud (topic v3/logs). Pure, any thread.
// Source: Enapter python-sdk, mqtt/api/device: timestamp, message, severity, persist.
#ifndef CLOUD_NOTICE_H
#define CLOUD_NOTICE_H

#include <stdint.h>

#include "model/command.h"

// {"message": text, "severity": "info" | "warning" | "error", "persist": true}, without its
// timestamp (cloud/stamp.h). Heap; the caller frees it.
char *notice_payload(enum severity severity, const char *text);

#endif
