// SPDX-License-Identifier: MIT
#include "cloud/reason.h"

#include <errno.h>

#include "base/error.h"
#include "base/mem.h"

const char *reason_of_refusal(int code, enum pacing_cause *ret_cause)
{
    static const struct {
        enum pacing_cause cause;
        const char *text;
    } refusals[] = {
        [0] = {PACING_FAILED, "the broker refuses the connection"}, // a code of no standard
        [1] = {PACING_FAILED, "the broker does not speak MQTT 3.1.1"},
        [2] = {PACING_FAILED, "the broker does not accept our client id"},
        [3] = {PACING_FAILED, "the broker says that it is not available"},
        [4] = {PACING_REFUSED, "wrong user name or password; check username and password_file"},
        [5] = {PACING_REFUSED, "not authorised; check username and password_file, and what "
                               "the broker allows this user"},
    };
    size_t row = code > 0 && (size_t)code < ARRAY_LENGTH(refusals) ? (size_t)code : 0;
    *ret_cause = refusals[row].cause;
    return refusals[row].text;
}

struct phase_words {
    const char *closed;
    const char *garbage;
    const char *silence;
};

static const struct phase_words words[REASON_PHASE_COUNT] = {
    [REASON_DIALING] =
        {
            .closed = "the connection was closed at once; is the port right?",
            .garbage = "it cannot be connected to; is the port right?",
            .silence = "no answer; is the address right and is the network up?",
        },
    [REASON_TLS] =
        {
            .closed = "the broker closes the connection during the TLS handshake; is this a "
                      "TLS port?",
            .garbage = "what answers does not speak TLS; is this a port without TLS?",
            .silence = "connected, but nothing answers the TLS handshake; is this the TLS port "
                       "of an MQTT broker?",
        },
    [REASON_GREETING] =
        {
            .closed = "the broker closes the connection at once; is this a TLS port?",
            .garbage = "what answers does not speak MQTT; is the port right, or is this a TLS "
                       "port?",
            .silence = "connected, but there is no answer; is this port really an MQTT "
                       "broker's, and without TLS?",
        },
    [REASON_GREETING_OVER_TLS] =
        {
            .closed = "the broker closes the connection after the TLS handshake; does it "
                      "accept our certificate?",
            .garbage = "what answers speaks TLS but not MQTT; is the port right?",
            .silence = "connected with TLS, but there is no answer; is this port really an "
                       "MQTT broker's?",
        },
    [REASON_ONLINE] =
        {
            .closed = "the broker closed the connection",
            .garbage = "the broker sends what is not MQTT",
            .silence = "the broker does not answer any more",
        },
};

const char *reason_of_close(enum reason_phase phase)
{
    return words[phase].closed;
}

const char *reason_of_garbage(enum reason_phase phase)
{
    return words[phase].garbage;
}

const char *reason_of_silence(enum reason_phase phase)
{
    return words[phase].silence;
}

const char *reason_of_errno(enum reason_phase phase, int number)
{
    switch (number) {
    case ECONNREFUSED:
        return "connection refused; is the port right and is the broker running?";
    case ENETUNREACH:
    case EHOSTUNREACH:
        return "there is no way to this address; is the network up?";
    case ETIMEDOUT:
        return reason_of_silence(phase);
    case 0:
    case EAGAIN:
    case EPIPE:
    case EPROTO: // the library's word for what failed inside TLS
    case ECONNRESET:
        return reason_of_close(phase);
    default:
        return error_reason(number);
    }
}
