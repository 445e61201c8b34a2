// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/time_units.h"
#include "cli/scan.h"
#include "daemon/wording.h"

#define US_PER_MS 1000.0

static void put_line(json_t *object, const struct scan_unit *unit)
{
    const struct bus_settings *bus = unit->bus;
    char name[200];
    if (unit->bus_name)
        json_put_text(object, "bus", unit->bus_name);
    if (bus->transport == TRANSPORT_RTU) {
        json_put_text(object, "rtu", bus->path);
        json_put(object, "baud", json_integer(bus->baud));
        json_put_text(object, "parity", parity_names[bus->parity]);
        json_put(object, "stop_bits", json_integer(bus->stop_bits));
        return;
    }
    scan_name_line(bus, name, sizeof name);
    json_put_text(object, bus->transport == TRANSPORT_TCP ? "tcp" : "rtu_over_tcp", name);
}

static json_t *answer_of(const struct scan_heard *heard)
{
    json_t *answer = json_new_object();
    json_put_text(answer, "table", table_names[heard->table]);
    json_put(answer, "address", json_integer(0));
    if (heard->exception)
        json_put(answer, "exception", json_integer(heard->exception));
    else
        json_put(answer, "word", json_integer(heard->word));
    json_put(answer, "response_ms", json_real((double)heard->response_us / US_PER_MS));
    return answer;
}

static json_t *texts_of(const struct account *account)
{
    json_t *texts = account->text_count ? json_new_object() : NULL;
    for (size_t i = 0; i < account->text_count; i++) {
        char number[16];
        const char *name = account_text_name(account->texts[i].id);
        (void)snprintf(number, sizeof number, "0x%02X", account->texts[i].id);
        json_put_text(texts, name ? name : number, account->texts[i].text);
    }
    return texts;
}

static void put_known(json_t *object, const char *key, const char *text)
{
    if (text[0])
        json_put_text(object, key, text);
}

static json_t *sunspec_of(const struct account *account)
{
    if (!account->has_sunspec)
        return NULL;
    json_t *sunspec = json_new_object();
    json_put(sunspec, "base", json_integer(account->chain.base));
    put_known(sunspec, "manufacturer", account->manufacturer);
    put_known(sunspec, "model", account->model);
    put_known(sunspec, "options", account->options);
    put_known(sunspec, "version", account->version);
    put_known(sunspec, "serial", account->serial);
    json_t *models = json_new_list();
    for (size_t i = 0; i < account->chain.count; i++)
        json_add(models, json_integer(account->chain.links[i].id));
    json_put(sunspec, "models", models);
    return sunspec;
}

static void put_maps(json_t *object, const struct scan_unit *unit)
{
    json_t *maps = json_new_list();
    json_t *of_vendor = json_new_list();
    for (size_t i = 0; i < unit->fit_count; i++) {
        const struct scan_fit *fit = &unit->fits[i];
        if (fit->fit.fitting != FITTING_FITS) {
            json_add(of_vendor, json_string(fit->map->name));
            continue;
        }
        bool by_rule = fit->map->identify_count > 0;
        json_t *row = json_new_object();
        json_put_text(row, "map", fit->map->name);
        json_put_text(row, "by", by_rule ? "identify" : "sunspec");
        if (!by_rule) {
            json_put(row, "models", json_integer((json_int_t)fit->fit.models));
            json_put(row, "models_found", json_integer((json_int_t)fit->fit.models_found));
        }
        json_add(maps, row);
    }
    json_put(object, "maps", maps);
    json_put(object, "maps_of_vendor", of_vendor);
}

void scan_print_json(const struct scan_unit *unit)
{
    json_t *object = json_new_object();
    put_line(object, unit);
    json_put(object, "unit", json_integer(unit->heard.unit_id));
    json_put(object, "any_unit", json_boolean(unit->is_any));
    json_put(object, "garbled", json_boolean(unit->heard.is_garbled));
    if (!unit->heard.is_garbled) {
        json_put(object, "answer", answer_of(&unit->heard));
        json_put(object, "identification", texts_of(&unit->account));
        json_put(object, "sunspec", sunspec_of(&unit->account));
        put_maps(object, unit);
    }
    char *text = json_print(object);
    (void)printf("%s\n", text);
    (void)fflush(stdout);
    free(text);
}
