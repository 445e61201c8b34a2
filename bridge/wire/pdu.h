// SPDX-License-Identifier: MIT
// The part of a frame that is the same on every line: function code and data. Built and parsed
// for both ends: the bridge asks, the simulator and the shared-bus door answer. Pure, any
// thread. Source: Modbus Application Protocol Specification V1.1b3, sections 4 to 7.
#ifndef WIRE_PDU_H
#define WIRE_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/message.h"
#include "model/point.h"

enum {
    MAX_PDU = 253, // section 4.1
    FUNCTION_READ_COILS = 1,
    FUNCTION_READ_DISCRETE_INPUTS = 2,
    FUNCTION_READ_HOLDING_REGISTERS = 3,
    FUNCTION_READ_INPUT_REGISTERS = 4,
    FUNCTION_WRITE_SINGLE_COIL = 5,
    FUNCTION_WRITE_SINGLE_REGISTER = 6,
    FUNCTION_WRITE_MULTIPLE_COILS = 15,
    FUNCTION_WRITE_MULTIPLE_REGISTERS = 16,
    FUNCTION_READ_IDENTIFICATION = 43, // with MEI type 14: wire/identification
    FUNCTION_ERROR = 0x80,             // added to the function code of an exception
    EXCEPTION_ILLEGAL_FUNCTION = 1,
    EXCEPTION_ILLEGAL_ADDRESS = 2,
    EXCEPTION_ILLEGAL_VALUE = 3,
    EXCEPTION_BUSY = 6,
    EXCEPTION_NO_PATH = 10,   // a gateway's word: the line behind it is not there
    EXCEPTION_NO_ANSWER = 11, // ... the unit does not answer
};

// What pdu_request_length and pdu_response_length say of bytes that begin no PDU they know.
#define PDU_UNKNOWN SIZE_MAX

// One question to one unit. What the fields mean for function 43: wire/identification.h.
struct request {
    uint8_t unit_id;
    uint8_t function;
    uint16_t address;
    uint16_t count;                     // registers or bits; 1 for functions 5, 6 and 43
    uint16_t words[MAX_READ_REGISTERS]; // to write: registers; bits packed 16 a word, lowest
                                        // first
};

// What the unit said.
struct answer {
    uint8_t exception;                  // 0: none
    uint16_t count;                     // registers or bits read, or written; bytes of a list
    uint16_t words[MAX_READ_REGISTERS]; // of a read, as in struct request; a bit beyond `count`
                                        // is 0
};

// What a function code does.
struct pdu_function {
    uint8_t function;
    enum table table;
    bool is_write;
    bool is_single; // writes exactly one; the answer repeats the request
    bool is_list;   // answers with a list of any length; it is of no table
    uint16_t max_count;
};

// The row of a function code, or NULL.
const struct pdu_function *pdu_find_function(uint8_t function);

// The function that reads a table.
uint8_t pdu_read_function(enum table table);

// The function that writes `count` registers or bits: single for one with WRITE_AUTO. 0 when
// the table cannot be written, or not that many with that function.
uint8_t pdu_write_function(enum table table, uint16_t count, enum write_function preference);

// Whether it can be asked at all: known function, count within its limits, no address above
// 65535.
bool pdu_is_valid_request(const struct request *request);

// How many words of an answer count for something; 0 for an exception and for a write.
size_t pdu_answer_words(const struct request *request, const struct answer *answer);

// Bytes of the request's PDU, and of the PDU that grants it: of a list the most it can have.
// Only for valid requests.
size_t pdu_request_size(const struct request *request);
size_t pdu_response_size(const struct request *request);

// Writes the request's PDU and returns its length; 0 when the request is not valid.
size_t pdu_build_request(const struct request *request, uint8_t ret_pdu[MAX_PDU]);

// Whether a response PDU answers the request: same function and the exact byte count of a read,
// the same address and value (or quantity) of a write; or an exception to it. False says in
// ret_problem what is wrong (a static text).
bool pdu_parse_response(const struct request *request, const uint8_t *pdu, size_t length,
                        struct answer *ret_answer, const char **ret_problem);

// The server's side: takes a request PDU apart. Returns 0, or the exception code to answer
// with; then only unit_id and function are written.
uint8_t pdu_parse_request(uint8_t unit_id, const uint8_t *pdu, size_t length,
                          struct request *ret_request);

// Writes the PDU that answers a parsed request: an exception when answer->exception is set. A
// function that is not in the table can only be answered with an exception. Returns the length.
size_t pdu_build_response(const struct request *request, const struct answer *answer,
                          uint8_t ret_pdu[MAX_PDU]);

// The whole length of a PDU as its first bytes announce it; 0: more bytes are needed to tell;
// PDU_UNKNOWN: no such function, or an impossible byte count.
size_t pdu_request_length(const uint8_t *pdu, size_t length);
size_t pdu_response_length(const uint8_t *pdu, size_t length);

#endif
