// SPDX-License-Identifier: MIT
#include "daemon/values.h"

#include <stdlib.h>

#include "base/clock.h"
#include "daemon/daemon_state.h"
#include "daemon/devices_json.h"

static int take_first(const struct control_request *request, size_t device_count,
                      size_t *ret_first, struct error *err)
{
    const json_t *from = json_object_get(request->root, "from");
    json_int_t first = from ? json_integer_value(from) : 0;
    if ((from && !json_is_integer(from)) || first < 0 || first > (json_int_t)device_count)
        return error_set(err, ERROR_FAILED, "from: the index of a device, 0 .. %zu",
                         device_count);
    *ret_first = (size_t)first;
    return 0;
}

static void answer(struct daemon *daemon, const struct control_request *request,
                   struct control_ticket ticket,
                   char *(*describe)(const struct values_view *view, size_t first))
{
    struct error err;
    size_t first = 0;
    struct values_view view = {
        .site = daemon->site,
        .feeds = daemon->feeds,
        .generation = daemon->generations.present->number,
        .findings = daemon->generations.present->findings,
        .now_ms = clock_monotonic_ms(),
    };
    if (take_first(request, view.site->device_count, &first, &err) != 0) {
        control_refuse(daemon->control, ticket, err.text, view.now_ms);
        return;
    }
    char *json = describe(&view, first);
    control_answer(daemon->control, ticket, json, view.now_ms);
    free(json);
}

void values_take_request(void *context, const struct control_request *request,
                         struct control_ticket ticket)
{
    answer(context, request, ticket, values_json);
}

void devices_take_request(void *context, const struct control_request *request,
                          struct control_ticket ticket)
{
    answer(context, request, ticket, devices_json);
}
