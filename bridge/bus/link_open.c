// SPDX-License-Identifier: MIT
#include "bus/link_open.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <modbus.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
    MAX_ADDRESSES = 4, // of one name that are tried
    MIN_CONNECT_MS = 50,
    KEEPALIVE_IDLE_S = 10,
    KEEPALIVE_INTERVAL_S = 5,
    KEEPALIVE_COUNT = 3,
    UNACKNOWLEDGED_MS = 10000, // how long sent bytes may stay unacknowledged
    DATA_BITS = 8,
    MS_PER_S = 1000,
    US_PER_MS = 1000,
};

// The rates libmodbus 3.1.6 sets; any other would open at 9600 without a word.
static const int baud_rates[] = {110,     300,     600,     1200,    2400,    4800,
                                 9600,    19200,   38400,   57600,   115200,  230400,
                                 460800,  500000,  576000,  921600,  1000000, 1152000,
                                 1500000, 2000000, 2500000, 3000000, 3500000, 4000000};

static const char parity_letters[] = {
    [PARITY_NONE] = 'N', [PARITY_EVEN] = 'E', [PARITY_ODD] = 'O'};

// Whether a host that is meant as an IPv4 address is not one: the resolver would read "10.5" or
// "0x7f.1" in the old way and connect to somebody.
static bool is_malformed_address(const char *host)
{
    struct in_addr address;
    const char *dot = strrchr(host, '.');
    const char *last = dot ? dot + 1 : host;
    bool is_number =
        isdigit((unsigned char)*last) &&
        (last[strspn(last, "0123456789")] == '\0' || last[1] == 'x' || last[1] == 'X');
    return is_number && inet_pton(AF_INET, host, &address) != 1;
}

static int check_endpoint(const struct bus_settings *settings, struct error *err)
{
    if (!settings->host || !*settings->host)
        return error_set(err, ERROR_CONFIG, "no host is given");
    if (is_malformed_address(settings->host))
        return error_set(err, ERROR_CONFIG,
                         "'%s' is not an address: write four numbers, such as 192.168.1.61",
                         settings->host);
    if (settings->port == 0)
        return error_set(err, ERROR_CONFIG, "port 0 cannot be connected to; Modbus uses 502");
    return 0;
}

static int check_serial(const struct bus_settings *settings, struct error *err)
{
    if (!settings->path || !*settings->path)
        return error_set(err, ERROR_CONFIG, "no serial port is given");
    if (settings->stop_bits != 1 && settings->stop_bits != 2)
        return error_set(err, ERROR_CONFIG, "stop_bits %d: write 1 or 2", settings->stop_bits);
    for (size_t i = 0; i < ARRAY_LENGTH(baud_rates); i++) {
        if (baud_rates[i] == settings->baud)
            return 0;
    }
    return error_set(err, ERROR_CONFIG,
                     "baud rate %d cannot be set: write one of 1200, 2400, 4800, 9600, 19200, "
                     "38400, 57600, 115200, 230400, 460800 or 921600",
                     settings->baud);
}

int port_check(const struct bus_settings *settings, struct error *err)
{
    return settings->transport == TRANSPORT_RTU ? check_serial(settings, err)
                                                : check_endpoint(settings, err);
}

// libmodbus waits with select(), which aborts the process at descriptors from FD_SETSIZE on.
static bool has_low_descriptor(void)
{
    int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (lowest >= 0)
        (void)close(lowest);
    return lowest >= 0 && lowest < FD_SETSIZE - 1;
}

static modbus_t *connect_address(const struct addrinfo *address, int64_t timeout_ms)
{
    char node[NI_MAXHOST];
    char service[NI_MAXSERV];
    if (!has_low_descriptor()) {
        errno = EMFILE;
        return NULL;
    }
    if (getnameinfo(address->ai_addr, address->ai_addrlen, node, sizeof node, service,
                    sizeof service, NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        errno = EADDRNOTAVAIL;
        return NULL;
    }
    modbus_t *modbus = modbus_new_tcp_pi(node, service);
    if (!modbus)
        return NULL;
    (void)modbus_set_error_recovery(modbus, MODBUS_ERROR_RECOVERY_NONE);
    // Its time-out for an answer also bounds connecting.
    (void)modbus_set_response_timeout(modbus, (uint32_t)(timeout_ms / MS_PER_S),
                                      (uint32_t)(timeout_ms % MS_PER_S * US_PER_MS));
    if (modbus_connect(modbus) == 0)
        return modbus;
    int reason = errno;
    modbus_free(modbus);
    errno = reason;
    return NULL;
}

// A peer that vanished without a word is noticed by these, even when nothing is asked.
static void watch_peer(int descriptor)
{
    static const struct {
        int level;
        int name;
        int value;
    } options[] = {
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
        {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
        {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++)
        (void)setsockopt(descriptor, options[i].level, options[i].name, &options[i].value,
                         sizeof options[i].value);
}

static int explain_connect(const struct bus_settings *settings, int64_t timeout_ms, int reason,
                           struct error *err)
{
    // libmodbus 3.1.6 reports a time-out as EINPROGRESS and every other late failure as
    // refused.
    switch (reason) {
    case EINPROGRESS:
    case ETIMEDOUT:
        return error_set(
            err, ERROR_NO_ANSWER,
            "%s:%u did not accept a connection within %lld ms: check power, network "
            "cable and address",
            settings->host, settings->port, (long long)timeout_ms);
    case ECONNREFUSED:
        return error_set(err, ERROR_NO_ANSWER,
                         "%s:%u refused the connection or cannot be reached: check that Modbus "
                         "TCP is switched on, the port, and whether another master occupies it",
                         settings->host, settings->port);
    case ENETUNREACH:
    case EHOSTUNREACH:
        return error_set(
            err, ERROR_NO_ANSWER,
            "there is no route to %s: check its address and this computer's network",
            settings->host);
    case EMFILE:
        return error_set(err, ERROR_FAILED,
                         "%s:%u: too many files and connections are open in this process",
                         settings->host, settings->port);
    default:
        errno = reason;
        (void)error_set_errno(err, "%s:%u could not be connected to", settings->host,
                              settings->port);
        err->code = ERROR_NO_ANSWER;
        return -1;
    }
}

static int resolve(const struct bus_settings *settings, struct addrinfo **ret_addresses,
                   struct error *err)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    char service[8];
    (void)snprintf(service, sizeof service, "%u", settings->port);
    int problem = getaddrinfo(settings->host, service, &hints, ret_addresses);
    if (problem == 0)
        return 0;
    return error_set(err, ERROR_NO_ANSWER,
                     "the name %s cannot be resolved (%s): check its spelling and the name "
                     "server, or write the address",
                     settings->host, gai_strerror(problem));
}

static int open_tcp(const struct bus_settings *settings, int64_t timeout_ms,
                    struct port *ret_port, struct error *err)
{
    struct addrinfo *addresses = NULL;
    if (resolve(settings, &addresses, err) != 0)
        return -1;
    int count = 0;
    for (const struct addrinfo *a = addresses; a && count < MAX_ADDRESSES; a = a->ai_next)
        count++;
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    modbus_t *modbus = NULL;
    int reason = 0;
    const struct addrinfo *address = addresses;
    for (; count > 0 && !modbus; count--, address = address->ai_next) {
        int64_t share_ms = (deadline_ms - clock_monotonic_ms()) / count;
        modbus =
            connect_address(address, share_ms > MIN_CONNECT_MS ? share_ms : MIN_CONNECT_MS);
        reason = errno;
    }
    freeaddrinfo(addresses);
    if (!modbus)
        return explain_connect(settings, timeout_ms, reason, err);
    ret_port->modbus = modbus;
    ret_port->descriptor = modbus_get_socket(modbus);
    ret_port->guard = -1;
    ret_port->is_serial = false;
    ret_port->switches_rts = false;
    watch_peer(ret_port->descriptor);
    return 0;
}

static int explain_serial(const struct bus_settings *settings, int reason, struct error *err)
{
    const char *path = settings->path;
    switch (reason) {
    case ENOENT:
    case ENXIO:
    case ENODEV:
        return error_set(err, ERROR_FAILED,
                         "there is no serial port %s: is the adapter plugged in? ls "
                         "/dev/serial/by-id shows the ports there are",
                         path);
    case EACCES:
    case EPERM:
        return error_set(err, ERROR_FAILED,
                         "%s may not be opened by this user: add it to the group dialout",
                         path);
    case EBUSY:
    case EWOULDBLOCK:
        return error_set(err, ERROR_FAILED,
                         "%s is used by another program: a line has one master; stop the other "
                         "(fuser %s names it)",
                         path, path);
    case ENOTTY:
        return error_set(err, ERROR_FAILED, "%s is not a serial port", path);
    case EMFILE:
        return error_set(err, ERROR_FAILED,
                         "%s: too many files and connections are open in this process", path);
    default:
        errno = reason;
        return error_set_errno(err, "%s could not be opened", path);
    }
}

// Opens and locks the port before libmodbus sets its mode, so that a port in use by another
// program keeps the other's baud rate. -1 with errno.
static int lock_serial(const char *path)
{
    int guard = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (guard < 0)
        return -1;
    int reason = 0;
    if (!isatty(guard))
        reason = ENOTTY;
    else if (flock(guard, LOCK_EX | LOCK_NB) != 0)
        reason = errno;
    if (reason == 0)
        return guard;
    (void)close(guard);
    errno = reason;
    return -1;
}

static int set_rs485(const struct bus_settings *settings, int descriptor, struct error *err)
{
    int lines = 0;
    if (settings->rs485 == RS485_KERNEL) {
        struct serial_rs485 mode = {.flags = SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND};
        if (ioctl(descriptor, TIOCSRS485, &mode) != 0)
            return error_set(
                err, ERROR_FAILED,
                "%s has no RS-485 mode of its own: write rs485: off (most adapters "
                "switch direction by themselves) or rs485: rts",
                settings->path);
    }
    if (settings->rs485 == RS485_RTS && ioctl(descriptor, TIOCMGET, &lines) != 0)
        return error_set(err, ERROR_FAILED,
                         "%s has no RTS line to switch direction with: write rs485: off",
                         settings->path);
    return 0;
}

static modbus_t *connect_serial(const struct bus_settings *settings)
{
    modbus_t *modbus =
        modbus_new_rtu(settings->path, settings->baud, parity_letters[settings->parity],
                       DATA_BITS, settings->stop_bits);
    if (!modbus)
        return NULL;
    (void)modbus_set_error_recovery(modbus, MODBUS_ERROR_RECOVERY_NONE);
    if (modbus_connect(modbus) == 0)
        return modbus;
    int reason = errno;
    modbus_free(modbus);
    errno = reason;
    return NULL;
}

static int open_serial(const struct bus_settings *settings, struct port *ret_port,
                       struct error *err)
{
    if (!has_low_descriptor())
        return explain_serial(settings, EMFILE, err);
    int guard = lock_serial(settings->path);
    if (guard < 0)
        return explain_serial(settings, errno, err);
    modbus_t *modbus = connect_serial(settings);
    if (!modbus) {
        int reason = errno;
        (void)close(guard);
        return explain_serial(settings, reason, err);
    }
    struct port port = {
        .modbus = modbus,
        .descriptor = modbus_get_socket(modbus),
        .guard = guard,
        .stop_descriptor = ret_port->stop_descriptor,
        .is_serial = true,
        .switches_rts = settings->rs485 == RS485_RTS,
    };
    if (set_rs485(settings, port.descriptor, err) != 0) {
        port_close(&port);
        return -1;
    }
    // flock keeps out programs that ask, TIOCEXCL all others but root.
    (void)ioctl(port.descriptor, TIOCEXCL);
    *ret_port = port;
    return 0;
}

int port_open(const struct bus_settings *settings, int64_t timeout_ms, struct port *ret_port,
              struct error *err)
{
    if (settings->transport == TRANSPORT_RTU)
        return open_serial(settings, ret_port, err);
    return open_tcp(settings, timeout_ms, ret_port, err);
}

void port_close(struct port *port)
{
    if (!port->modbus)
        return;
    if (port->is_serial)
        (void)ioctl(port->descriptor, TIOCNXCL);
    modbus_close(port->modbus);
    modbus_free(port->modbus);
    if (port->guard >= 0)
        (void)close(port->guard);
    port->modbus = NULL;
    port->descriptor = -1;
    port->guard = -1;
}
