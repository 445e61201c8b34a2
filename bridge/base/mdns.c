// SPDX-License-Identifier: MIT
#include "base/mdns.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/dns.h"
#include "base/mem.h"

enum { PORT = 5353 };

// When the query is sent again, and when the last answer may come.
static const int64_t pauses_ms[] = {1000, 1500, 2500};

struct query {
    const char *name;
    uint16_t id;
    unsigned char bytes[DNS_MAX_QUERY];
    size_t length;
    int socket;
    int stop_descriptor;
};

bool mdns_is_local(const char *name)
{
    static const char domain[] = ".local";
    size_t length = strlen(name);
    if (length && name[length - 1] == '.')
        length--;
    size_t tail = sizeof domain - 1;
    return length > tail && strncasecmp(name + length - tail, domain, tail) == 0;
}

static void send_everywhere(const struct query *query)
{
    struct sockaddr_in group = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    (void)inet_pton(AF_INET, "224.0.0.251", &group.sin_addr);
    struct ifaddrs *interfaces = NULL;
    if (getifaddrs(&interfaces) != 0)
        return;
    for (const struct ifaddrs *at = interfaces; at; at = at->ifa_next) {
        if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET || !(at->ifa_flags & IFF_UP))
            continue;
        const struct ip_mreqn out = {.imr_ifindex = (int)if_nametoindex(at->ifa_name)};
        if (setsockopt(query->socket, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out) == 0)
            (void)sendto(query->socket, query->bytes, query->length, 0,
                         (const struct sockaddr *)&group, sizeof group);
    }
    freeifaddrs(interfaces);
}

// Whoever answers a one-shot query does so from the port of multicast DNS.
static bool take_answer(const struct query *query, struct in_addr *ret_address)
{
    unsigned char message[DNS_MAX_ANSWER];
    struct sockaddr_in from = {0};
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(query->socket, message, sizeof message, MSG_DONTWAIT,
                              (struct sockaddr *)&from, &size);
    return length > 0 && ntohs(from.sin_port) == PORT &&
           dns_find_address(message, (size_t)length, query->name, query->id, ret_address);
}

// Waits for an answer; -1 when it is not worth going on.
static int await_answer(const struct query *query, int64_t until_ms,
                        struct in_addr *ret_address)
{
    struct pollfd polled[] = {{.fd = query->socket, .events = POLLIN},
                              {.fd = query->stop_descriptor, .events = POLLIN}};
    int64_t left_ms = 0;
    while ((left_ms = until_ms - clock_monotonic_ms()) > 0) {
        (void)poll(polled, ARRAY_LENGTH(polled), (int)left_ms);
        if (polled[1].revents)
            return -1;
        if (polled[0].revents && take_answer(query, ret_address))
            return 1;
    }
    return 0;
}

bool mdns_look_up(const char *name, int stop_descriptor, struct in_addr *ret_address)
{
    struct query query = {.name = name, .stop_descriptor = stop_descriptor};
    (void)!getrandom(&query.id, sizeof query.id, 0);
    query.length = dns_write_query(name, query.id, query.bytes);
    if (query.length == 0)
        return false;
    query.socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (query.socket < 0)
        return false;
    int answered = 0;
    for (size_t i = 0; answered == 0 && i < ARRAY_LENGTH(pauses_ms); i++) {
        send_everywhere(&query);
        answered = await_answer(&query, clock_monotonic_ms() + pauses_ms[i], ret_address);
    }
    (void)close(query.socket);
    return answered > 0;
}
