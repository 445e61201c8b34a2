// SPDX-License-Identifier: MIT
#include "cli/control_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/local_socket.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "cloud/json.h"
#include "config/config.h"
#include "daemon/control.h"

enum {
    PATIENCE_MS = 5000,
    MAX_ANSWER = 16 * 1024 * 1024,
    MAX_ANSWER_DEPTH = 32,
    MAX_FOLDERS = 3,
};

struct control_link {
    int descriptor;
};

// Where to look, first to last.
struct search {
    const char *folders[MAX_FOLDERS];
    size_t count;
};

static void add_folder(struct search *search, const char *folder)
{
    for (size_t i = 0; i < search->count; i++) {
        if (folder && strcmp(search->folders[i], folder) == 0)
            return;
    }
    if (folder)
        search->folders[search->count++] = folder;
}

static int find_folders(struct arena *arena, const char *site, struct search *ret_search,
                        struct error *err)
{
    const char *given = getenv("RUNTIME_DIRECTORY"); // NOLINT(concurrency-mt-unsafe)
    const char *runtime =
        given && given[0] == '/' ? arena_copy(arena, given, strcspn(given, ":")) : NULL;
    *ret_search = (struct search){0};
    if (site) {
        struct diagnostics diagnostics;
        diagnostics_init(&diagnostics, arena);
        const char *state = config_site_state(arena, site, &diagnostics);
        if (!state) {
            diagnostics_print(&diagnostics, stderr);
            return error_set(err, ERROR_CONFIG, "%s cannot be read", site);
        }
        add_folder(ret_search, state);
    }
    add_folder(ret_search, runtime);
    add_folder(ret_search, "/run/modbridge");
    if (!site)
        add_folder(ret_search, "state");
    return 0;
}

static const char *reason_of(int failure)
{
    switch (failure) {
    case ENOENT:
        return "no socket there";
    case ECONNREFUSED:
        return "nobody listens";
    case EACCES:
        return "not permitted: ask as root, or as the user that runs it";
    default:
        return strerrordesc_np(failure);
    }
}

// Tries the folders; -1 with what was found in each.
static int connect_to_one(const struct search *search, struct strbuf *ret_tried)
{
    for (size_t i = 0; i < search->count; i++) {
        struct strbuf path = {0};
        struct error err;
        strbuf_printf(&path, "%s/%s", search->folders[i], CONTROL_SOCKET_NAME);
        int descriptor = local_socket_connect(strbuf_text(&path), PATIENCE_MS, &err);
        if (descriptor < 0)
            strbuf_printf(ret_tried, "%s%s (%s)", i ? ", " : "", strbuf_text(&path),
                          reason_of(errno));
        strbuf_done(&path);
        if (descriptor >= 0)
            return descriptor;
    }
    return -1;
}

struct control_link *control_link_open(const char *site, struct error *err)
{
    struct arena *arena = arena_new();
    struct search search;
    struct strbuf tried = {0};
    int descriptor = -1;
    if (find_folders(arena, site, &search, err) == 0) {
        descriptor = connect_to_one(&search, &tried);
        if (descriptor < 0)
            (void)error_set(
                err, ERROR_FAILED,
                "no modbridge answers; looked at %s. Start it with: modbridge run %s",
                strbuf_text(&tried), site ? site : "SITE");
    }
    strbuf_done(&tried);
    arena_free(arena);
    if (descriptor < 0)
        return NULL;
    struct control_link *link = mem_new(1, sizeof *link);
    link->descriptor = descriptor;
    return link;
}

void control_link_close(struct control_link *link)
{
    if (!link)
        return;
    (void)close(link->descriptor);
    free(link);
}

// A daemon that does not want this client has said why before it closed: whether the request
// went out is seen from the answer.
static void send_request(const struct control_link *link, const char *name)
{
    struct strbuf line = {0};
    strbuf_printf(&line, "{\"request\":\"%s\"}\n", name);
    (void)send(link->descriptor, line.text, line.length, MSG_NOSIGNAL);
    strbuf_done(&line);
}

// Receives one line, which may take up to the patience.
static int receive_line(const struct control_link *link, struct strbuf *ret_line,
                        struct error *err)
{
    char bytes[16384];
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (!ret_line->length || ret_line->text[ret_line->length - 1] != '\n') {
        ssize_t length = recv(link->descriptor, bytes, sizeof bytes, 0);
        bool is_late = length < 0 || clock_monotonic_ms() > until_ms;
        if (length == 0)
            return error_set(err, ERROR_FAILED, "modbridge has closed the connection");
        if (is_late || ret_line->length > MAX_ANSWER)
            return error_set(err, ERROR_FAILED, "modbridge does not answer");
        strbuf_add_bytes(ret_line, bytes, (size_t)length);
    }
    return 0;
}

static json_t *result_of(const struct strbuf *line, struct error *err)
{
    static const struct json_limits limits = {MAX_ANSWER, MAX_ANSWER_DEPTH};
    json_t *answer = json_read("an answer", line->text, line->length, &limits, err);
    if (!answer)
        return NULL;
    json_t *result = json_incref(json_object_get(answer, "result"));
    const char *refusal = json_string_value(json_object_get(answer, "error"));
    if (!result)
        (void)error_set(err, ERROR_FAILED, "%s",
                        refusal ? refusal : "an answer without result");
    json_decref(answer);
    return result;
}

json_t *control_link_ask(struct control_link *link, const char *name, struct error *err)
{
    struct strbuf line = {0};
    json_t *result = NULL;
    send_request(link, name);
    if (receive_line(link, &line, err) == 0)
        result = result_of(&line, err);
    strbuf_done(&line);
    return result;
}
