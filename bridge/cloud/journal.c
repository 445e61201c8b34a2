// SPDX-License-Identifier: MIT
#include "cloud/journal.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"

enum journal_verdict journal_judge(const struct journal_record *record, const char *digest)
{
    if (!record)
        return JOURNAL_NEW;
    if (!record->is_sound)
        return JOURNAL_DAMAGED;
    if (strcmp(record->digest, digest) != 0)
        return JOURNAL_CONFLICT;
    return record->state == JOURNAL_DONE ? JOURNAL_ANSWERED : JOURNAL_RUNNING;
}

// Twice 64 bits from different starts: to tell commands apart, not against an enemy, who could
// as well use another id.
void journal_digest(const char *fingerprint, char ret_digest[JOURNAL_DIGEST_SIZE])
{
    uint64_t first = hash_text(HASH_START, fingerprint);
    (void)snprintf(ret_digest, JOURNAL_DIGEST_SIZE, "%016llx%016llx", (unsigned long long)first,
                   (unsigned long long)hash_text(~first, fingerprint));
}

void journal_key(const struct device *device, char ret_key[JOURNAL_KEY_SIZE])
{
    bool has_ids = device->hardware_id && device->channel_id;
    (void)snprintf(ret_key, JOURNAL_KEY_SIZE, "%s/%s", has_ids ? device->hardware_id : "",
                   has_ids ? device->channel_id : "");
}

void journal_local_key(const struct device *device, char ret_key[JOURNAL_KEY_SIZE])
{
    (void)snprintf(ret_key, JOURNAL_KEY_SIZE, "/%s", device->name);
}
