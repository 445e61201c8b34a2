// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/time_units.h"
#include "cli/scan.h"
#include "cli/terminal.h"

enum { MAX_LISTED = 12 };

// What it calls its kind: the friendliest of its texts.
static const char *model_of(const struct account *account)
{
    static const uint8_t texts[] = {IDENTIFICATION_PRODUCT_NAME, IDENTIFICATION_MODEL_NAME,
                                    IDENTIFICATION_PRODUCT_CODE};
    const char *model = account->model[0] ? account->model : NULL;
    for (size_t i = 0; !model && i < ARRAY_LENGTH(texts); i++)
        model = account_find(account, texts[i]);
    return model;
}

static void add_title(struct strbuf *out, const struct scan_unit *unit)
{
    char name[200];
    const struct account *account = &unit->account;
    const char *vendor = account_vendor(account);
    const char *model = model_of(account);
    bool is_bold = terminal_in_colour();
    scan_name_line(unit->bus, name, sizeof name);
    strbuf_printf(out, "%s%s, ", is_bold ? "\033[1m" : "", name);
    if (unit->is_any)
        strbuf_add(out, "every unit id");
    else
        strbuf_printf(out, "unit %u", unit->heard.unit_id);
    if (unit->heard.is_garbled)
        strbuf_add(out, ": answers garbled");
    else if (vendor || model)
        strbuf_printf(out, ": %s%s%s", vendor ? vendor : "", vendor && model ? " " : "",
                      model ? model : "");
    else
        strbuf_add(out, ": answers");
    strbuf_add(out, is_bold ? "\033[0m\n" : "\n");
}

static void add_heard(struct strbuf *out, const struct scan_heard *heard)
{
    const char *table = table_names[heard->table];
    if (heard->is_garbled) {
        strbuf_add(out, "  check parity, stop bits and baud rate, the wiring, and whether two "
                        "devices have this unit id\n");
        return;
    }
    if (heard->exception)
        strbuf_printf(out, "  answers    %s 0: %s (exception %u)", table,
                      exception_name(heard->exception), heard->exception);
    else
        strbuf_printf(out, "  answers    %s 0: %u (0x%04X)", table, heard->word, heard->word);
    strbuf_printf(out, ", in %.1f ms\n", (double)heard->response_us / US_PER_MS);
}

static void add_texts(struct strbuf *out, const struct account *account)
{
    for (size_t i = 0; i < account->text_count; i++) {
        const struct account_text *text = &account->texts[i];
        const char *name = account_text_name(text->id);
        strbuf_add(out, i ? ", " : "  says       ");
        if (name)
            strbuf_printf(out, "%s %s", name, text->text);
        else
            strbuf_printf(out, "object 0x%02X %s", text->id, text->text);
    }
    if (account->text_count)
        strbuf_add(out, "\n");
}

static void add_part(struct strbuf *out, const char *name, const char *text)
{
    if (text[0])
        strbuf_printf(out, "%s%s, ", name, text);
}

static void add_sunspec(struct strbuf *out, const struct account *account)
{
    const struct sunspec_chain *chain = &account->chain;
    if (!account->has_sunspec)
        return;
    strbuf_printf(out, "  SunSpec    at %u: ", chain->base);
    add_part(out, "", account->manufacturer);
    add_part(out, "", account->model);
    add_part(out, "options ", account->options);
    add_part(out, "version ", account->version);
    add_part(out, "serial ", account->serial);
    strbuf_add(out, "models");
    for (size_t i = 0; i < chain->count; i++)
        strbuf_printf(out, "%s %u", i ? "," : "", chain->links[i].id);
    strbuf_add(out, "\n");
}

static void add_fit(struct strbuf *out, const struct scan_fit *fit)
{
    strbuf_add(out, fit->map->name);
    if (fit->map->identify_count == 0 && fit->fit.models)
        strbuf_printf(out, " (%zu of its %zu models)", fit->fit.models_found, fit->fit.models);
}

static void add_fits(struct strbuf *out, const struct scan_unit *unit)
{
    size_t fits = 0;
    size_t listed = 0;
    while (fits < unit->fit_count && unit->fits[fits].fit.fitting == FITTING_FITS)
        fits++;
    for (size_t i = 0; i < fits; i++) {
        strbuf_add(out, i ? ", " : "  map        ");
        add_fit(out, &unit->fits[i]);
    }
    if (fits)
        strbuf_add(out, "\n");
    for (size_t i = fits; i < unit->fit_count && listed < MAX_LISTED; i++, listed++) {
        strbuf_add(out, i > fits ? ", " : "  map, maybe ");
        strbuf_add(out, unit->fits[i].map->name);
    }
    if (unit->fit_count > fits)
        strbuf_add(out, ": of this vendor, and cannot tell\n");
    if (unit->fit_count == 0)
        strbuf_printf(out, "  map        none of %zu fits, as far as they can tell\n",
                      unit->shelf->count);
}

void scan_print_text(const struct scan_unit *unit)
{
    struct strbuf out = {0};
    add_title(&out, unit);
    add_heard(&out, &unit->heard);
    add_texts(&out, &unit->account);
    add_sunspec(&out, &unit->account);
    if (!unit->heard.is_garbled)
        add_fits(&out, unit);
    (void)printf("%s", strbuf_text(&out));
    (void)fflush(stdout);
    strbuf_done(&out);
}
