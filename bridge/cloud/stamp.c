// SPDX-License-Identifier: MIT
#include "cloud/stamp.h"

#include "base/strbuf.h"
#include <assert.h>

bool stamp_clock_look(struct stamp_clock *clock, int64_t wall_ms, int64_t boot_ms,
                      int64_t build_ms)
{
    if (wall_ms < build_ms)
        return false;
    int64_t offset_ms = wall_ms - boot_ms;
    int64_t moved_ms = offset_ms - clock->offset_ms;
    if (clock->is_set && moved_ms > -STAMP_STEP_MS && moved_ms < STAMP_STEP_MS)
        return false;
    *clock = (struct stamp_clock){.is_set = true, .offset_ms = offset_ms};
    return true;
}

bool stamp_is_known(const struct stamp_clock *clock, const struct stamp *stamp)
{
    return stamp->kind != STAMP_PRESENT || clock->is_set;
}

static int64_t floor_seconds(int64_t ms)
{
    return ms / 1000 - (ms % 1000 < 0);
}

int64_t stamp_second(const struct stamp_clock *clock, const struct stamp *stamp)
{
    return floor_seconds(stamp->kind == STAMP_PRESENT ? stamp->ms + clock->offset_ms
                                                      : stamp->ms);
}

int64_t stamp_middle_ms(int64_t other_ms, int64_t wall_ms)
{
    return other_ms - (wall_ms - floor_seconds(wall_ms) * 1000) + 500;
}

char *stamp_payload(const char *body, int64_t second)
{
    assert(body[0] == '{' && "a JSON object");
    struct strbuf text = {0};
    strbuf_printf(&text, "{\"timestamp\":%lld%s%s", (long long)second,
                  body[1] == '}' ? "" : ",", body + 1);
    return strbuf_take(&text);
}
