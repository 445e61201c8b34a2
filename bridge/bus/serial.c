// SPDX-License-Identifier: MIT
#include "bus/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <modbus.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "bus/direction.h"

enum { DATA_BITS = 8 };

// The rates libmodbus 3.1.6 sets; any other would open at 9600 without a word.
static const int baud_rates[] = {110,     300,     600,     1200,    2400,    4800,
                                 9600,    19200,   38400,   57600,   115200,  230400,
                                 460800,  500000,  576000,  921600,  1000000, 1152000,
                                 1500000, 2000000, 2500000, 3000000, 3500000, 4000000};

static const char parity_letters[] = {
    [PARITY_NONE] = 'N', [PARITY_EVEN] = 'E', [PARITY_ODD] = 'O'};

int serial_check(const struct bus_settings *settings, struct error *err)
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

// The driver keeps its delays; a driver without the mode refuses with ENOTTY.
static bool set_driver_mode(int descriptor)
{
    struct serial_rs485 mode = {0};
    (void)ioctl(descriptor, TIOCGRS485, &mode);
    mode.flags |= SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND;
    mode.flags &= ~(uint32_t)SER_RS485_RTS_AFTER_SEND;
    return ioctl(descriptor, TIOCSRS485, &mode) == 0;
}

// Settles who switches the direction of an open port, and has it receive.
static int set_direction(const struct bus_settings *settings, struct port *port,
                         struct error *err)
{
    int lines = 0;
    const struct direction_means means = {
        .has_mode = (settings->rs485 == RS485_KERNEL || settings->rs485 == RS485_ON) &&
                    set_driver_mode(port->descriptor),
        .has_rts = ioctl(port->descriptor, TIOCMGET, &lines) == 0,
    };
    enum direction direction = direction_choose(settings->rs485, means);
    if (direction == DIRECTION_IMPOSSIBLE)
        return error_set(err, ERROR_FAILED, "%s: %s", settings->path,
                         direction_advice(settings->rs485, means));
    port->switches_rts = direction == DIRECTION_RTS;
    port_receive(port);
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

int serial_open(const struct bus_settings *settings, struct port *ret_port, struct error *err)
{
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
        .is_open = true,
        .is_serial = true,
    };
    if (set_direction(settings, &port, err) != 0) {
        serial_close(&port);
        return -1;
    }
    // flock keeps out programs that ask, TIOCEXCL all others but root.
    (void)ioctl(port.descriptor, TIOCEXCL);
    *ret_port = port;
    return 0;
}

void serial_close(struct port *port)
{
    (void)ioctl(port->descriptor, TIOCNXCL);
    modbus_close(port->modbus);
    modbus_free(port->modbus);
    (void)close(port->guard);
    port->modbus = NULL;
    port->guard = -1;
}
