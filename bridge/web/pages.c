// SPDX-License-Identifier: MIT
#include "web/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "web/assets.h"
#include "web/reply.h"
#include "web/routes.h"

struct pages {
    struct pages_sources sources;
    struct shared_text **assets; // as the table of assets
};

struct pages *pages_new(const struct pages_sources *sources)
{
    struct pages *pages = mem_new(1, sizeof *pages);
    pages->sources = *sources;
    pages->assets = mem_new(asset_count, sizeof(struct shared_text *));
    for (size_t i = 0; i < asset_count; i++) {
        char *copy = mem_new(assets[i].length + 1, 1);
        memcpy(copy, assets[i].bytes, assets[i].length);
        pages->assets[i] = shared_text_new(copy, assets[i].length);
    }
    return pages;
}

void pages_free(struct pages *pages)
{
    for (size_t i = 0; i < asset_count; i++)
        shared_text_unref(pages->assets[i]);
    free(pages->assets);
    free(pages);
}

static void give_asset(const struct pages *pages, const struct request *request,
                       struct reply *ret_reply)
{
    const struct asset *asset = asset_find(request->path);
    if (request->etag && strcmp(request->etag, asset->etag) == 0) {
        reply_text(ret_reply, 304, "");
    } else {
        struct shared_text *text = pages->assets[asset - assets];
        reply_shared(ret_reply, asset->content_type, shared_text_ref(text));
    }
    ret_reply->content_type = asset->content_type;
    ret_reply->etag = asset->etag;
}

static void give_health(const struct pages *pages, struct reply *ret_reply)
{
    char reason[PICTURE_REASON_SIZE];
    if (picture_answers(pages->sources.picture, reason))
        reply_text(ret_reply, 200, "modbridge answers\n");
    else
        reply_text(ret_reply, 503, "modbridge does not answer\n");
}

static void give_part(const struct pages *pages, enum picture_part part,
                      struct reply *ret_reply)
{
    char reason[PICTURE_REASON_SIZE] = "";
    struct shared_text *text = picture_get(pages->sources.picture, part);
    if (text) {
        reply_shared(ret_reply,
                     part == PICTURE_METRICS ? "text/plain; version=0.0.4; charset=utf-8"
                                             : "application/json",
                     text);
        return;
    }
    (void)picture_answers(pages->sources.picture, reason);
    reply_error(ret_reply, 503, reason);
}

static void watch(struct reply *ret_reply)
{
    *ret_reply =
        (struct reply){.kind = REPLY_WATCH, .status = 200, .content_type = "text/event-stream"};
}

static void log_in(const struct pages *pages, const struct request *request,
                   struct reply *ret_reply)
{
    static const struct json_limits limits = {HTTP_MAX_BODY, 2};
    const struct access_rules *rules = pages->sources.rules;
    struct error err;
    json_t *body = json_read("a login", request->body, request->body_length, &limits, &err);
    const char *token = json_string_value(json_object_get(body, "token"));
    if (!token) {
        reply_error(ret_reply, 400, body ? "a login is {\"token\": text}" : err.text);
    } else if (rules->token && !access_is_token(rules, token)) {
        reply_error(ret_reply, 403, "that is not the token");
    } else {
        reply_json(ret_reply, 200, mem_copy_text("{}"));
        if (rules->token)
            (void)snprintf(ret_reply->cookie, sizeof ret_reply->cookie,
                           "%s=%s; Path=/; HttpOnly; SameSite=Strict", ACCESS_COOKIE,
                           rules->session);
    }
    json_decref(body);
}

static void command(const struct pages *pages, const struct request *request,
                    struct http_exchange *exchange, struct reply *ret_reply)
{
    struct orders *orders = pages->sources.orders;
    if (!orders)
        reply_error(
            ret_reply, 403,
            "commands from the page are not allowed: web: {commands: true} in the site");
    else if (orders_put(orders, request, exchange, ret_reply))
        ret_reply->kind = REPLY_LATER;
}

// Why a request is refused whatever it asks for; true when it is.
static bool refuse(const struct pages *pages, const struct request *request,
                   const struct routed *routed, struct reply *ret_reply)
{
    const struct access_rules *rules = pages->sources.rules;
    if (!access_is_our_host(rules, request->host))
        reply_text(ret_reply, 421,
                   "this page is called by the address it listens at, or by localhost\n");
    else if (routed->route == ROUTE_NONE)
        reply_text(ret_reply, 404, "there is nothing here\n");
    else if (routed->route == ROUTE_NO_METHOD)
        reply_text(ret_reply, 405, "not by this method\n");
    else if (routed->changes && !access_is_our_page(request))
        reply_error(ret_reply, 403,
                    "not from another page; programs send X-Modbridge: 1 and JSON");
    else if (!routed->is_public && !access_is_known(rules, request))
        reply_error(ret_reply, 401, "give the token");
    else
        return false;
    return true;
}

void pages_answer(void *context, const struct request *request, struct http_exchange *exchange,
                  struct reply *ret_reply)
{
    const struct pages *pages = context;
    struct routed routed = route_find(request->method, request->path);
    if (refuse(pages, request, &routed, ret_reply)) {
        if (routed.route == ROUTE_NO_METHOD)
            ret_reply->allow = routed.allow;
        return;
    }
    switch (routed.route) {
    case ROUTE_ASSET:
        give_asset(pages, request, ret_reply);
        return;
    case ROUTE_HEALTH:
        give_health(pages, ret_reply);
        return;
    case ROUTE_METRICS:
        give_part(pages, PICTURE_METRICS, ret_reply);
        return;
    case ROUTE_STATUS:
        give_part(pages, PICTURE_STATUS, ret_reply);
        return;
    case ROUTE_DEVICES:
        give_part(pages, PICTURE_DEVICES, ret_reply);
        return;
    case ROUTE_VALUES:
        give_part(pages, PICTURE_VALUES, ret_reply);
        return;
    case ROUTE_HISTORY:
        give_part(pages, PICTURE_HISTORY, ret_reply);
        return;
    case ROUTE_EVENTS:
        watch(ret_reply);
        return;
    case ROUTE_LOGIN:
        log_in(pages, request, ret_reply);
        return;
    case ROUTE_COMMAND:
        command(pages, request, exchange, ret_reply);
        return;
    case ROUTE_NONE:
    case ROUTE_NO_METHOD:
        return;
    }
}
