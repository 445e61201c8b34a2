// SPDX-License-Identifier: MIT
#include "daemon/guests_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

static void put_counts(json_t *object, const char *const *names, const uint64_t *counts,
                       int count)
{
    for (int i = 0; i < count; i++)
        json_put(object, names[i], json_integer((json_int_t)counts[i]));
}

json_t *guests_json(const struct bus_status *status)
{
    enum { STEPS = 10000 };
    static const char *const names[GUEST_COUNTS] = {
        [GUESTS_ASKED] = "asked", [GUESTS_CACHED] = "cached", [GUESTS_LINK] = "link",
        [GUESTS_AWAY] = "away",   [GUESTS_BUSY] = "busy",
    };
    json_t *guests = json_new_object();
    json_put(guests, "share", json_real(round(status->guest_share * STEPS) / STEPS));
    json_put(guests, "waiting", json_integer((json_int_t)status->guests_waiting));
    put_counts(guests, names, status->guests, GUEST_COUNTS);
    return guests;
}

json_t *shared_json(const struct share_settings *share, const struct share_status *status)
{
    static const char *const names[SHARE_COUNTS] = {
        [SHARE_CONNECTIONS] = "connections",
        [SHARE_TURNED_AWAY] = "turned_away",
        [SHARE_DROPPED] = "dropped",
        [SHARE_REQUESTS] = "requests",
        [SHARE_REFUSED_FUNCTION] = "refused_function",
        [SHARE_REFUSED_ADDRESS] = "refused_address",
        [SHARE_REFUSED_OTHER] = "refused_other",
        [SHARE_BUSY] = "busy",
    };
    char listen[80];
    if (!share)
        return NULL;
    json_t *shared = json_new_object();
    bool is_six = strchr(share->host, ':') != NULL;
    (void)snprintf(listen, sizeof listen, is_six ? "[%s]:%u" : "%s:%u", share->host,
                   share->port);
    json_put_text(shared, "listen", listen);
    json_put(shared, "is_open", json_boolean(status != NULL));
    if (!status)
        return shared;
    json_put(shared, "callers", json_integer((json_int_t)status->callers));
    put_counts(shared, names, status->counts, SHARE_COUNTS);
    return shared;
}
