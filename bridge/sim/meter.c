// SPDX-License-Identifier: MIT
#include "sim/meter.h"

#include "base/time_units.h"

enum {
    FIXED_SILENCE_BAUD = 19200, // above it the silence no longer shrinks: Serial Line V1.02,
    FIXED_SILENCE_US = 1750,    // section 2.5.1.1
};

struct pace pace_of(const struct bus_settings *settings)
{
    if (settings->baud <= 0)
        return (struct pace){0};
    int64_t bits = 1 + 8 + (settings->parity != PARITY_NONE) + settings->stop_bits;
    struct pace pace = {.byte_ns = bits * NS_PER_S / settings->baud};
    pace.silence_us = settings->baud > FIXED_SILENCE_BAUD ? FIXED_SILENCE_US
                                                          : pace.byte_ns * 7 / 2 / NS_PER_US;
    return pace;
}

int64_t pace_us(const struct pace *pace, size_t bytes)
{
    return ((int64_t)bytes * pace->byte_ns + NS_PER_US - 1) / NS_PER_US;
}

void meter_restart(struct meter *meter, int64_t now_us)
{
    *meter = (struct meter){
        .since_us = now_us,
        .free_us = meter->free_us,
        .has_gap = meter->has_gap,
        .smallest_gap_us = -1,
    };
}

bool meter_begin(struct meter *meter, const struct pace *pace, bool is_answering,
                 int64_t now_us)
{
    if (!meter->has_gap)
        return false;
    int64_t gap_us = is_answering ? 0 : now_us - meter->free_us;
    if (gap_us < 0)
        gap_us = 0;
    if (meter->smallest_gap_us < 0 || gap_us < meter->smallest_gap_us)
        meter->smallest_gap_us = gap_us;
    meter->collisions += is_answering;
    bool is_broken = gap_us < pace->silence_us;
    meter->gaps_broken += is_broken;
    return is_broken;
}

void meter_request(struct meter *meter, uint8_t unit_id, const struct request *request)
{
    meter->requests++;
    meter->asked[unit_id]++;
    if (!request)
        return;
    for (size_t i = 0; i < meter->row_count; i++) {
        struct meter_row *row = &meter->rows[i];
        if (row->unit_id == unit_id && row->function == request->function &&
            row->address == request->address && row->count == request->count) {
            row->times++;
            return;
        }
    }
    if (meter->row_count < METER_ROWS)
        meter->rows[meter->row_count++] =
            (struct meter_row){unit_id, request->function, request->address, request->count, 1};
}

void meter_busy(struct meter *meter, const struct pace *pace, size_t bytes, int64_t end_us)
{
    meter->busy_us += pace_us(pace, bytes);
    meter->has_gap = true;
    if (end_us > meter->free_us)
        meter->free_us = end_us;
}
