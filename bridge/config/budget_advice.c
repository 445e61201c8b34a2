// SPDX-License-Identifier: MIT
// What to change on a bus that cannot keep its periods.
#include "base/num.h"
#include "base/time_units.h"
#include "config/budget.h"

enum { TEXT_SIZE = 32 };

// The requests of one period, of one device or (NULL) of all.
struct part {
    const struct device *device;
    int64_t every_ms;
    double utilisation;
};

static double utilisation_of(const struct budget_request *request)
{
    int64_t every_ms = request->block->every_ms;
    return every_ms > 0 ? (double)request->wire_ns / (double)(every_ms * NS_PER_MS) : 0;
}

static struct part part_of(const struct budget *budget, const struct device *device,
                           int64_t every_ms)
{
    struct part part = {device, every_ms, 0};
    for (size_t i = 0; i < budget->request_count; i++) {
        const struct budget_request *request = &budget->requests[i];
        if ((!device || request->device == device) && request->block->every_ms == every_ms)
            part.utilisation += utilisation_of(request);
    }
    return part;
}

// The part that asks for most of the line's time: of one device, or of all at one period. There
// are requests.
static struct part heaviest(const struct budget *budget, bool of_one)
{
    struct part heaviest = {budget->requests[0].device, 0, 0};
    for (size_t i = 0; i < budget->request_count; i++) {
        const struct budget_request *request = &budget->requests[i];
        struct part part =
            part_of(budget, of_one ? request->device : NULL, request->block->every_ms);
        if (part.utilisation > heaviest.utilisation)
            heaviest = part;
    }
    return heaviest;
}

static int64_t longer_ms(const struct budget *budget, const struct part *part)
{
    return forecast_longer_ms(part->utilisation,
                              budget->forecast.utilisation - part->utilisation, part->every_ms);
}

static void advise_period(const struct budget *budget, struct strbuf *ret_text)
{
    char every[TEXT_SIZE];
    char longer[TEXT_SIZE];
    struct part one = heaviest(budget, true);
    struct part all = heaviest(budget, false);
    int64_t one_ms = longer_ms(budget, &one);
    int64_t all_ms = longer_ms(budget, &all);
    // To read one device next to never for the others' sake is no advice.
    bool is_one = one_ms > 0 && (one.utilisation == all.utilisation || one_ms <= 2 * all_ms);
    num_format_duration(every, sizeof every, is_one ? one.every_ms : all.every_ms);
    num_format_duration(longer, sizeof longer, is_one ? one_ms : all_ms);
    if (is_one)
        strbuf_printf(ret_text, "what is read from '%s' every %s should be read every %s",
                      one.device->name, every, longer);
    else if (all_ms > 0)
        strbuf_printf(ret_text, "what is read every %s should be read every %s", every, longer);
    else
        strbuf_printf(ret_text, "everything should be read %.1f times less often",
                      budget->forecast.utilisation / FORECAST_BESIDE_DEAD);
    if (!is_one && budget->device_count > 1)
        strbuf_printf(ret_text, " ('%s' asks for most: %.0f %%)", one.device->name,
                      100 * one.utilisation);
}

bool budget_warn(const struct budget *budget, struct strbuf *ret_text, struct position *ret_at)
{
    if (budget->forecast.utilisation <= 1)
        return false;
    double saved = 0;
    *ret_at = budget->bus->at;
    for (size_t i = 0; i < budget->device_count; i++)
        saved += budget->devices[i].saving.utilisation;
    strbuf_printf(ret_text,
                  "bus '%s' cannot keep its periods: its requests ask for %.0f %% of the time "
                  "there is; ",
                  budget->bus->name, 100 * budget->forecast.utilisation);
    advise_period(budget, ret_text);
    if (saved >= 0.005)
        strbuf_printf(ret_text, "; merge_gap: auto would save %.0f %%", 100 * saved);
    return true;
}

void budget_lint(struct arena *arena, const struct site *site, struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < site->bus_count; i++) {
        struct strbuf text = {0};
        struct position at;
        const struct budget *budget = budget_of_bus(arena, site, (int)i, -1);
        if (budget_warn(budget, &text, &at))
            diagnostics_warning(diagnostics, &at, "%s", strbuf_text(&text));
        strbuf_done(&text);
    }
}
