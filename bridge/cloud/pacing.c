// SPDX-License-Identifier: MIT
#include "cloud/pacing.h"

void pacing_lost(struct pacing *pacing, enum pacing_cause cause, int64_t lasted_ms)
{
    if (lasted_ms >= PACING_STEADY_MS)
        pacing->failures = 0;
    if (pacing->failures < PACING_LOST_FAILURES)
        pacing->failures = PACING_LOST_FAILURES;
    bool is_abrupt = cause == PACING_CLOSED && lasted_ms < PACING_ABRUPT_MS;
    pacing->abrupt = is_abrupt ? pacing->abrupt + 1 : 0;
}

bool pacing_is_thrown_out(const struct pacing *pacing)
{
    return pacing->abrupt >= PACING_ABRUPT_COUNT;
}

int64_t pacing_delay_ms(struct pacing *pacing, enum pacing_cause cause, uint32_t random)
{
    if (pacing_is_thrown_out(pacing)) {
        pacing->abrupt = 0;
        return PACING_LIMIT_MS;
    }
    if (cause == PACING_REFUSED)
        return PACING_LIMIT_MS;
    int64_t ceiling_ms = PACING_FIRST_MS;
    for (unsigned i = 0; i < pacing->failures && ceiling_ms < PACING_LIMIT_MS; i++)
        ceiling_ms *= 2;
    if (ceiling_ms > PACING_LIMIT_MS)
        ceiling_ms = PACING_LIMIT_MS;
    pacing->failures++;
    return ceiling_ms * (int64_t)random / UINT32_MAX;
}
