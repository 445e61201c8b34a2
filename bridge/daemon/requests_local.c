// SPDX-License-Identifier: MIT
// Commands of the gateway itself: judged, recorded and executed like those of the cloud. Their
// answer goes to who asked, and the cloud reads in the device's log that somebody did.
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/local_answer.h"
#include "daemon/requests_state.h"

enum { TEXT_SIZE = 560 };

static void answer(const struct requests *requests, uint64_t client, char *text)
{
    if (client != 0)
        requests->local.answer(requests->local.context, client, text);
    free(text);
}

void requests_take_local(struct requests *requests, uint16_t device, const char *payload,
                         size_t length, uint64_t client)
{
    struct command_request request;
    command_parse_local(requests_device(requests, device), payload, length, &request);
    if (request.kind == COMMAND_ACCEPTED) {
        requests_begin(requests, device, client, &request, payload, length);
    } else {
        requests_note_refused(requests, device, true, &request);
        answer(requests, client, local_answer_refused(request.error.text));
    }
    command_request_done(&request);
}

void requests_answer_local(struct requests *requests, const struct open_request *open,
                           const char *response, const char *text,
                           const struct job_result *result)
{
    const struct recent_command *row = recent_find(&requests->recent, open->recent);
    const struct device *device = requests_device(requests, open->device);
    bool is_named = row && row->name[0];
    bool has_arguments = row && row->arguments[0];
    char said[TEXT_SIZE];
    (void)snprintf(said, sizeof said, "somebody at the gateway ran %s%s%s%s: %s",
                   is_named ? row->name : "a command", has_arguments ? " (" : "",
                   has_arguments ? row->arguments : "", has_arguments ? ")" : "",
                   text ? text : "completed");
    log_line(text ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, device->name, "%s", said);
    outgoing_notice(requests->outgoing, device, text ? SEVERITY_WARNING : SEVERITY_INFO, said);
    answer(requests, open->client, local_answer(response, result));
}

void requests_hold(struct requests *requests, const struct hold_change *change)
{
    const struct open_request *open = requests_find_serial(requests, change->serial);
    if (open && open->client != 0)
        requests->local.log(requests->local.context, open->client, change->text);
}
