// SPDX-License-Identifier: MIT
// Asking a unit what it is: its device identification (function 43), then its SunSpec models
// and what the common one says. Pure: it says what to ask and takes the answer. One owner.
#ifndef BUS_INTERVIEW_H
#define BUS_INTERVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/message.h"
#include "registers/sunspec.h"
#include "wire/identification.h"

enum {
    MAX_ACCOUNT_TEXTS = 40,
    ACCOUNT_TEXT_SIZE = 260, // longest text of an answer
    SUNSPEC_TEXT_SIZE = 100, // 16 registers, a replacement for each byte
};

struct account_text {
    uint8_t id;                   // of the object
    char text[ACCOUNT_TEXT_SIZE]; // UTF-8 without control characters; never ""
};

// What a unit says of itself.
struct account {
    struct account_text texts[MAX_ACCOUNT_TEXTS]; // in the order of their ids
    size_t text_count;
    bool has_sunspec;
    struct sunspec_chain chain;
    char manufacturer[SUNSPEC_TEXT_SIZE]; // of the common model; "": it does not say
    char model[SUNSPEC_TEXT_SIZE];
    char options[SUNSPEC_TEXT_SIZE];
    char version[SUNSPEC_TEXT_SIZE];
    char serial[SUNSPEC_TEXT_SIZE];
};

enum interview_stage {
    INTERVIEW_IDENTIFICATION,
    INTERVIEW_SUNSPEC,
    INTERVIEW_COMMON,
    INTERVIEW_OVER,
};

struct interview {
    enum interview_stage stage;
    struct request request; // what to ask; not INTERVIEW_OVER
    unsigned parts;         // answers with texts so far
    unsigned silences;      // of this question
    struct sunspec_walk walk;
    struct account account;
};

// The first question is interview->request.
void interview_begin(struct interview *interview, uint8_t unit_id);

// Takes the outcome of the request; `answer` is looked at for FAULT_NONE and FAULT_EXCEPTION.
// Silence is asked again once - but not where it is the second place that is looked at for a
// chain - and then passed over like a refusal: some devices say nothing to what they do not
// know.
void interview_take(struct interview *interview, enum fault fault, const struct answer *answer);

// The text with this number, or NULL.
const char *account_find(const struct account *account, uint8_t id);

// The name of a numbered text ("vendor_name"), or NULL. Source: Modbus Application Protocol
// V1.1b3, section 6.21.
const char *account_text_name(uint8_t id);

// Who made it, as it says; NULL: it does not.
const char *account_vendor(const struct account *account);

#endif
