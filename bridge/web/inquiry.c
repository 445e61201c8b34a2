// SPDX-License-Identifier: MIT
#include "web/inquiry.h"

#include <string.h>

#include "base/json.h"

static json_t *ask_slice(struct control_link *link, const char *name, json_int_t from,
                         struct error *err)
{
    json_t *request = json_new_object();
    json_put_text(request, "request", name);
    json_put(request, "from", json_integer(from));
    return control_link_request(link, request, CONTROL_LINK_PATIENCE_MS, err);
}

// All slices of "devices" or "values" as one.
static json_t *ask_all(struct control_link *link, const char *name, struct error *err)
{
    json_t *whole = ask_slice(link, name, 0, err);
    while (whole && json_object_get(whole, "next")) {
        json_int_t next = json_integer_value(json_object_get(whole, "next"));
        json_t *slice = ask_slice(link, name, next, err);
        (void)json_object_del(whole, "next");
        json_t *more = json_object_get(slice, "devices");
        if (!json_is_array(more) || json_array_size(more) == 0 ||
            json_array_extend(json_object_get(whole, "devices"), more) != 0) {
            if (slice)
                (void)error_set(err, ERROR_FAILED, "modbridge answers '%s' in no devices",
                                name);
            json_decref(whole);
            whole = NULL;
        } else {
            json_put(whole, "next", json_incref(json_object_get(slice, "next")));
        }
        json_decref(slice);
    }
    return whole;
}

static int check_site(const struct inquiry *inquiry, const json_t *status, struct error *err)
{
    const char *runs = json_string_value(json_object_get(status, "site"));
    if (runs && strcmp(runs, inquiry->site) == 0)
        return 0;
    return error_set(err, ERROR_FAILED, "no modbridge runs %s; the one that answers runs %s",
                     inquiry->site, runs ? runs : "nothing");
}

// The devices, asked for again when they may be others.
static int ask_devices(struct inquiry *inquiry, struct findings *findings, struct error *err)
{
    json_int_t generation = json_integer_value(json_object_get(findings->values, "generation"));
    findings->are_new = !inquiry->devices || generation != inquiry->generation;
    if (findings->are_new) {
        json_t *devices = ask_all(inquiry->link, "devices", err);
        if (!devices)
            return -1;
        json_decref(inquiry->devices);
        inquiry->devices = devices;
        inquiry->generation = json_integer_value(json_object_get(devices, "generation"));
    }
    findings->devices = json_incref(inquiry->devices);
    return 0;
}

static int ask_everything(struct inquiry *inquiry, struct findings *findings, struct error *err)
{
    if (!inquiry->link)
        inquiry->link = control_link_connect(inquiry->folders, inquiry->folder_count, err);
    findings->status = inquiry->link ? control_link_ask(inquiry->link, "status", err) : NULL;
    if (!findings->status || check_site(inquiry, findings->status, err) != 0)
        return -1;
    findings->values = ask_all(inquiry->link, "values", err);
    return findings->values ? ask_devices(inquiry, findings, err) : -1;
}

int inquiry_ask(struct inquiry *inquiry, struct findings *ret_findings, struct error *err)
{
    struct findings findings = {0};
    if (ask_everything(inquiry, &findings, err) == 0) {
        *ret_findings = findings;
        return 0;
    }
    findings_done(&findings);
    inquiry_done(inquiry); // the next one may find another bridge, with other devices
    return -1;
}

void inquiry_done(struct inquiry *inquiry)
{
    control_link_close(inquiry->link);
    json_decref(inquiry->devices);
    inquiry->link = NULL;
    inquiry->devices = NULL;
}

void findings_done(struct findings *findings)
{
    json_decref(findings->status);
    json_decref(findings->devices);
    json_decref(findings->values);
}
