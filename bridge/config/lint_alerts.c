// SPDX-License-Identifier: MIT
// Alerts that nobody could read.
#include "config/lint.h"

void lint_alerts(const struct map *map, struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < map->alert_count; i++) {
        const struct alert *alert = &map->alerts[i];
        if (!alert->display_name)
            diagnostics_warning(diagnostics, &alert->at,
                                "'%s' has no display_name: people will see the bare name",
                                alert->key);
    }
}
