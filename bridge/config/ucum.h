// SPDX-License-Identifier: MIT
// Whether a unit is a UCUM code that Enapter Cloud knows by itself. Pure, any thread.
#ifndef CONFIG_UCUM_H
#define CONFIG_UCUM_H

#include <stdbool.h>

// "kW", "L/min", "W/m2", "m.s-2", "[ppm]", "{rotations}/min", "1". Units of the Unified Code
// for Units of Measure (https://ucum.org/ucum) as instruments use them, without parentheses,
// and the VA, VAR, Wh and Ah that Enapter writes without the dot. False is no error: such a
// unit has to be declared where it is used.
bool ucum_is_valid(const char *unit);

// The code of what people often write instead ("°C", "kwh", "rpm"), also where that means
// something else in UCUM ("C" is coulomb). NULL: nothing is known of it, or it is right.
const char *ucum_meant(const char *unit);

#endif
