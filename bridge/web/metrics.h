// SPDX-License-Identifier: MIT
// What is known of the bridge in Prometheus's text format, version 0.0.4. docs/web.md lists
// every name. Pure, any thread.
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include <jansson.h>
#include <stddef.h>

// `status`, `devices`, `values` as the bridge said them; all NULL: it does not answer. Heap;
// the caller frees it.
char *metrics_text(const json_t *status, const json_t *devices, const json_t *values);

#endif
