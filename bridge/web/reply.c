// SPDX-License-Identifier: MIT
#include "web/reply.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"

static const char json_media_type[] = "application/json";

static void set(struct reply *ret_reply, unsigned status, const char *content_type, char *text)
{
    *ret_reply = (struct reply){
        .kind = REPLY_TEXT,
        .status = status,
        .content_type = content_type,
        .text = shared_text_new(text, strlen(text)),
    };
}

void reply_text(struct reply *ret_reply, unsigned status, const char *text)
{
    set(ret_reply, status, "text/plain; charset=utf-8", mem_copy_text(text));
}

void reply_json(struct reply *ret_reply, unsigned status, char *json)
{
    set(ret_reply, status, json_media_type, json);
}

void reply_error(struct reply *ret_reply, unsigned status, const char *text)
{
    json_t *object = json_new_object();
    json_put_text(object, "error", text);
    reply_json(ret_reply, status, json_print(object));
}

void reply_shared(struct reply *ret_reply, const char *content_type, struct shared_text *text)
{
    *ret_reply = (struct reply){
        .kind = REPLY_TEXT, .status = 200, .content_type = content_type, .text = text};
}
