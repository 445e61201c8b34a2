// SPDX-License-Identifier: MIT
#include "base/service_manager.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time_units.h"

// 0 unless the whole text is a positive number.
static int64_t positive_number(const char *text)
{
    char *end = NULL;
    long long number = text ? strtoll(text, &end, 10) : 0;
    return number > 0 && *end == '\0' ? number : 0;
}

static int64_t find_watchdog_ms(void)
{
    const char *pid = getenv("WATCHDOG_PID"); // NOLINT(concurrency-mt-unsafe): at the start
    if (pid && positive_number(pid) != getpid())
        return 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): at the start
    return positive_number(getenv("WATCHDOG_USEC")) / US_PER_MS;
}

// A path, or a name without a file behind '@' (unix(7), abstract sockets). False for others.
static bool take_address(struct service_manager *manager, const char *name)
{
    size_t length = strlen(name);
    bool is_abstract = name[0] == '@';
    if ((!is_abstract && name[0] != '/') || length < 2 ||
        length >= sizeof manager->address.sun_path)
        return false;
    manager->address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(manager->address.sun_path, name, length);
    if (is_abstract)
        manager->address.sun_path[0] = '\0';
    manager->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

void service_manager_find(struct service_manager *ret_manager)
{
    *ret_manager = (struct service_manager){.socket = -1};
    const char *name = getenv("NOTIFY_SOCKET"); // NOLINT(concurrency-mt-unsafe): at the start
    if (!name || !take_address(ret_manager, name))
        return;
    ret_manager->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (ret_manager->socket >= 0)
        ret_manager->watchdog_ms = find_watchdog_ms();
}

void service_manager_leave(struct service_manager *manager)
{
    if (manager->socket >= 0)
        (void)close(manager->socket);
    manager->socket = -1;
}

bool service_manager_tell(const struct service_manager *manager, const char *assignments)
{
    if (manager->socket < 0)
        return true;
    ssize_t sent =
        sendto(manager->socket, assignments, strlen(assignments), MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&manager->address, manager->address_size);
    return sent >= 0;
}
