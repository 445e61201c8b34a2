// SPDX-License-Identifier: MIT
// One command of a map: its arguments and the steps it is made of. Const after load, any
// thread.
#ifndef MODEL_COMMAND_H
#define MODEL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/point.h"

enum argument_type {
    ARGUMENT_STRING,
    ARGUMENT_INTEGER,
    ARGUMENT_FLOAT,
    ARGUMENT_BOOLEAN,
    ARGUMENT_DURATION, // a number of seconds
    ARGUMENT_TYPE_COUNT,
};

enum {
    MAX_ARGUMENTS = 32,
    MAX_STEP_DEPTH = 4, // try inside try
};

struct argument {
    const char *key;
    const char *display_name;
    const char *description;
    const char *unit;
    struct position at;
    enum argument_type type;
    const char *const *choices; // enum: the texts allowed; NULL: any
    size_t choice_count;
    const struct formula *min; // over constants and registers; NULL: none
    const struct formula *max;
    bool required;
    struct value initial; // default; VALUE_UNKNOWN when there is none
    bool sensitive;
    int target; // entry it is written to as it stands, whose steps it is rounded to; or
                // NO_INDEX
};

// A text with formulas in braces: "register {config_invalid_holding} was rejected".
struct text_piece {
    const char *text;              // literal, or NULL
    const struct formula *formula; // when text is NULL
};

struct text_template {
    const struct text_piece *pieces;
    size_t count;
};

struct assignment {
    int point; // index of the written entry
    const struct formula *value;
};

enum step_kind {
    STEP_WRITE,
    STEP_VERIFY, // reads back what an earlier step wrote (inside a procedure, after its end)
    STEP_WAIT,
    STEP_REQUIRE,
    STEP_EXPECT,
    STEP_TRY,
    STEP_LOG,
    STEP_RECONNECT,
    STEP_KIND_COUNT,
};

struct step {
    enum step_kind kind;
    struct position at;
    const struct formula *when; // NULL: always

    const struct assignment *writes; // write, verify: ascending addresses; one frame
    size_t write_count;
    bool verify;       // read back after the write
    int64_t within_ms; // expect: how long it may take; write, verify: until it must read back
    int64_t hold_every_ms;          // hold: re-sent at this period; 0: no hold
    const struct formula *hold_for; // seconds
    const struct assignment *hold_then;
    size_t hold_then_count;

    const struct formula *condition;       // require, expect
    const struct text_template *otherwise; // require, expect: what to say instead; or NULL
    const struct text_template *text;      // log

    int64_t duration_ms; // wait, reconnect

    const struct step *steps; // try
    size_t step_count;
    const struct step *on_failure;
    size_t on_failure_count;
};

struct result_field {
    const char *key;
    const struct formula *value;
};

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_COUNT };

struct command {
    const char *key;
    const char *display_name;
    const char *description;
    const char *group; // NULL: "control"
    struct position at;
    const struct argument *arguments;
    size_t argument_count;
    const struct step *steps;
    size_t step_count;
    const struct result_field
        *results; // result:, or by default every readable register written
    size_t result_count;
    int64_t timeout_ms;
    bool has_confirmation;
    enum severity confirmation_severity;
    const char *confirmation_title;
    const char *confirmation_description;
    int set_point;             // set: shorthand: the entry, else NO_INDEX
    const char *populate_from; // key of the command that says what the arguments are now (its
                               // reading twin), or NULL
};

#endif
