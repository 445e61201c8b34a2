// SPDX-License-Identifier: MIT
#include "cloud/notice.h"

#include <string.h>

#include "cloud/json.h"

static const char *const severity_names[SEVERITY_COUNT] = {
    [SEVERITY_INFO] = "info",
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_ERROR] = "error",
};

char *notice_payload(enum severity severity, const char *text)
{
    json_t *notice = json_new_object();
    json_put(notice, "message", json_from_text(text, strlen(text)));
    json_put(notice, "severity", json_string(severity_names[severity]));
    json_put(notice, "persist", json_true());
    return json_print(notice);
}
