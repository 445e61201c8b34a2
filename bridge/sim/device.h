// SPDX-License-Identifier: MIT
// One simulated device: answers requests from its bank and lives by the rules of its map. Time
// is an argument. One owner, one thread.
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/simulation.h"
#include "sim/entries.h"
#include "wire/pdu.h"

struct sim_device;

// What it is made from; everything must outlive the device.
struct sim_device_settings {
    const struct map *map;
    const struct modbus_settings *modbus;
    int unit_id;                       // NO_INDEX: it answers to every unit id
    const struct device_values *given; // over the map's own, and no noise then; NULL: none
    uint32_t seed;                     // of its noise
    int index;                         // among all devices that are simulated
};

// Fails (ERROR_CONFIG) when a given value does not fit its entry. The caller owns the device.
int sim_device_new(const struct sim_device_settings *settings, int64_t now_ms,
                   struct sim_device **ret_device, struct error *err);
void sim_device_free(struct sim_device *device);

// Its place among all devices that are simulated, as the settings told it.
int sim_device_index(const struct sim_device *device);
struct entries *sim_device_entries(struct sim_device *device);

// Whether it, or equipment behind it, has this unit id.
bool sim_device_has_unit(const struct sim_device *device, uint8_t unit_id);

// Whether it answers to unit ids that nobody on the line has.
bool sim_device_has_any_unit(const struct sim_device *device);

// The answer to a request PDU (Modbus Application Protocol V1.1b3, section 6). Returns its
// length; 0 when the device stays silent.
size_t sim_device_answer(struct sim_device *device, uint8_t unit_id, const uint8_t *pdu,
                         size_t length, int64_t now_ms, uint8_t ret_pdu[MAX_PDU]);

// Does what is due, and says when there is something to do next (BEHAVIOUR_IDLE: nothing).
void sim_device_step(struct sim_device *device, int64_t now_ms);
int64_t sim_device_next(const struct sim_device *device);

// Whether a rule silenced it, as while it restarts.
bool sim_device_is_away(const struct sim_device *device, int64_t now_ms);

// Whether a rule asked, since the last call, that its connections be closed.
bool sim_device_take_close(struct sim_device *device);

#endif
