// SPDX-License-Identifier: MIT
#include "web/orders.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/control_link.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "base/thread.h"
#include "web/reply.h"

enum { ANSWER_MS = 1500 }; // that a page waits for the end of a command

struct order {
    struct http_exchange *exchange;
    json_t *request; // to the bridge; NULL: only to wake the thread
};

struct orders {
    const char *site;
    const char *const *folders;
    size_t folder_count;
    struct http *http;
    struct mailbox *inbox;
    pthread_mutex_t lock; // between posting and stopping
    atomic_bool is_stopping;
    bool is_running;
    pthread_t thread;
};

static void say(const json_t *request, const char *outcome)
{
    const char *device = json_string_value(json_object_get(request, "device"));
    const char *name = json_string_value(json_object_get(request, "name"));
    log_line(LOG_LEVEL_NOTICE, "web", "command %s for %s from the page: %s", name, device,
             outcome);
}

static void refuse(struct orders *orders, const struct order *order, unsigned status,
                   const char *text)
{
    struct reply reply;
    reply_error(&reply, status, text);
    say(order->request, text);
    json_decref(order->request);
    http_finish(orders->http, order->exchange, &reply);
}

static void ignore(void *context, const char *text)
{
    (void)context;
    (void)text; // the page finds it among the recent commands
}

// Readable after a while; -1: the system has no more descriptors.
static int open_alarm(int64_t after_ms)
{
    struct itimerspec date = {
        .it_value = {.tv_sec = after_ms / 1000, .tv_nsec = after_ms % 1000 * 1000000}};
    int alarm = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (alarm >= 0)
        (void)timerfd_settime(alarm, 0, &date, NULL);
    return alarm;
}

// What came of an order in the time that a page waits; `is_under_way`: more than that, it goes
// on. Else NULL with err and the status that says whose fault it is.
static json_t *ask(struct orders *orders, json_t *request, bool *ret_is_under_way,
                   unsigned *ret_status, struct error *err)
{
    struct control_listener listener = {.log = ignore,
                                        .stop_descriptor = open_alarm(ANSWER_MS)};
    struct control_link *link =
        control_link_connect(orders->folders, orders->folder_count, err);
    json_t *result = link && listener.stop_descriptor >= 0
                         ? control_link_follow(link, json_incref(request), &listener, err)
                         : NULL;
    *ret_status = link && !control_link_is_broken(link) ? 422 : 503;
    *ret_is_under_way = listener.was_stopped;
    if (listener.stop_descriptor >= 0)
        (void)close(listener.stop_descriptor);
    else
        (void)error_set(err, ERROR_FAILED, "no more descriptors");
    control_link_close(link);
    const char *refusal = json_string_value(json_object_get(result, "refused"));
    const char *other = json_string_value(json_object_get(result, "site"));
    if (!refusal && !other)
        return result;
    if (other)
        (void)error_set(err, ERROR_FAILED, "the modbridge that answers runs %s", other);
    else
        (void)error_set(err, ERROR_FAILED, "%s", refusal);
    json_decref(result);
    return NULL;
}

static void execute(struct orders *orders, struct order *order)
{
    struct error err;
    struct reply reply;
    bool is_under_way = false;
    unsigned status = 0;
    json_t *result = ask(orders, order->request, &is_under_way, &status, &err);
    if (!result && !is_under_way) {
        refuse(orders, order, status, err.text);
        return;
    }
    say(order->request, result ? "is over" : "is under way");
    json_decref(order->request);
    reply_json(&reply, result ? 200 : 202, result ? json_print(result) : mem_copy_text("{}"));
    http_finish(orders->http, order->exchange, &reply);
}

static void drain(struct orders *orders)
{
    struct order order;
    while (mailbox_take(orders->inbox, &order)) {
        if (order.request && atomic_load(&orders->is_stopping))
            refuse(orders, &order, 503, "modbridge-web stops");
        else if (order.request)
            execute(orders, &order);
    }
}

static void *run(void *context)
{
    struct orders *orders = context;
    while (!atomic_load(&orders->is_stopping)) {
        struct pollfd wake = {.fd = mailbox_descriptor(orders->inbox), .events = POLLIN};
        (void)poll(&wake, 1, -1);
        drain(orders);
    }
    drain(orders); // what came just before
    return NULL;
}

struct orders *orders_new(const char *site, const char *const *folders, size_t folder_count,
                          struct error *err)
{
    struct orders *orders = mem_new(1, sizeof *orders);
    orders->site = site;
    orders->folders = folders;
    orders->folder_count = folder_count;
    orders->inbox = mailbox_new(sizeof(struct order), 0, ORDERS_MAX_WAITING);
    (void)pthread_mutex_init(&orders->lock, NULL);
    if (orders->inbox)
        return orders;
    (void)error_set_errno(err, "no descriptor for commands");
    orders_free(orders);
    return NULL;
}

int orders_start(struct orders *orders, struct http *http, struct error *err)
{
    orders->http = http;
    orders->is_running = thread_start(&orders->thread, THREAD_STACK_BYTES, run, orders) == 0;
    return orders->is_running ? 0 : error_set(err, ERROR_FAILED, "no thread for commands");
}

void orders_stop(struct orders *orders)
{
    static const struct order wake_up = {0};
    (void)pthread_mutex_lock(&orders->lock);
    atomic_store(&orders->is_stopping, true); // nothing is posted any more
    (void)pthread_mutex_unlock(&orders->lock);
    (void)mailbox_post(orders->inbox,
                       &wake_up); // when it is full the thread wakes all the same
    if (orders->is_running)
        (void)pthread_join(orders->thread, NULL);
    else
        drain(orders);
}

void orders_free(struct orders *orders)
{
    if (!orders)
        return;
    mailbox_free(orders->inbox);
    (void)pthread_mutex_destroy(&orders->lock);
    free(orders);
}

json_t *order_read(const struct request *request, const char *site, struct error *err)
{
    static const struct json_limits limits = {HTTP_MAX_BODY, ORDERS_MAX_DEPTH};
    json_t *body = json_read("a command", request->body, request->body_length, &limits, err);
    json_t *device = json_object_get(body, "device");
    json_t *name = json_object_get(body, "name");
    json_t *arguments = json_object_get(body, "arguments");
    json_t *order = NULL;
    if (body && (!json_is_string(device) || !json_is_string(name) ||
                 (arguments && !json_is_object(arguments)))) {
        (void)error_set(err, ERROR_FAILED,
                        "a command is {\"device\": text, \"name\": text, \"arguments\": {}}");
    } else if (body) {
        order = json_new_object();
        json_put_text(order, "request", "command");
        json_put_text(order, "site", site);
        json_put(order, "device", json_incref(device));
        json_put(order, "name", json_incref(name));
        json_put(order, "arguments", json_incref(arguments));
    }
    json_decref(body);
    return order;
}

bool orders_put(struct orders *orders, const struct request *request,
                struct http_exchange *exchange, struct reply *ret_reply)
{
    struct error err;
    struct order order = {exchange, order_read(request, orders->site, &err)};
    if (!order.request) {
        reply_error(ret_reply, 400, err.text);
        return false;
    }
    (void)pthread_mutex_lock(&orders->lock);
    bool is_put = !atomic_load(&orders->is_stopping) && mailbox_post(orders->inbox, &order);
    (void)pthread_mutex_unlock(&orders->lock);
    if (is_put)
        return true;
    json_decref(order.request);
    reply_error(ret_reply, 503, "too many commands wait to be sent: try again later");
    return false;
}
