// SPDX-License-Identifier: MIT
// What the local page makes of a request from outside: lines of method, path, host, origin,
// content type, marker, authorization and cookie, then a body.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "web/access.h"
#include "web/orders.h"
#include "web/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 8 };

// The next line of a text, cut off; NULL: "-", it has none.
static const char *take_line(char **text)
{
    char *line = *text;
    char *end = line + strcspn(line, "\n");
    *text = *end ? end + 1 : end;
    *end = '\0';
    return strcmp(line, "-") == 0 ? NULL : line;
}

static void must(bool is_true)
{
    if (!is_true)
        abort();
}

// Whatever was sent: only the token or its cookie opens, only our own page changes anything.
static void check_rules(const struct request *request)
{
    static const struct access_rules alone = {.address = "127.0.0.1"};
    static const struct access_rules guarded = {
        .address = "0.0.0.0", .token = "0123456789abcdef", .session = "feedbeef"};
    bool is_known = access_is_known(&guarded, request);
    bool has_token = request->authorization && strstr(request->authorization, guarded.token);
    bool has_cookie = request->cookie && strstr(request->cookie, guarded.session);
    must(!is_known || has_token || has_cookie);
    must(!access_is_our_host(&alone, request->host) || !strstr(request->host, "evil"));
    must(!access_is_our_page(request) || request->marker);
    must(!access_is_our_page(request) || !request->origin ||
         strcasestr(request->origin, request->host)); // names have no case
    must(access_is_known(&alone, request));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *lines[LINES];
    char *text = malloc(size + 1);
    char *rest = text;
    struct error err;
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    for (int i = 0; i < LINES; i++)
        lines[i] = take_line(&rest);
    struct request request = {
        .method = lines[0] ? lines[0] : "",
        .path = lines[1] ? lines[1] : "",
        .host = lines[2],
        .origin = lines[3],
        .content_type = lines[4],
        .marker = lines[5],
        .authorization = lines[6],
        .cookie = lines[7],
        .body = rest,
        .body_length = strlen(rest),
    };
    check_rules(&request);
    (void)route_find(request.method, request.path);
    json_t *order = order_read(&request, "/site.yaml", &err);
    must(!order || json_is_string(json_object_get(order, "device")));
    json_decref(order);
    free(text);
    return 0;
}
