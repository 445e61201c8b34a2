// SPDX-License-Identifier: MIT
#include "bus/relay.h"

enum fault relay_transact(const struct relay *relay, const struct request *request,
                          int64_t timeout_ms, struct answer *ret_answer,
                          struct link_note *ret_note, struct link_counters *counters)
{
    *ret_note = (struct link_note){0};
    enum fault fault =
        relay->transact(relay->context, request, timeout_ms, ret_answer, ret_note);
    counters->requests += ret_note->sent;
    counters->answers += fault == FAULT_NONE || fault == FAULT_EXCEPTION;
    counters->exceptions += fault == FAULT_EXCEPTION;
    counters->timeouts += fault == FAULT_TIMEOUT;
    counters->garbled += fault == FAULT_GARBLED;
    return fault;
}
