// SPDX-License-Identifier: MIT
// How many of one unit of time are in another. Names say the unit of what they hold: _us, _ms.
#ifndef BASE_TIME_UNITS_H
#define BASE_TIME_UNITS_H

enum {
    NS_PER_US = 1000,
    NS_PER_MS = 1000000,
    NS_PER_S = 1000000000,
    US_PER_MS = 1000,
    US_PER_S = 1000000,
    MS_PER_S = 1000,
};

#endif
