// SPDX-License-Identifier: MIT
// "Read device identification": who made the device and what it calls itself, a list of
// numbered texts. Function 43 with MEI type 14, for both ends. Pure, any thread. Source: Modbus
// Application Protocol Specification V1.1b3, section 6.21.
//
// As struct request: `address` is the code (what is asked for) in the high byte and the object
// to begin with in the low byte, `count` is 1. As struct answer: `count` is the number of bytes
// behind the code, packed in `words`, the first one in the high byte.
#ifndef WIRE_IDENTIFICATION_H
#define WIRE_IDENTIFICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/pdu.h"

// What is asked for.
enum identification_code {
    IDENTIFICATION_BASIC = 1,    // objects 0 to 2, as a list
    IDENTIFICATION_REGULAR = 2,  // and those to 0x7F
    IDENTIFICATION_EXTENDED = 3, // and those to 0xFF
    IDENTIFICATION_ONE = 4,      // a single object
};

enum identification_id {
    IDENTIFICATION_VENDOR_NAME,
    IDENTIFICATION_PRODUCT_CODE,
    IDENTIFICATION_REVISION,
    IDENTIFICATION_VENDOR_URL,
    IDENTIFICATION_PRODUCT_NAME,
    IDENTIFICATION_MODEL_NAME,
    IDENTIFICATION_APPLICATION_NAME,
    IDENTIFICATION_NAME_COUNT, // further objects have no name
};

enum {
    IDENTIFICATION_REQUEST_SIZE = 4,                   // function, MEI type, code, object
    MAX_IDENTIFICATION_BYTES = 2 * MAX_READ_REGISTERS, // behind the code: exactly what fits
    IDENTIFICATION_HEADER = 4, // of these: conformity, more follows, next object, count
    MAX_IDENTIFICATION_OBJECTS = (MAX_IDENTIFICATION_BYTES - IDENTIFICATION_HEADER) / 2,
    IDENTIFICATION_ADDRESSABLE = 0x80, // in the conformity: single objects can be asked for
};

struct identification_object {
    uint8_t id;
    uint8_t length;
    const uint8_t *bytes; // not NUL-terminated, of no known encoding
};

// What one answer says. It may not be copied: the objects point into it.
struct identification {
    uint8_t conformity; // the highest code that is answered, and IDENTIFICATION_ADDRESSABLE
    bool more_follows;
    uint8_t next_object; // to begin the next request with
    size_t object_count;
    struct identification_object objects[MAX_IDENTIFICATION_OBJECTS];
    uint8_t bytes[MAX_IDENTIFICATION_BYTES];
};

// Asks a unit for the objects of a category from `object` on.
struct request identification_request(uint8_t unit_id, enum identification_code code,
                                      uint8_t object);

// Takes a granted answer apart. False: what its words hold is no list of objects, which cannot
// be when it came through frame_match.
bool identification_unpack(const struct answer *answer,
                           struct identification *ret_identification);

// The server's side: answers a parsed request from all its objects, in the order of their ids:
// as many as one answer holds, or an exception.
void identification_answer(const struct request *request,
                           const struct identification_object *objects, size_t count,
                           struct answer *ret_answer);

// For wire/pdu, which knows this function by its row: see there.
bool identification_is_valid_request(const struct request *request);
size_t identification_build_request(const struct request *request, uint8_t ret_pdu[MAX_PDU]);
uint8_t identification_parse_request(const uint8_t *pdu, size_t length,
                                     struct request *request);
size_t identification_build_response(const struct request *request, const struct answer *answer,
                                     uint8_t ret_pdu[MAX_PDU]);
// NULL, or what is wrong with a response to this request that is no exception.
const char *identification_check_response(const struct request *request, const uint8_t *pdu,
                                          size_t length);
void identification_parse_response(const uint8_t *pdu, size_t length,
                                   struct answer *ret_answer);
size_t identification_request_length(const uint8_t *pdu, size_t length);
size_t identification_response_length(const uint8_t *pdu, size_t length);

#endif
