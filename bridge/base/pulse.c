// SPDX-License-Identifier: MIT
#include "base/pulse.h"

#include <stdatomic.h>

void pulse_give(struct pulse *pulse, int64_t until_ms)
{
    atomic_store_explicit(&pulse->until_ms, until_ms, memory_order_relaxed);
}

int64_t pulse_until_ms(const struct pulse *pulse)
{
    return atomic_load_explicit(&pulse->until_ms, memory_order_relaxed);
}
