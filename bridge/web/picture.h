// SPDX-License-Identifier: MIT
// What is known of the bridge now, as the texts that answers are made of. One thread sets it,
// another one takes from it.
#ifndef WEB_PICTURE_H
#define WEB_PICTURE_H

#include <stdbool.h>

#include "web/shared_text.h"

enum picture_part {
    PICTURE_STATUS,
    PICTURE_DEVICES,
    PICTURE_VALUES,
    PICTURE_HISTORY,
    PICTURE_METRICS,
    PICTURE_PARTS,
};

enum { PICTURE_REASON_SIZE = 480 };

struct picture;

// A picture of nothing, until it is asked for. The caller owns it; any thread may use it.
struct picture *picture_new(void);
void picture_free(struct picture *picture);

// Sets a part; the reference changes hands. NULL: it is not known.
void picture_set(struct picture *picture, enum picture_part part, struct shared_text *text);

// A new reference to a part, or NULL.
struct shared_text *picture_get(struct picture *picture, enum picture_part part);

// Notes whether the bridge answers; if not, `reason` says why.
void picture_set_state(struct picture *picture, bool answers, const char *reason);

// Whether the bridge answers; if not, the reason is written.
bool picture_answers(struct picture *picture, char ret_reason[PICTURE_REASON_SIZE]);

#endif
