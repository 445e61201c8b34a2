// SPDX-License-Identifier: MIT
#include "daemon/control_place.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/lock_file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"

// The folder that systemd made (RuntimeDirectory= in systemd.exec(5)), or that of the site.
static char *find_folder(const struct site *site)
{
    const char *given = getenv("RUNTIME_DIRECTORY"); // NOLINT(concurrency-mt-unsafe): at start
    if (!given || given[0] != '/')
        return mem_copy_text(site->state_path);
    char *path = mem_copy_text(given);
    path[strcspn(path, ":")] = '\0';
    return path;
}

static enum lock_result lock(const char *folder, int *ret_lock, struct error *err)
{
    if (folder_make(folder) != 0) {
        (void)error_set_errno(err, "%s cannot be made", folder);
        return LOCK_IMPOSSIBLE;
    }
    struct strbuf path = {0};
    strbuf_printf(&path, "%s/control.lock", folder);
    enum lock_result result = lock_file_take(strbuf_text(&path), ret_lock, err);
    strbuf_done(&path);
    return result;
}

int control_place_take(struct control_place *ret_place, const struct site *site,
                       struct error *err)
{
    struct error why;
    *ret_place = (struct control_place){find_folder(site), -1};
    switch (lock(ret_place->folder, &ret_place->lock, &why)) {
    case LOCK_TAKEN:
        return 0;
    case LOCK_HELD:
        control_place_release(ret_place);
        return error_set(err, ERROR_FAILED, "another modbridge runs this site: %s", why.text);
    case LOCK_IMPOSSIBLE:
        log_line(LOG_LEVEL_WARNING, "modbridge",
                 "%s: nothing keeps a second modbridge from this site", why.text);
        return 0;
    }
    return 0;
}

void control_place_release(struct control_place *place)
{
    if (place->lock >= 0)
        (void)close(place->lock);
    free(place->folder);
    *place = (struct control_place){NULL, -1};
}
