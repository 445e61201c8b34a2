// SPDX-License-Identifier: MIT
#include "cloud/ucm.h"

#include <string.h>

#include "cloud/command.h"
#include "cloud/json.h"

enum { TELEMETRY_MS = 1000, PROPERTIES_MS = 30 * 1000 };

// Before this moment (2024-01-01) the clock was never set, and a stamp would be wrong.
static const int64_t plausible_ms = 1704067200000;

static const struct map no_commands;

void ucm_init(struct ucm *ucm, const char *hardware_id)
{
    *ucm = (struct ucm){
        .self = {.name = "ucm",
                 .map = &no_commands,
                 .hardware_id = hardware_id,
                 .channel_id = "ucm"},
        .telemetry_ms = INT64_MIN,
        .properties_ms = INT64_MIN,
    };
}

int64_t ucm_due_ms(const struct ucm *ucm)
{
    return ucm->telemetry_ms < ucm->properties_ms ? ucm->telemetry_ms : ucm->properties_ms;
}

static char *print_properties(int64_t wall_ms)
{
    json_t *json = json_new_object();
    json_put(json, "timestamp", json_integer(wall_ms / 1000));
    json_put(json, "virtual", json_true());
    json_put(json, "lua_api_ver", json_integer(1));
    return json_print(json);
}

static char *print_telemetry(int64_t wall_ms)
{
    json_t *json = json_new_object();
    json_put(json, "timestamp", json_integer(wall_ms / 1000));
    json_put(json, "alerts", json_null());
    return json_print(json);
}

bool ucm_next(struct ucm *ucm, int64_t now_ms, int64_t wall_ms, enum topic_kind *ret_kind,
              char **ret_payload)
{
    bool is_properties = ucm->properties_ms <= now_ms;
    if (!is_properties && ucm->telemetry_ms > now_ms)
        return false;
    if (wall_ms < plausible_ms) {
        ucm->telemetry_ms = now_ms + TELEMETRY_MS;
        ucm->properties_ms = now_ms + TELEMETRY_MS;
        return false;
    }
    if (is_properties)
        ucm->properties_ms = now_ms + PROPERTIES_MS;
    else
        ucm->telemetry_ms = now_ms + TELEMETRY_MS;
    *ret_kind = is_properties ? TOPIC_PROPERTIES : TOPIC_TELEMETRY;
    *ret_payload = (is_properties ? print_properties : print_telemetry)(wall_ms);
    return true;
}

bool ucm_is_request(const struct ucm *ucm, const char *topic)
{
    struct topic_ids ids;
    return topic_parse_request(topic, &ids) &&
           strcmp(ids.hardware_id, ucm->self.hardware_id) == 0 &&
           strcmp(ids.channel_id, ucm->self.channel_id) == 0;
}

char *ucm_answer(const struct ucm *ucm, const char *payload, size_t length)
{
    struct command_request request;
    command_parse(&ucm->self, payload, length, &request);
    char *answer = request.kind == COMMAND_UNUSABLE
                       ? NULL
                       : command_response_error(request.id,
                                                "not implemented: this gateway runs modbridge, "
                                                "which has no communication module to reboot "
                                                "and no Lua script to replace");
    command_request_done(&request);
    return answer;
}
