// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/time_units.h"
#include "cli/plan.h"

#define BYTES_PER_GB 1e9

enum { TEXT_SIZE = 32, WIDEST_NAME = 20, MS_PER_DAY = 86400000 };

static const char *const transport_names[] = {[TRANSPORT_TCP] = "TCP",
                                              [TRANSPORT_RTU] = "RTU",
                                              [TRANSPORT_RTU_OVER_TCP] = "RTU over TCP"};

// A time with three digits: "4.81 ms", "131 ms", "1.72 s", "10 min".
static void format_time(char *ret_text, size_t size, int64_t ns)
{
    double ms = (double)ns / NS_PER_MS;
    if (ms < 10)
        (void)snprintf(ret_text, size, "%.2f ms", ms);
    else if (ms < 100)
        (void)snprintf(ret_text, size, "%.1f ms", ms);
    else if (ms < 1000)
        (void)snprintf(ret_text, size, "%.0f ms", ms);
    else if (ms < 10000)
        (void)snprintf(ret_text, size, "%.2f s", ms / 1000);
    else if (ms < 120000)
        (void)snprintf(ret_text, size, "%.1f s", ms / 1000);
    else
        num_format_duration(ret_text, size, ns / NS_PER_MS);
}

static void format_period(char *ret_text, size_t size, int64_t every_ms)
{
    if (every_ms < 0)
        (void)snprintf(ret_text, size, "connect");
    else if (every_ms == 0)
        (void)snprintf(ret_text, size, "always");
    else
        num_format_duration(ret_text, size, every_ms);
}

static void format_share(char *ret_text, size_t size, double share)
{
    (void)snprintf(ret_text, size, share < 0.1 ? "%.1f %%" : "%.0f %%", 100 * share);
}

static int name_width(const struct budget *budget)
{
    size_t width = strlen("device");
    for (size_t i = 0; i < budget->device_count; i++) {
        size_t length = strlen(budget->devices[i].device->name);
        width = length > width ? length : width;
    }
    return width > WIDEST_NAME ? WIDEST_NAME : (int)width;
}

static void print_bus(const struct bus_settings *bus)
{
    (void)printf("bus %s: %s", bus->name, transport_names[bus->transport]);
    if (bus->transport == TRANSPORT_RTU)
        (void)printf(" %s", bus->path);
    else
        (void)printf(" %s:%u", bus->host, bus->port);
    if (bus->transport != TRANSPORT_TCP && bus->baud)
        (void)printf(", %d baud 8%c%d", bus->baud, "NEO"[bus->parity], bus -> stop_bits);
    (void)printf("\n");
}

static void print_summary(const struct budget *budget)
{
    char cycle[TEXT_SIZE];
    char load[TEXT_SIZE];
    char all[TEXT_SIZE];
    char silent[TEXT_SIZE];
    size_t returning = 0;
    for (size_t i = 0; i < budget->device_count; i++)
        returning += budget->devices[i].request_count;
    format_share(load, sizeof load, budget->forecast.utilisation);
    format_time(cycle, sizeof cycle, budget->forecast.cycle_ns);
    format_time(all, sizeof all, budget->latency_ns);
    format_time(silent, sizeof silent, budget->silent_latency_ns);
    (void)printf("  %s of the time is asked for; everything once takes %s (%zu device%s, %zu "
                 "request%s)\n",
                 load, cycle, budget->device_count, budget->device_count == 1 ? "" : "s",
                 returning, returning == 1 ? "" : "s");
    (void)printf(
        "  a command waits at most %s for the line, %s when a device falls silent just "
        "then\n",
        all, silent);
    (void)printf("  assumed: a device begins to answer after %g ms%s (--response)\n",
                 (double)budget->response_us / US_PER_MS,
                 budget->bus->transport == TRANSPORT_TCP ? "" : " beyond the silence");
}

static void print_request(const struct budget_request *request, const char *name, int width)
{
    const struct block *block = request->block;
    char addresses[TEXT_SIZE];
    char every[TEXT_SIZE];
    char comes[TEXT_SIZE] = "once";
    char time[TEXT_SIZE];
    char load[TEXT_SIZE] = "-";
    (void)snprintf(addresses, sizeof addresses, "%d..%d", block->address,
                   block->address + block->count - 1);
    format_period(every, sizeof every, block->every_ms);
    format_time(time, sizeof time, request->wire_ns);
    if (request->refresh_ns > 0) {
        format_time(comes, sizeof comes, request->refresh_ns);
        format_share(load, sizeof load, (double)request->wire_ns / (double)request->refresh_ns);
    }
    if (block->every_ms > 0 && request->refresh_ns == block->every_ms * NS_PER_MS)
        (void)snprintf(comes, sizeof comes, "%s", every);
    (void)printf("  %-*.*s %4d %-8s %-13s %5d %8zu %9s %9s %9s %6s\n", width, width, name,
                 request->unit_id, table_names[block->table], addresses, block->count,
                 block->point_count, every, comes, time, load);
}

// Whether all that is printed of two devices' requests is the same but for name and unit.
static bool are_alike(const struct budget_device *a, const struct budget_device *b)
{
    if (a->device->map != b->device->map || a->plan->block_count != b->plan->block_count)
        return false;
    for (size_t i = 0; i < a->plan->block_count; i++) {
        const struct block *p = &a->plan->blocks[i];
        const struct block *q = &b->plan->blocks[i];
        if (p->address != q->address || p->count != q->count || p->every_ms != q->every_ms ||
            p->unit_id != q->unit_id || p->point_count != q->point_count)
            return false;
    }
    return memcmp(&a->cost, &b->cost, sizeof a->cost) == 0;
}

static void print_requests(const struct budget *budget, int width)
{
    const struct budget_request *request = budget->requests;
    const struct budget_device *like = NULL;
    (void)printf("\n  %-*s %4s %-8s %-13s %5s %8s %9s %9s %9s %6s\n", width, "device", "unit",
                 "table", "addresses", "count", "entries", "every", "comes", "time", "load");
    for (size_t i = 0; i < budget->device_count; i++) {
        const struct budget_device *device = &budget->devices[i];
        size_t count = device->plan->block_count;
        if (like && are_alike(like, device)) {
            (void)printf("  %-*.*s %4d as %s\n", width, width, device->device->name,
                         device->device->unit_id, like->device->name);
            request += count;
            continue;
        }
        like = device;
        for (size_t k = 0; k < count; k++, request++)
            print_request(request, k == 0 ? device->device->name : "", width);
    }
}

static void print_device(const struct budget_device *device, int width)
{
    char load[TEXT_SIZE];
    char others[TEXT_SIZE];
    char cycle[TEXT_SIZE];
    char latency[TEXT_SIZE];
    format_share(load, sizeof load, device->utilisation);
    format_share(others, sizeof others, device->others.utilisation);
    format_time(cycle, sizeof cycle,
                (int64_t)((double)device->others.cycle_ns / FORECAST_BESIDE_DEAD));
    format_time(latency, sizeof latency, device->others_latency_ns);
    (void)printf("  %-*.*s %8zu %6s %18s %18s %18s\n", width, width, device->device->name,
                 device->request_count, load, others, cycle, latency);
}

// What the others are left with while one device is dead.
static void print_devices(const struct budget *budget, int width)
{
    if (budget->device_count < 2)
        return;
    (void)printf("\n  %-*s %8s %6s %18s %18s %18s\n", width, "", "", "",
                 "while it is dead:", "the others'", "a command's");
    (void)printf("  %-*s %8s %6s %18s %18s %18s\n", width, "device", "requests", "load",
                 "the others' load", "everything once", "longest wait");
    for (size_t i = 0; i < budget->device_count; i++)
        print_device(&budget->devices[i], width);
}

static void print_entries(const struct budget *budget)
{
    (void)printf("\n");
    for (size_t i = 0; i < budget->request_count; i++) {
        const struct budget_request *request = &budget->requests[i];
        for (size_t k = 0; k < request->block->point_count; k++) {
            char comes[TEXT_SIZE] = "once per connection";
            if (request->refresh_ns > 0)
                format_time(comes, sizeof comes, request->refresh_ns);
            (void)printf("  %s.%s: %s\n", request->device->name,
                         request->device->map->points[request->block->points[k]].key, comes);
        }
    }
}

static void print_savings(const struct budget *budget)
{
    struct budget_saving sum = {0};
    size_t count = 0;
    for (size_t i = 0; i < budget->device_count; i++) {
        const struct budget_saving *saving = &budget->devices[i].saving;
        if (saving->cycle_ns <= 0)
            continue;
        sum.request_count += saving->request_count;
        sum.cycle_ns += saving->cycle_ns;
        sum.utilisation += saving->utilisation;
        count++;
    }
    if (count == 0)
        return;
    char cycle[TEXT_SIZE];
    char load[TEXT_SIZE];
    format_time(cycle, sizeof cycle, sum.cycle_ns);
    format_share(load, sizeof load, sum.utilisation);
    (void)printf("\n  merge_gap: auto would save %d request%s, %s of everything once and %s of "
                 "the time\n",
                 sum.request_count, sum.request_count == 1 ? "" : "s", cycle, load);
}

// Prints a text in lines of at most WIDTH columns.
static void print_wrapped(const char *text)
{
    enum { WIDTH = 100, INDENT = 4 };
    int column = 0;
    (void)printf("\n ");
    while (*text) {
        int length = (int)strcspn(text, " ");
        bool breaks = column > 0 && column + 1 + length > WIDTH;
        column = breaks ? INDENT + length : column + 1 + length;
        (void)printf(breaks ? "\n%*s%.*s" : "%*s%.*s", breaks ? INDENT : 1, "", length, text);
        text += length + (text[length] == ' ');
    }
    (void)printf("\n");
}

static void print_warning(const struct budget *budget)
{
    struct strbuf text = {0};
    struct position at;
    strbuf_add(&text, "warning: ");
    if (budget_warn(budget, &text, &at))
        print_wrapped(strbuf_text(&text));
    strbuf_done(&text);
}

static void print_written(const struct plan_view *view, enum outbox_write write)
{
    static const char *const names[] = {[OUTBOX_ALWAYS] = "always", [OUTBOX_SPILL] = "spill"};
    (void)printf(
        "  write: %-6s writes %.2f GB a day to the storage, %.2f GB while the broker is "
        "away%s\n",
        names[write], traffic_written_per_day(&view->traffic, write, false) / BYTES_PER_GB,
        traffic_written_per_day(&view->traffic, write, true) / BYTES_PER_GB,
        view->site->outbox.write == write ? " (this site)" : "");
}

static void print_traffic(const struct plan_view *view)
{
    const struct traffic *traffic = &view->traffic;
    char outage[TEXT_SIZE];
    if (traffic->messages_per_second == 0)
        return;
    (void)printf("\noutbox: at most %.3g message%s a second, of about %.0f bytes%s\n",
                 traffic->messages_per_second, traffic->messages_per_second == 1 ? "" : "s",
                 traffic->message_bytes,
                 traffic_is_kept(view->site) ? ""
                                             : "; nothing of it is written to the storage");
    if (!traffic_is_kept(view->site))
        return;
    print_written(view, OUTBOX_ALWAYS);
    print_written(view, OUTBOX_SPILL);
    num_format_duration(outage, sizeof outage,
                        (int64_t)(traffic_days_kept(traffic, view->site) * MS_PER_DAY));
    (void)printf("  max_size and max_age keep what an outage of %s leaves\n", outage);
}

void plan_print(const struct plan_view *view, bool with_entries)
{
    for (size_t i = 0; i < view->site->bus_count; i++) {
        const struct budget *budget = view->budgets[i];
        int width = name_width(budget);
        if (i > 0)
            (void)printf("\n");
        print_bus(budget->bus);
        print_summary(budget);
        print_requests(budget, width);
        print_devices(budget, width);
        if (with_entries)
            print_entries(budget);
        print_savings(budget);
        print_warning(budget);
    }
    print_traffic(view);
}
