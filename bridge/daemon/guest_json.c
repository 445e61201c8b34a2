// SPDX-License-Identifier: MIT
#include "daemon/guest_json.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/suggest.h"

enum { LONGEST_TIMEOUT_MS = 60 * 1000 };

static const char *const end_names[GUEST_END_COUNT] = {
    [GUEST_ASKED] = "asked", [GUEST_LINK] = "link",       [GUEST_AWAY] = "away",
    [GUEST_BUSY] = "busy",   [GUEST_STOPPED] = "stopped", [GUEST_CACHED] = "cached",
};

static int find_name(const json_t *name, const char *const *names, int count)
{
    const char *text = json_string_value(name);
    for (int i = 0; text && i < count; i++) {
        if (strcmp(names[i], text) == 0)
            return i;
    }
    return NO_INDEX;
}

// ---- the request

static int read_number(const json_t *root, const char *key, int64_t low, int64_t high,
                       int64_t *ret_number, struct error *err)
{
    const json_t *value = json_object_get(root, key);
    int64_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < low || number > high)
        return error_set(err, ERROR_FAILED, "%s: a number from %lld to %lld is expected", key,
                         (long long)low, (long long)high);
    *ret_number = number;
    return 0;
}

static int read_bus(const json_t *root, const struct site *site, uint16_t *ret_bus,
                    struct error *err)
{
    const char *name = json_string_value(json_object_get(root, "bus"));
    struct suggestion suggestion;
    struct strbuf near = {0};
    if (!name)
        return error_set(err, ERROR_FAILED, "bus: the name of a bus is expected");
    suggest_start(&suggestion, name);
    for (size_t i = 0; i < site->bus_count; i++) {
        if (!site->buses[i].name[0])
            continue; // an empty place
        if (strcmp(site->buses[i].name, name) == 0) {
            *ret_bus = (uint16_t)i;
            return 0;
        }
        suggest_candidate(&suggestion, site->buses[i].name);
    }
    suggest_append(&suggestion, &near);
    (void)error_set(err, ERROR_FAILED, "bus: there is no bus '%s'%s", name, strbuf_text(&near));
    strbuf_done(&near);
    return -1;
}

// Writes go another way: who writes for a device knows what it writes (daemon/requests).
static int check(const struct request *request, struct error *err)
{
    const struct pdu_function *function = pdu_find_function(request->function);
    if (!function || function->is_write)
        return error_set(err, ERROR_FAILED,
                         "function: one that reads is expected (1 to 4 and 43)");
    if (!pdu_is_valid_request(request))
        return error_set(err, ERROR_FAILED,
                         "address, count: function %u cannot ask for %u from address %u",
                         request->function, request->count, request->address);
    return 0;
}

int guest_read_request(const json_t *root, const struct site *site, uint16_t *ret_bus,
                       struct guest *ret_guest, struct error *err)
{
    int64_t unit = 0;
    int64_t function = 0;
    int64_t address = 0;
    int64_t count = 0;
    int64_t timeout_ms = 0;
    bool has_timeout = json_object_get(root, "timeout_ms") != NULL;
    if (read_bus(root, site, ret_bus, err) != 0 ||
        read_number(root, "unit", 0, UINT8_MAX, &unit, err) != 0 ||
        read_number(root, "function", 1, UINT8_MAX, &function, err) != 0 ||
        read_number(root, "address", 0, UINT16_MAX, &address, err) != 0 ||
        read_number(root, "count", 1, MAX_READ_BITS, &count, err) != 0)
        return -1;
    if (has_timeout &&
        read_number(root, "timeout_ms", 1, LONGEST_TIMEOUT_MS, &timeout_ms, err) != 0)
        return -1;
    *ret_guest = (struct guest){
        .request = {.unit_id = (uint8_t)unit,
                    .function = (uint8_t)function,
                    .address = (uint16_t)address,
                    .count = (uint16_t)count},
        .timeout_ms = timeout_ms,
    };
    return check(&ret_guest->request, err);
}

json_t *guest_request_json(const char *bus, const struct guest *guest)
{
    const struct request *request = &guest->request;
    json_t *root = json_new_object();
    json_put_text(root, "request", "transact");
    json_put_text(root, "bus", bus);
    json_put(root, "unit", json_integer(request->unit_id));
    json_put(root, "function", json_integer(request->function));
    json_put(root, "address", json_integer(request->address));
    json_put(root, "count", json_integer(request->count));
    if (guest->timeout_ms)
        json_put(root, "timeout_ms", json_integer(guest->timeout_ms));
    return root;
}

// ---- what came of it

static json_t *words_json(const struct guest *guest)
{
    json_t *words = json_new_list();
    size_t count = pdu_answer_words(&guest->request, &guest->answer);
    for (size_t i = 0; i < count; i++)
        json_add(words, json_integer(guest->answer.words[i]));
    return words;
}

char *guest_result_json(const struct guest *guest)
{
    json_t *result = json_new_object();
    json_put_text(result, "end", end_names[guest->end]);
    if (guest->fault == FAULT_NONE) {
        json_put(result, "count", json_integer(guest->answer.count));
        json_put(result, "words", words_json(guest));
    } else {
        json_put_text(result, "fault", fault_names[guest->fault]);
    }
    if (guest->fault == FAULT_EXCEPTION)
        json_put(result, "exception", json_integer(guest->answer.exception));
    if (guest->text[0])
        json_put_text(result, "text", guest->text);
    if (guest->response_us)
        json_put(result, "response_us", json_integer(guest->response_us));
    return json_print(result);
}

static int read_words(const json_t *result, struct guest *guest)
{
    const json_t *words = json_object_get(result, "words");
    json_int_t count = json_integer_value(json_object_get(result, "count"));
    if (count < 1 || count > MAX_READ_BITS)
        return -1;
    guest->answer.count = (uint16_t)count;
    size_t expected = pdu_answer_words(&guest->request, &guest->answer);
    if (json_array_size(words) != expected || expected > MAX_READ_REGISTERS)
        return -1;
    for (size_t i = 0; i < expected; i++) {
        json_int_t word = json_integer_value(json_array_get(words, i));
        if (word < 0 || word > UINT16_MAX)
            return -1;
        guest->answer.words[i] = (uint16_t)word;
    }
    return 0;
}

int guest_read_result(const json_t *result, struct guest *guest)
{
    const json_t *fault = json_object_get(result, "fault");
    const char *text = json_string_value(json_object_get(result, "text"));
    int end = find_name(json_object_get(result, "end"), end_names, GUEST_END_COUNT);
    int found = fault ? find_name(fault, fault_names, FAULT_COUNT) : (int)FAULT_NONE;
    json_int_t exception = json_integer_value(json_object_get(result, "exception"));
    if (end == NO_INDEX || found == NO_INDEX)
        return -1;
    guest->end = (enum guest_end)end;
    guest->fault = (enum fault)found;
    guest->answer = (struct answer){0};
    guest->was_sent = guest->end == GUEST_ASKED;
    guest->response_us = json_integer_value(json_object_get(result, "response_us"));
    (void)snprintf(guest->text, sizeof guest->text, "%s", text ? text : "");
    if (guest->fault == FAULT_NONE)
        return read_words(result, guest);
    if (guest->fault != FAULT_EXCEPTION)
        return 0;
    guest->answer.exception = (uint8_t)exception;
    return exception >= 1 && exception <= UINT8_MAX ? 0 : -1;
}
