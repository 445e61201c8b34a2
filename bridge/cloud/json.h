// SPDX-License-Identifier: MIT
// Values as JSON, beside what base/json.h has. Made for payloads: what is printed is the value
// as published, digit for digit. Any thread; a json_t belongs to one thread.
#ifndef CLOUD_JSON_H
#define CLOUD_JSON_H

#include "base/json.h"
#include "model/point.h"
#include "model/value.h"

// A new JSON value, or NULL when the value is unknown or absent, or an integer beyond 64 bits
// signed, which readers of JSON take for a real with other digits. Reals are printed by
// json_print with the decimals they were rounded to, 32-bit floats as the shortest text that
// reads back as the same float. Event codes become a list of texts ("0x108A").
json_t *json_from_value(const struct value *value);

// As json_from_value, in the type the entry is published as: the cloud drops values of another
// type than declared. NULL also when the value cannot be of that type.
json_t *json_from_published(const struct value *value, enum publish publish);

#endif
