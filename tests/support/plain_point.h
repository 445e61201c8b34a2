// SPDX-License-Identifier: MIT
// What a test's entry of a map has when the map says nothing of it.
#ifndef SUPPORT_PLAIN_POINT_H
#define SUPPORT_PLAIN_POINT_H

#include "model/point.h"

// Members of a struct point's initializer: the device's own unit id, no view of another entry,
// no scale factor, all bits, the number as it is.
#define PLAIN_POINT                                                                            \
    .unit_id = NO_INDEX, .from = NO_INDEX, .sf = NO_INDEX, .bit_low = NO_INDEX,                \
    .bit_high = NO_INDEX, .scale = {1, 0}

#endif
