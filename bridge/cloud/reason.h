// SPDX-License-Identifier: MIT
// Why a connection could not be made or broke, in words for the operator. Pure, any thread.
#ifndef CLOUD_REASON_H
#define CLOUD_REASON_H

#include "cloud/pacing.h"

// How far a connection had come.
enum reason_phase {
    REASON_DIALING,           // TCP
    REASON_TLS,               // the TLS handshake
    REASON_GREETING,          // MQTT's CONNECT without TLS, until CONNACK
    REASON_GREETING_OVER_TLS, // the same, inside TLS
    REASON_ONLINE,
    REASON_PHASE_COUNT,
};

// A return code of CONNACK other than 0 (MQTT 3.1.1, table 3.1), and how to go on.
const char *reason_of_refusal(int code, enum pacing_cause *ret_cause);

// The peer closed the connection.
const char *reason_of_close(enum reason_phase phase);

// What was heard is not what should be spoken.
const char *reason_of_garbage(enum reason_phase phase);

// Nothing was heard in time.
const char *reason_of_silence(enum reason_phase phase);

// A system call failed with this errno.
const char *reason_of_errno(enum reason_phase phase, int number);

#endif
