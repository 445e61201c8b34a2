// SPDX-License-Identifier: MIT
#include "cli/daemon_link.h"

#include <errno.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "cli/control_link.h"

// Whether the site's own socket is there and belongs to somebody else.
static bool is_forbidden(const char *folder)
{
    struct strbuf path = {0};
    strbuf_printf(&path, "%s/%s", folder, CONTROL_SOCKET_NAME);
    bool is_refused = access(strbuf_text(&path), R_OK | W_OK) != 0 && errno == EACCES;
    strbuf_done(&path);
    return is_refused;
}

int daemon_link_find(const struct target *target, struct control_link **ret_link,
                     struct error *err)
{
    const char *state = target->site->state_path;
    struct error none;
    *ret_link = NULL;
    if (!state)
        return 0;
    if (is_forbidden(state))
        return error_set(err, ERROR_FAILED,
                         "the folder %s belongs to another user, whose modbridge may run this "
                         "site: ask as that user, or as root",
                         state);
    *ret_link = control_link_open(target->site->path, &none);
    return 0;
}
