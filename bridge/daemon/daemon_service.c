// SPDX-License-Identifier: MIT
// What the service manager is told, and whether it may be told that all is well.
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cloud/uplink.h"
#include "daemon/daemon_state.h"

// Judges one thread; what changed is said once.
static bool is_alive(struct pulse *pulse, const char *area, const char *consequence,
                     int64_t now_ms)
{
    switch (watch_judge(pulse, now_ms)) {
    case WATCH_HANGS:
        log_line(LOG_LEVEL_ERROR, area,
                 "its thread hangs, %d s longer than what it does may take; %s",
                 WATCH_SLACK_MS / 1000, consequence);
        break;
    case WATCH_GOES_ON:
        log_line(LOG_LEVEL_NOTICE, area, "its thread goes on");
        break;
    case WATCH_SAME:
        break;
    }
    return !pulse->is_missed;
}

// A disk that hangs keeps nobody from bridging, and a restart would not heal it: it is said,
// and does not count.
static void look_at_store(struct daemon *daemon, int64_t now_ms)
{
    if (daemon->store)
        (void)is_alive(store_pulse(daemon->store), "store",
                       "look at the disk of the state folder: live messages go on, nothing is "
                       "kept and commands wait",
                       now_ms);
}

// Those that must move for the bridge to be one.
static bool all_are_alive(struct daemon *daemon, int64_t now_ms)
{
    const char *consequence = daemon->service.manager.watchdog_ms
                                  ? "if it goes on so, the service manager restarts modbridge"
                                  : "restart modbridge";
    bool all = true;
    for (size_t i = 0; i < daemon->site->bus_count; i++) {
        char area[120];
        if (!daemon->buses[i])
            continue;
        (void)snprintf(area, sizeof area, "bus %s", daemon->site->buses[i].name);
        all &= is_alive(bus_pulse(daemon->buses[i]), area, consequence, now_ms);
    }
    if (daemon->outgoing.uplink)
        all &= is_alive(uplink_pulse(daemon->outgoing.uplink), "uplink", consequence, now_ms);
    return all;
}

// One line for `systemctl status`.
static void describe(const struct daemon *daemon, bool is_well, char *ret_text, size_t size)
{
    const struct site *site = daemon->site;
    size_t answering = 0;
    size_t connected = 0;
    size_t devices = 0; // places may be empty
    size_t clouds = 0;
    char waiting[64] = "";
    for (size_t i = 0; i < site->device_count; i++) {
        devices += site->devices[i].name[0] != '\0';
        answering += daemon->feeds[i].health == HEALTH_ONLINE;
    }
    for (size_t i = 0; i < site->cloud_count; i++) {
        clouds += site->clouds[i].name[0] != '\0';
        connected += daemon->status.clouds[i].is_connected;
    }
    if (connected < clouds)
        (void)snprintf(waiting, sizeof waiting, ", %llu messages wait",
                       (unsigned long long)outgoing_status(&daemon->outgoing).messages);
    (void)snprintf(ret_text, size, "%s%zu of %zu devices answer, %zu of %zu clouds connected%s",
                   is_well ? "" : "a thread hangs: see the log; ", answering, devices,
                   connected, clouds, waiting);
}

void daemon_service_find(struct daemon *daemon)
{
    service_manager_find(&daemon->service.manager);
    watch_init(&daemon->service.watch, daemon->service.manager.watchdog_ms,
               clock_monotonic_ms());
}

void daemon_service_turn(struct daemon *daemon)
{
    struct service *service = &daemon->service;
    int64_t now_ms = clock_monotonic_ms();
    char status[sizeof service->status];
    char text[sizeof status + 64];
    bool is_well = true;
    if (now_ms < watch_next_ms(&service->watch))
        return;
    if (watch_begin(&service->watch, now_ms)) {
        look_at_store(daemon, now_ms);
        is_well = all_are_alive(daemon, now_ms);
    }
    describe(daemon, is_well, status, sizeof status);
    bool is_news = strcmp(status, service->status) != 0;
    (void)snprintf(text, sizeof text, "%s%s%s%s", service->is_ready ? "" : "READY=1\n",
                   is_well ? "WATCHDOG=1\n" : "", is_news ? "STATUS=" : "",
                   is_news ? status : "");
    if (!text[0] || !service_manager_tell(&service->manager, text))
        return;
    service->is_ready = true;
    (void)snprintf(service->status, sizeof service->status, "%s", status);
}

void daemon_service_stopping(const struct daemon *daemon)
{
    (void)service_manager_tell(&daemon->service.manager, "STOPPING=1\nSTATUS=stopping");
}

// CLOCK_MONOTONIC is what Type=notify-reload compares with (sd_notify(3)).
void daemon_service_reloading(const struct daemon *daemon)
{
    char text[64];
    (void)snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
                   (long long)clock_monotonic_us());
    (void)service_manager_tell(&daemon->service.manager, text);
}

void daemon_service_reloaded(const struct daemon *daemon)
{
    (void)service_manager_tell(&daemon->service.manager, "READY=1");
}
