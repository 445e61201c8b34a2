// SPDX-License-Identifier: MIT
#include "web/event.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/strbuf.h"

struct shared_text *event_text(const struct event *event)
{
    struct strbuf text = {0};
    json_t *root = json_new_object();
    json_put(root, "answers", json_boolean(event->status != NULL));
    json_put(root, "commands", json_boolean(event->allows_commands));
    if (event->status) {
        json_put(root, "status", json_present(json_copy((json_t *)event->status)));
        json_put(root, "values", json_present(json_copy((json_t *)event->values)));
    } else {
        json_put_text(root, "reason", event->reason);
        if (event->silent_ms >= 0)
            json_put(root, "silent_ms", json_integer(event->silent_ms));
    }
    char *json = json_print(root); // in one line
    strbuf_printf(&text, "event: state\ndata: %s\n\n", json);
    free(json);
    size_t length = text.length;
    return shared_text_new(strbuf_take(&text), length);
}
