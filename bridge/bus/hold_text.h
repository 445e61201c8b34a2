// SPDX-License-Identifier: MIT
// How a hold is told to people: its entries, what is held, what ends it. Texts are cut when
// they are too long. Pure, any thread.
#ifndef BUS_HOLD_TEXT_H
#define BUS_HOLD_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "bus/job.h"
#include "model/map.h"
#include "model/message.h"
#include "model/site.h"
#include "registers/image.h"

// "setpoint (holding 40149), ramp (holding 40151)": what is held, or what is left of it.
void hold_text_names(const struct device *device, const struct hold_end *end, char *ret_text,
                     size_t size);

// "setpoint = 5000 W, ramp = 3": what the frame of a hold writes, which `action` sends for the
// command. Without its value an entry that is written with a sensitive argument, and one whose
// value is not known, as its scale is not.
void hold_text_values(const struct image *image, const struct command *command,
                      const struct job_action *action, int64_t now_ms, char *ret_text,
                      size_t size);

// "setpoint = 0": what is written when it is over.
void hold_text_ends(const struct map *map, const struct hold_end *end, char *ret_text,
                    size_t size);

#endif
