// SPDX-License-Identifier: MIT
// modbridge command TARGET NAME [ARGUMENT=VALUE...]: as the cloud would, without the cloud.
#include "base/json.h"
#include "cli/cli.h"
#include "cli/order.h"

static int execute(struct target *target, const struct options *options, struct error *err)
{
    int first = target->next + 1;
    if (options->positional_count < first)
        return error_set(err, ERROR_USAGE, "name a command");
    json_t *arguments = json_new_object();
    for (int i = first; i < options->positional_count; i++) {
        if (order_put(arguments, options->positionals[i], "ARGUMENT", err) != 0) {
            json_decref(arguments);
            return -1;
        }
    }
    json_t *request = json_new_object();
    json_put_text(request, "name", options->positionals[target->next]);
    json_put(request, "arguments", arguments);
    return order_execute(target, options, request, err);
}

int cmd_command(const struct options *options)
{
    struct error err;
    struct target target;
    if (target_open_alone(&target, options, &err) != 0)
        return cli_fail("command", &err);
    int code = execute(&target, options, &err);
    target_close(&target);
    return code < 0 ? cli_fail("command", &err) : code;
}
