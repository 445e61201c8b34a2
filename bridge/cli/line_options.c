// SPDX-License-Identifier: MIT
#include "cli/line_options.h"

#include <stdio.h>
#include <string.h>

#include "config/endpoint.h"
#include "daemon/wording.h"

void line_frame_name(enum parity parity, int stop_bits, char ret_name[FRAME_NAME_SIZE])
{
    static const char letters[] = {
        [PARITY_NONE] = 'N', [PARITY_EVEN] = 'E', [PARITY_ODD] = 'O'};
    (void)snprintf(ret_name, FRAME_NAME_SIZE, "8%c%d", letters[parity], stop_bits % 10);
}

bool line_is_given(const struct options *options)
{
    return options->tcp || options->rtu || options->rtu_over_tcp;
}

int line_parity(const struct options *options, enum parity *ret_parity, struct error *err)
{
    *ret_parity = PARITY_NONE;
    for (int i = 0; options->parity && i < PARITY_COUNT; i++) {
        if (strcmp(parity_names[i], options->parity) == 0) {
            *ret_parity = (enum parity)i;
            return 0;
        }
    }
    if (!options->parity)
        return 0;
    return error_set(err, ERROR_USAGE, "--parity is none, even or odd, not '%s'",
                     options->parity);
}

int line_fill(struct arena *arena, const struct options *options, struct bus_settings *ret_bus,
              struct error *err)
{
    int given = !!options->tcp + !!options->rtu + !!options->rtu_over_tcp;
    if (given != 1)
        return error_set(err, ERROR_USAGE, "give one of --tcp, --rtu and --rtu-over-tcp");
    struct bus_settings *bus = ret_bus;
    *bus = (struct bus_settings){
        .name = "line",
        .path = options->rtu,
        .baud = options->baud ? (int)options->baud : 9600,
        .stop_bits = options->stop_bits ? (int)options->stop_bits : 1,
    };
    if (line_parity(options, &bus->parity, err) != 0)
        return -1;
    if (options->rtu) {
        bus->transport = TRANSPORT_RTU;
        return 0;
    }
    bus->transport = options->tcp ? TRANSPORT_TCP : TRANSPORT_RTU_OVER_TCP;
    const char *endpoint = options->tcp ? options->tcp : options->rtu_over_tcp;
    if (config_parse_endpoint(arena, endpoint, options->tcp ? 502 : 0, &bus->host, &bus->port,
                              err) != 0) {
        err->code = ERROR_USAGE;
        return error_prefix(err, "%s", options->tcp ? "--tcp" : "--rtu-over-tcp");
    }
    return 0;
}
