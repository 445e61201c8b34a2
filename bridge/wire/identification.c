// SPDX-License-Identifier: MIT
#include "wire/identification.h"

#include <assert.h>
#include <string.h>

#include "wire/bytes.h"

enum {
    MEI_TYPE = 14,
    RESPONSE_PREFIX = 3,   // function, MEI type, code
    OBJECT_HEADER = 2,     // id, length
    MORE_FOLLOWS = 0xFF,   // 0: this was all
    FIRST_EXTENDED = 0x80, // objects from here on are the vendor's own
    FIRST_REGULAR = 3,
    AT_CONFORMITY = 0, // places in the bytes behind the code
    AT_MORE = 1,
    AT_NEXT = 2,
    AT_COUNT = 3,
};

_Static_assert(RESPONSE_PREFIX + MAX_IDENTIFICATION_BYTES == MAX_PDU,
               "an answer holds all that a PDU can bring");

static uint8_t code_of(const struct request *request)
{
    return (uint8_t)(request->address >> 8);
}

struct request identification_request(uint8_t unit_id, enum identification_code code,
                                      uint8_t object)
{
    return (struct request){
        .unit_id = unit_id,
        .function = FUNCTION_READ_IDENTIFICATION,
        .address = (uint16_t)((unsigned)code << 8 | object),
        .count = 1,
    };
}

bool identification_is_valid_request(const struct request *request)
{
    uint8_t code = code_of(request);
    return request->count == 1 && code >= IDENTIFICATION_BASIC && code <= IDENTIFICATION_ONE;
}

size_t identification_build_request(const struct request *request, uint8_t ret_pdu[MAX_PDU])
{
    ret_pdu[0] = request->function;
    ret_pdu[1] = MEI_TYPE;
    bytes_put_16(ret_pdu + 2, request->address);
    return IDENTIFICATION_REQUEST_SIZE;
}

uint8_t identification_parse_request(const uint8_t *pdu, size_t length, struct request *request)
{
    if (length < 2 || pdu[1] != MEI_TYPE)
        return EXCEPTION_ILLEGAL_FUNCTION;
    if (length != IDENTIFICATION_REQUEST_SIZE)
        return EXCEPTION_ILLEGAL_VALUE;
    request->address = bytes_get_16(pdu + 2);
    request->count = 1;
    return identification_is_valid_request(request) ? 0 : EXCEPTION_ILLEGAL_VALUE;
}

// How long a list of `count` objects is that begins at `at`; 0: more bytes are needed to tell.
static size_t list_end(const uint8_t *bytes, size_t length, size_t at, uint8_t count)
{
    for (uint8_t i = 0; i < count; i++) {
        if (at + OBJECT_HEADER > length)
            return 0;
        at += (size_t)OBJECT_HEADER + bytes[at + 1];
    }
    return at;
}

size_t identification_request_length(const uint8_t *pdu, size_t length)
{
    if (length < 2)
        return 0;
    return pdu[1] == MEI_TYPE ? (size_t)IDENTIFICATION_REQUEST_SIZE : PDU_UNKNOWN;
}

size_t identification_response_length(const uint8_t *pdu, size_t length)
{
    enum { HEADER = RESPONSE_PREFIX + IDENTIFICATION_HEADER };
    if (length >= 2 && pdu[1] != MEI_TYPE)
        return PDU_UNKNOWN;
    if (length < HEADER)
        return 0;
    size_t end = list_end(pdu, length, HEADER, pdu[RESPONSE_PREFIX + AT_COUNT]);
    if (end == 0)
        return length < MAX_PDU ? 0 : PDU_UNKNOWN;
    return end <= MAX_PDU ? end : PDU_UNKNOWN;
}

const char *identification_check_response(const struct request *request, const uint8_t *pdu,
                                          size_t length)
{
    size_t announced = identification_response_length(pdu, length);
    if (announced == PDU_UNKNOWN || announced == 0 || announced != length)
        return "the list of objects is not as long as the answer";
    if (pdu[2] != code_of(request))
        return "the identification is of another kind than was asked for";
    return NULL;
}

void identification_parse_response(const uint8_t *pdu, size_t length, struct answer *ret_answer)
{
    ret_answer->count = (uint16_t)(length - RESPONSE_PREFIX);
    const uint8_t *bytes = pdu + RESPONSE_PREFIX;
    for (size_t i = 0; i < ret_answer->count; i += 2) {
        uint8_t low = i + 1 < ret_answer->count ? bytes[i + 1] : 0;
        ret_answer->words[i / 2] = (uint16_t)(bytes[i] << 8 | low);
    }
}

static void unpack_bytes(const struct answer *answer, uint8_t *ret_bytes)
{
    for (size_t i = 0; i < answer->count; i++)
        ret_bytes[i] = (uint8_t)(answer->words[i / 2] >> (i % 2 ? 0 : 8));
}

size_t identification_build_response(const struct request *request, const struct answer *answer,
                                     uint8_t ret_pdu[MAX_PDU])
{
    assert(answer->count <= MAX_IDENTIFICATION_BYTES);
    ret_pdu[0] = request->function;
    ret_pdu[1] = MEI_TYPE;
    ret_pdu[2] = code_of(request);
    unpack_bytes(answer, ret_pdu + RESPONSE_PREFIX);
    return (size_t)RESPONSE_PREFIX + answer->count;
}

bool identification_unpack(const struct answer *answer,
                           struct identification *ret_identification)
{
    struct identification *list = ret_identification;
    if (answer->count < IDENTIFICATION_HEADER || answer->count > MAX_IDENTIFICATION_BYTES)
        return false;
    unpack_bytes(answer, list->bytes);
    uint8_t count = list->bytes[AT_COUNT];
    if (list_end(list->bytes, answer->count, IDENTIFICATION_HEADER, count) != answer->count)
        return false;
    list->conformity = list->bytes[AT_CONFORMITY];
    list->more_follows = list->bytes[AT_MORE] == MORE_FOLLOWS;
    list->next_object = list->bytes[AT_NEXT];
    list->object_count = count;
    size_t at = IDENTIFICATION_HEADER;
    for (size_t i = 0; i < count; i++) {
        list->objects[i] = (struct identification_object){list->bytes[at], list->bytes[at + 1],
                                                          list->bytes + at + OBJECT_HEADER};
        at += (size_t)OBJECT_HEADER + list->objects[i].length;
    }
    return true;
}

// The first object that a code does not cover.
static int end_of(uint8_t code)
{
    if (code == IDENTIFICATION_BASIC)
        return FIRST_REGULAR;
    return code == IDENTIFICATION_REGULAR ? FIRST_EXTENDED : UINT8_MAX + 1;
}

static size_t find_object(const struct identification_object *objects, size_t count, uint8_t id)
{
    size_t i = 0;
    while (i < count && objects[i].id != id)
        i++;
    return i;
}

static size_t put_object(uint8_t *bytes, size_t used,
                         const struct identification_object *object)
{
    bytes[used] = object->id;
    bytes[used + 1] = object->length;
    memcpy(bytes + used + OBJECT_HEADER, object->bytes, object->length);
    bytes[AT_COUNT]++;
    return used + OBJECT_HEADER + object->length;
}

// As many as one answer holds, from one object on. An object that no answer could hold is cut.
static size_t put_list(uint8_t *bytes, size_t used, uint8_t code,
                       const struct identification_object *objects, size_t count, size_t first)
{
    enum { LONGEST = MAX_IDENTIFICATION_BYTES - IDENTIFICATION_HEADER - OBJECT_HEADER };
    for (size_t i = first; i < count && objects[i].id < end_of(code); i++) {
        struct identification_object object = objects[i];
        if (object.length > LONGEST)
            object.length = LONGEST;
        if (used + OBJECT_HEADER + object.length > MAX_IDENTIFICATION_BYTES) {
            bytes[AT_MORE] = MORE_FOLLOWS;
            bytes[AT_NEXT] = object.id;
            break;
        }
        used = put_object(bytes, used, &object);
        if (code == IDENTIFICATION_ONE)
            break;
    }
    return used;
}

static uint8_t conformity_of(const struct identification_object *objects, size_t count)
{
    uint8_t highest = count ? objects[count - 1].id : 0;
    uint8_t code = highest >= FIRST_EXTENDED  ? IDENTIFICATION_EXTENDED
                   : highest >= FIRST_REGULAR ? IDENTIFICATION_REGULAR
                                              : IDENTIFICATION_BASIC;
    return code | IDENTIFICATION_ADDRESSABLE;
}

void identification_answer(const struct request *request,
                           const struct identification_object *objects, size_t count,
                           struct answer *ret_answer)
{
    uint8_t pdu[MAX_PDU] = {0};
    uint8_t *bytes = pdu + RESPONSE_PREFIX;
    uint8_t code = code_of(request);
    size_t first = find_object(objects, count, (uint8_t)request->address);
    *ret_answer = (struct answer){0};
    if (first == count && code == IDENTIFICATION_ONE) {
        ret_answer->exception = EXCEPTION_ILLEGAL_ADDRESS;
        return;
    }
    // A list is begun anew when it was to begin with an object that is not there or not of it.
    if (first == count || (code != IDENTIFICATION_ONE && objects[first].id >= end_of(code)))
        first = 0;
    bytes[AT_CONFORMITY] = conformity_of(objects, count);
    size_t used = put_list(bytes, IDENTIFICATION_HEADER, code, objects, count, first);
    identification_parse_response(pdu, RESPONSE_PREFIX + used, ret_answer);
}
