// SPDX-License-Identifier: MIT
#include "wire/pdu.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "wire/bytes.h"
#include "wire/identification.h"

enum {
    PLAIN_SIZE = 5,          // function, address, count or value
    EXCEPTION_SIZE = 2,      // function, code
    WRITE_HEADER_SIZE = 6,   // function, address, quantity, byte count
    READ_HEADER_SIZE = 2,    // function, byte count
    SINGLE_COIL_ON = 0xFF00, // section 6.5; off is 0, all else is an error
    ADDRESSES = 65536,
};

static const struct pdu_function functions[] = {
    {.function = FUNCTION_READ_COILS, .table = TABLE_COIL, .max_count = MAX_READ_BITS},
    {.function = FUNCTION_READ_DISCRETE_INPUTS,
     .table = TABLE_DISCRETE,
     .max_count = MAX_READ_BITS},
    {.function = FUNCTION_READ_HOLDING_REGISTERS,
     .table = TABLE_HOLDING,
     .max_count = MAX_READ_REGISTERS},
    {.function = FUNCTION_READ_INPUT_REGISTERS,
     .table = TABLE_INPUT,
     .max_count = MAX_READ_REGISTERS},
    {.function = FUNCTION_WRITE_SINGLE_COIL,
     .table = TABLE_COIL,
     .is_write = true,
     .is_single = true,
     .max_count = 1},
    {.function = FUNCTION_WRITE_SINGLE_REGISTER,
     .table = TABLE_HOLDING,
     .is_write = true,
     .is_single = true,
     .max_count = 1},
    {.function = FUNCTION_WRITE_MULTIPLE_COILS,
     .table = TABLE_COIL,
     .is_write = true,
     .max_count = MAX_WRITE_BITS},
    {.function = FUNCTION_WRITE_MULTIPLE_REGISTERS,
     .table = TABLE_HOLDING,
     .is_write = true,
     .max_count = MAX_WRITE_REGISTERS},
    {.function = FUNCTION_READ_IDENTIFICATION,
     .table = TABLE_COUNT,
     .is_list = true,
     .max_count = 1},
};

const struct pdu_function *pdu_find_function(uint8_t function)
{
    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++) {
        if (functions[i].function == function)
            return &functions[i];
    }
    return NULL;
}

uint8_t pdu_read_function(enum table table)
{
    size_t i = 0;
    while (functions[i].is_write || functions[i].table != table)
        i++;
    return functions[i].function;
}

uint8_t pdu_write_function(enum table table, uint16_t count, enum write_function preference)
{
    bool single = preference == WRITE_SINGLE || (preference == WRITE_AUTO && count == 1);
    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++) {
        const struct pdu_function *row = &functions[i];
        if (row->is_write && row->table == table && row->is_single == single && count >= 1 &&
            count <= row->max_count)
            return row->function;
    }
    return 0;
}

bool pdu_is_valid_request(const struct request *request)
{
    const struct pdu_function *row = pdu_find_function(request->function);
    if (row && row->is_list)
        return identification_is_valid_request(request);
    return row && request->count >= 1 && request->count <= row->max_count &&
           request->address + request->count <= ADDRESSES;
}

// Bytes that hold `count` registers or bits.
static size_t data_size(const struct pdu_function *row, uint16_t count)
{
    return table_is_bits(row->table) ? (count + 7U) / 8U : count * 2U;
}

size_t pdu_answer_words(const struct request *request, const struct answer *answer)
{
    const struct pdu_function *row = pdu_find_function(request->function);
    assert(row);
    if (answer->exception || row->is_write)
        return 0;
    if (row->is_list)
        return (answer->count + 1U) / 2U;
    return table_is_bits(row->table) ? (answer->count + 15U) / 16U : answer->count;
}

size_t pdu_request_size(const struct request *request)
{
    const struct pdu_function *row = pdu_find_function(request->function);
    assert(row);
    if (row->is_list)
        return IDENTIFICATION_REQUEST_SIZE;
    if (!row->is_write || row->is_single)
        return PLAIN_SIZE;
    return WRITE_HEADER_SIZE + data_size(row, request->count);
}

size_t pdu_response_size(const struct request *request)
{
    const struct pdu_function *row = pdu_find_function(request->function);
    assert(row);
    if (row->is_list)
        return MAX_PDU;
    return row->is_write ? (size_t)PLAIN_SIZE
                         : READ_HEADER_SIZE + data_size(row, request->count);
}

static void put_words(const struct pdu_function *row, uint16_t count, const uint16_t *words,
                      uint8_t *ret_data)
{
    size_t size = data_size(row, count);
    if (!table_is_bits(row->table)) {
        for (size_t i = 0; i < count; i++)
            bytes_put_16(ret_data + 2 * i, words[i]);
        return;
    }
    for (size_t i = 0; i < size; i++)
        ret_data[i] = (uint8_t)(words[i / 2] >> (i % 2 * 8));
    // Section 6.11 fills the unused bits with zeros; devices exist that refuse anything else.
    if (count % 8)
        ret_data[size - 1] &= (uint8_t)((1U << count % 8) - 1);
}

static void get_words(const struct pdu_function *row, uint16_t count, const uint8_t *data,
                      uint16_t *ret_words)
{
    if (!table_is_bits(row->table)) {
        for (size_t i = 0; i < count; i++)
            ret_words[i] = bytes_get_16(data + 2 * i);
        return;
    }
    size_t size = data_size(row, count);
    memset(ret_words, 0, (count + 15U) / 16U * sizeof *ret_words);
    for (size_t i = 0; i < size; i++)
        ret_words[i / 2] |= (uint16_t)(data[i] << (i % 2 * 8));
    if (count % 16)
        ret_words[count / 16] &= (uint16_t)((1U << count % 16) - 1);
}

// The value field of functions 5 and 6.
static uint16_t single_value(const struct pdu_function *row, uint16_t word)
{
    if (!table_is_bits(row->table))
        return word;
    return word & 1 ? SINGLE_COIL_ON : 0;
}

size_t pdu_build_request(const struct request *request, uint8_t ret_pdu[MAX_PDU])
{
    const struct pdu_function *row = pdu_find_function(request->function);
    if (!row || !pdu_is_valid_request(request))
        return 0;
    if (row->is_list)
        return identification_build_request(request, ret_pdu);
    ret_pdu[0] = request->function;
    bytes_put_16(ret_pdu + 1, request->address);
    bytes_put_16(ret_pdu + 3,
                 row->is_single ? single_value(row, request->words[0]) : request->count);
    if (row->is_write && !row->is_single) {
        ret_pdu[5] = (uint8_t)data_size(row, request->count);
        put_words(row, request->count, request->words, ret_pdu + WRITE_HEADER_SIZE);
    }
    return pdu_request_size(request);
}

static const char *check_response(const struct request *request, const struct pdu_function *row,
                                  const uint8_t *pdu, size_t length)
{
    if (length < EXCEPTION_SIZE)
        return "the answer has no content";
    if (pdu[0] == (request->function | FUNCTION_ERROR)) {
        if (length != EXCEPTION_SIZE)
            return "an exception of the wrong length";
        return pdu[1] ? NULL : "an exception with code 0";
    }
    if (pdu[0] != request->function)
        return "the answer is to another function";
    if (row->is_list)
        return identification_check_response(request, pdu, length);
    if (length != pdu_response_size(request))
        return "the answer has the wrong length for what was asked";
    if (!row->is_write)
        return pdu[1] == length - READ_HEADER_SIZE ? NULL
                                                   : "the byte count is not what was asked";
    if (bytes_get_16(pdu + 1) != request->address)
        return "the write was acknowledged for another address";
    uint16_t echo = row->is_single ? single_value(row, request->words[0]) : request->count;
    if (bytes_get_16(pdu + 3) != echo)
        return row->is_single ? "the write was acknowledged with another value"
                              : "the write was acknowledged with another quantity";
    return NULL;
}

bool pdu_parse_response(const struct request *request, const uint8_t *pdu, size_t length,
                        struct answer *ret_answer, const char **ret_problem)
{
    const struct pdu_function *row = pdu_find_function(request->function);
    assert(row);
    const char *problem = check_response(request, row, pdu, length);
    if (problem) {
        *ret_problem = problem;
        return false;
    }
    if (pdu[0] != request->function) {
        ret_answer->exception = pdu[1];
        ret_answer->count = 0;
        return true;
    }
    ret_answer->exception = 0;
    ret_answer->count = request->count;
    if (row->is_list)
        identification_parse_response(pdu, length, ret_answer);
    else if (!row->is_write)
        get_words(row, request->count, pdu + READ_HEADER_SIZE, ret_answer->words);
    return true;
}

// The value or the quantity, and the data, of a write request.
static uint8_t parse_write(const struct pdu_function *row, const uint8_t *pdu, size_t length,
                           struct request *request)
{
    uint16_t field = bytes_get_16(pdu + 3);
    if (row->is_single) {
        if (table_is_bits(row->table) && field != 0 && field != SINGLE_COIL_ON)
            return EXCEPTION_ILLEGAL_VALUE;
        request->count = 1;
        request->words[0] = table_is_bits(row->table) ? field != 0 : field;
        return 0;
    }
    if (field < 1 || field > row->max_count || pdu[5] != data_size(row, field) ||
        length != WRITE_HEADER_SIZE + data_size(row, field))
        return EXCEPTION_ILLEGAL_VALUE;
    request->count = field;
    get_words(row, field, pdu + WRITE_HEADER_SIZE, request->words);
    return 0;
}

uint8_t pdu_parse_request(uint8_t unit_id, const uint8_t *pdu, size_t length,
                          struct request *ret_request)
{
    assert(length >= 1);
    struct request request = {.unit_id = unit_id, .function = pdu[0]};
    ret_request->unit_id = unit_id;
    ret_request->function = pdu[0];
    const struct pdu_function *row = pdu_find_function(pdu[0]);
    if (!row)
        return EXCEPTION_ILLEGAL_FUNCTION;
    if (row->is_list) {
        uint8_t exception = identification_parse_request(pdu, length, &request);
        if (!exception)
            *ret_request = request;
        return exception;
    }
    bool plain = !row->is_write || row->is_single;
    if (plain ? length != PLAIN_SIZE : length < WRITE_HEADER_SIZE)
        return EXCEPTION_ILLEGAL_VALUE;
    request.address = bytes_get_16(pdu + 1);
    request.count = bytes_get_16(pdu + 3);
    if (row->is_write) {
        uint8_t exception = parse_write(row, pdu, length, &request);
        if (exception)
            return exception;
    }
    // Quantity before address: the order of the state diagrams of section 6.
    if (request.count < 1 || request.count > row->max_count)
        return EXCEPTION_ILLEGAL_VALUE;
    if (request.address + request.count > ADDRESSES)
        return EXCEPTION_ILLEGAL_ADDRESS;
    *ret_request = request;
    return 0;
}

size_t pdu_build_response(const struct request *request, const struct answer *answer,
                          uint8_t ret_pdu[MAX_PDU])
{
    const struct pdu_function *row = pdu_find_function(request->function);
    if (answer->exception) {
        ret_pdu[0] = request->function | FUNCTION_ERROR;
        ret_pdu[1] = answer->exception;
        return EXCEPTION_SIZE;
    }
    assert(row);
    assert(pdu_is_valid_request(request));
    if (row->is_list)
        return identification_build_response(request, answer, ret_pdu);
    ret_pdu[0] = request->function;
    if (row->is_write) {
        bytes_put_16(ret_pdu + 1, request->address);
        bytes_put_16(ret_pdu + 3,
                     row->is_single ? single_value(row, request->words[0]) : request->count);
    } else {
        ret_pdu[1] = (uint8_t)data_size(row, request->count);
        put_words(row, request->count, answer->words, ret_pdu + READ_HEADER_SIZE);
    }
    return pdu_response_size(request);
}

size_t pdu_request_length(const uint8_t *pdu, size_t length)
{
    if (length < 1)
        return 0;
    const struct pdu_function *row = pdu_find_function(pdu[0]);
    if (!row)
        return PDU_UNKNOWN;
    if (row->is_list)
        return identification_request_length(pdu, length);
    if (!row->is_write || row->is_single)
        return PLAIN_SIZE;
    if (length < WRITE_HEADER_SIZE)
        return 0;
    size_t whole = (size_t)WRITE_HEADER_SIZE + pdu[5];
    return whole <= MAX_PDU ? whole : PDU_UNKNOWN;
}

size_t pdu_response_length(const uint8_t *pdu, size_t length)
{
    if (length < 1)
        return 0;
    if (pdu[0] & FUNCTION_ERROR)
        return EXCEPTION_SIZE;
    const struct pdu_function *row = pdu_find_function(pdu[0]);
    if (!row)
        return PDU_UNKNOWN;
    if (row->is_list)
        return identification_response_length(pdu, length);
    if (row->is_write)
        return PLAIN_SIZE;
    if (length < READ_HEADER_SIZE)
        return 0;
    bool odd = !table_is_bits(row->table) && pdu[1] % 2;
    if (pdu[1] == 0 || odd || pdu[1] > MAX_PDU - READ_HEADER_SIZE)
        return PDU_UNKNOWN;
    return (size_t)READ_HEADER_SIZE + pdu[1];
}
