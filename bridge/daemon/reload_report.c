// SPDX-License-Identifier: MIT
#include "daemon/reload_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"

static const char *const words[CHANGE_COUNT] = {
    [CHANGE_KEPT] = "kept",   [CHANGE_RESTARTED] = "restarted", [CHANGE_CHANGED] = "changed",
    [CHANGE_ADDED] = "added", [CHANGE_REMOVED] = "removed",
};

// What there is of one kind: names by place, of both sites.
struct kind {
    const enum change *changes;
    size_t count;
    const char *(*name)(const struct site *site, size_t place);
};

static const char *bus_name(const struct site *site, size_t place)
{
    return site->buses[place].name;
}

static const char *cloud_name(const struct site *site, size_t place)
{
    return site->clouds[place].name;
}

static const char *device_name(const struct site *site, size_t place)
{
    return site->devices[place].name;
}

static struct kind kind_of_devices(const struct changes *changes)
{
    return (struct kind){changes->devices, changes->site->device_count, device_name};
}

static const char *name_of(const struct reload_outcome *outcome, const struct kind *kind,
                           size_t place)
{
    bool is_gone = kind->changes[place] == CHANGE_REMOVED;
    return kind->name(is_gone ? outcome->before : outcome->changes->site, place);
}

static size_t count_of(const struct kind *kind, enum change change)
{
    size_t count = 0;
    for (size_t i = 0; i < kind->count; i++)
        count += kind->changes[i] == change;
    return count;
}

static void add_names(struct strbuf *text, const struct reload_outcome *outcome,
                      const struct kind *kind, enum change change)
{
    size_t count = 0;
    for (size_t i = 0; i < kind->count; i++) {
        if (kind->changes[i] != change)
            continue;
        const char *before = count++ ? ", " : "";
        strbuf_printf(text, "%s%s", before, name_of(outcome, kind, i));
    }
}

static void add_sentence(struct strbuf *text, const char *what)
{
    strbuf_printf(text, "%s%s", text->length ? "; " : "", what);
}

static void add_kind(struct strbuf *text, const struct reload_outcome *outcome,
                     const struct kind *kind, const char *of)
{
    static const enum change told[] = {CHANGE_ADDED, CHANGE_CHANGED, CHANGE_RESTARTED,
                                       CHANGE_REMOVED};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        if (count_of(kind, told[i]) == 0)
            continue;
        add_sentence(text, words[told[i]]);
        strbuf_printf(text, " %s", of);
        add_names(text, outcome, kind, told[i]);
    }
}

char *reload_text(const struct reload_outcome *outcome)
{
    const struct changes *changes = outcome->changes;
    struct strbuf text = {0};
    struct kind devices = kind_of_devices(changes);
    struct kind clouds = {changes->clouds, changes->site->cloud_count, cloud_name};
    add_kind(&text, outcome, &devices, "");
    add_kind(&text, outcome, &clouds, "connection ");
    size_t kept = count_of(&devices, CHANGE_KEPT);
    strbuf_printf(&text, "%s%zu device%s on undisturbed", text.length ? "; " : "", kept,
                  kept == 1 ? " goes" : "s go");
    if (changes->is_publish_changed)
        add_sentence(&text, "publish: is as the site says now");
    if (changes->is_state_moved)
        add_sentence(&text, "state: is another folder, which needs a restart");
    if (changes->is_outbox_changed)
        add_sentence(&text, "outbox: has other limits, which need a restart");
    return strbuf_take(&text);
}

static json_t *names_json(const struct reload_outcome *outcome, const struct kind *kind,
                          enum change change)
{
    json_t *names = json_new_list();
    for (size_t i = 0; i < kind->count; i++) {
        const char *name = kind->changes[i] == change ? name_of(outcome, kind, i) : NULL;
        if (name)
            json_add(names, json_from_text(name, strlen(name)));
    }
    return names;
}

static void put_kind(json_t *root, const char *key, const struct reload_outcome *outcome,
                     const struct kind *kind)
{
    json_t *object = json_new_object();
    for (int change = 0; change < CHANGE_COUNT; change++) {
        if (words[change])
            json_put(object, words[change], names_json(outcome, kind, (enum change)change));
    }
    json_put(root, key, object);
}

static json_t *findings_json(const char *findings)
{
    json_t *list = json_new_list();
    while (*findings) {
        size_t length = strcspn(findings, "\n");
        if (length)
            json_add(list, json_from_text(findings, length));
        findings += length + (findings[length] == '\n');
    }
    return list;
}

static void put_changes(json_t *root, const struct reload_outcome *outcome)
{
    const struct changes *changes = outcome->changes;
    struct kind devices = kind_of_devices(changes);
    struct kind buses = {changes->buses, changes->site->bus_count, bus_name};
    struct kind clouds = {changes->clouds, changes->site->cloud_count, cloud_name};
    json_t *restart = json_new_list();
    char *text = reload_text(outcome);
    json_put(root, "text", json_from_text(text, strlen(text)));
    free(text);
    put_kind(root, "devices", outcome, &devices);
    put_kind(root, "buses", outcome, &buses);
    put_kind(root, "clouds", outcome, &clouds);
    if (changes->is_state_moved)
        json_add(restart, json_from_text("state", strlen("state")));
    if (changes->is_outbox_changed)
        json_add(restart, json_from_text("outbox", strlen("outbox")));
    json_put(root, "needs_restart", restart);
}

char *reload_json(const struct reload_outcome *outcome)
{
    json_t *root = json_new_object();
    json_put(root, "applied", json_boolean(outcome->changes != NULL));
    json_put(root, "generation", json_integer((json_int_t)outcome->generation));
    if (outcome->changes)
        put_changes(root, outcome);
    json_put(root, "findings", findings_json(outcome->findings));
    return json_print(root);
}
