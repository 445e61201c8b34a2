// SPDX-License-Identifier: MIT
// modbridge write TARGET REGISTER=VALUE [--dry-run]: one entry of the map, read back.
#include "base/json.h"
#include "cli/cli.h"
#include "cli/order.h"

static int execute(struct target *target, const struct options *options, struct error *err)
{
    if (options->positional_count != target->next + 1)
        return error_set(err, ERROR_USAGE, "name one register: REGISTER=VALUE");
    json_t *write = json_new_object();
    if (order_put(write, options->positionals[target->next], "REGISTER", err) != 0) {
        json_decref(write);
        return -1;
    }
    json_t *request = json_new_object();
    json_put(request, "write", write);
    return order_execute(target, options, request, err);
}

int cmd_write(const struct options *options)
{
    struct error err;
    struct target target;
    if (target_open_alone(&target, options, &err) != 0)
        return cli_fail("write", &err);
    int code = execute(&target, options, &err);
    target_close(&target);
    return code < 0 ? cli_fail("write", &err) : code;
}
