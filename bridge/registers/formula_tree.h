// SPDX-License-Identifier: MIT
// The inside of a formula: its tree as an array of nodes, operands before what combines them
// (so that it is evaluated in one pass with a stack and without recursion), and the table rows
// of operators and functions. Inside of formula.h.
#ifndef REGISTERS_FORMULA_TREE_H
#define REGISTERS_FORMULA_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registers/formula.h"

enum {
    MAX_FORMULA_BYTES = 2000,
    MAX_FORMULA_NODES = 200,
    MAX_FORMULA_NESTING = 32,
    MAX_PARAMETERS = 3,
    MAX_OPERANDS = 0x7FFF, // as `most`: any number
};

enum node_kind {
    NODE_CONSTANT,
    NODE_POINT,     // an entry's value
    NODE_POINT_RAW, // raw(name)
    NODE_OWN_RAW,   // raw
    NODE_ARGUMENT,
    NODE_NOW,   // index: a field of now.
    NODE_MODEL, // index: a SunSpec model of the map, 1..
    NODE_OPERATION,
    NODE_WORD, // only while parsing: a word that names nothing, perhaps a label
};

// Before the first node of a branch of if(): skips the branch when it is not the one taken.
struct guard {
    uint16_t end;   // the branch's last node
    uint8_t depth;  // where on the stack the condition is: 1 is the top; 0: no guard
    bool condition; // what it must be for the branch to be taken
};

struct node {
    enum node_kind kind;
    enum formula_type type;
    int index; // of the entry, the argument, the field of now. or the model
    uint16_t count;
    uint16_t start; // its first byte in the text
    bool is_named;  // NODE_CONSTANT: a parameter or the variable of a repeat
    struct guard guard;
    const struct operation *operation;
    struct value constant; // VALUE_UNKNOWN but for NODE_CONSTANT and NODE_WORD
};

struct formula {
    const char *text;
    const struct node *nodes;
    size_t node_count;
    enum formula_type type;
    bool is_integer;
    bool is_constant;
    struct value constant;
};

// What is known about a part that was parsed.
struct operand {
    enum formula_type type;
    bool is_integer;
    uint16_t first; // its nodes
    uint16_t last;
    uint16_t start; // its bytes in the text
    uint16_t end;
    const struct labels *labels; // when it is the name of something with labels or choices
    const char *const *choices;
    size_t choice_count;
    enum formula_type raw_type; // of raw(...) of it
    bool raw_is_integer;
};

// An operator, a parenthesis or a call that waits for its end.
struct open {
    const struct operator_row *operator_row; // NULL for the others
    const struct operation *function;        // NULL for the others
    uint16_t start;
    uint16_t operands; // how many operands there were before
};

// A formula while it is being parsed.
struct draft {
    struct arena *arena;
    const char *text;
    const struct formula_names *names;
    struct node nodes[MAX_FORMULA_NODES];
    size_t node_count;
    struct operand operands[MAX_FORMULA_NODES];
    size_t operand_count;
    struct open opens[MAX_FORMULA_NODES];
    size_t open_count;
    struct open called; // a function whose '(' comes next
    size_t nesting;
    size_t error_offset;
    struct error *err;
};

// Whether a number made of numbers is whole.
enum whole {
    WHOLE_NEVER,
    WHOLE_ALWAYS,
    WHOLE_OF_WHOLE,     // when all its numbers are
    WHOLE_WHEN_ROUNDED, // with one operand; with two when the first is
};

// Operands of the right number and types, all known unless the operation is tolerant.
struct call {
    const struct value *operands;
    size_t count;
    struct formula_space *space; // for the bytes of a text made
};

// What combines operands: a row for every operator and function.
struct operation {
    const char *name;
    size_t least; // operands
    size_t most;
    enum formula_type parameters[MAX_PARAMETERS]; // the last one again for all further operands
    enum formula_type result;                     // FORMULA_ANY: the type of the last operand
    enum whole whole;
    bool is_tolerant;    // it is evaluated although an operand is missing
    bool takes_patterns; // a text operand stands for all names that match it
    bool takes_labels;   // a word beside something with labels is one of its labels
    bool is_choice;      // if()
    // Further conditions on operands of the right number and types; or NULL.
    int (*check)(struct draft *draft, struct operand *operands, size_t count);
    // NULL: the first operand's node stands for it.
    struct value (*evaluate)(const struct call *call);
};

enum fixity { FIXITY_PREFIX, FIXITY_LEFT, FIXITY_RIGHT, FIXITY_NONE };

struct operator_row {
    struct operation operation;
    int precedence; // the higher the tighter
    enum fixity fixity;
};

enum { PRECEDENCE_NOT = 3, PRECEDENCE_COMPARISON = 4 };

// The operator written so, or NULL. formula_operators.c
const struct operator_row *formula_find_operator(const char *text, bool is_prefix);

// The function of this name, or NULL. formula_functions.c
const struct operation *formula_find_function(const char *name);

// "if, bit, bits, ...". formula_functions.c
void formula_list_functions(char *ret_text, size_t size);

// An integer, or unknown outside of -2^63 .. 2^64 - 1. formula_operators.c
struct value formula_integer(int128 integer);

// The integer that a number is (5 and 5.0, not 5.5). False when it is none.
// formula_operators.c
bool formula_whole(const struct value *value, int128 *ret_integer);

// The ids and the instance of model(...). formula_model.c
int formula_check_ids(struct draft *draft, struct operand *operands, size_t count);
int formula_check_model(struct draft *draft, struct operand *operands, size_t count);

// Functions that make texts. formula_texts.c
struct value formula_make_hex(const struct call *call);
struct value formula_make_text(const struct call *call);
struct value formula_make_format(const struct call *call);
int formula_check_format(struct draft *draft, struct operand *operands, size_t count);

// Notes a finding at a byte of the text. Returns -1. formula_check.c
int formula_fail(struct draft *draft, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// A part as it is written, for messages; cut when long. formula_check.c
const char *formula_snippet(const struct draft *draft, const struct operand *operand,
                            char ret_text[64]);

// "a number", "a text", ... formula_check.c
const char *formula_type_name(enum formula_type type);

// Checks operands against the row of their operation, which begins at byte `start`; a word
// beside something with labels becomes a text. formula_check.c
int formula_check_operands(struct draft *draft, const struct operation *operation,
                           struct operand *operands, size_t count, size_t start);

// Fails for a word that is no name. formula_check.c
int formula_check_word(struct draft *draft, const struct operand *operand);

// Checks that the last two operands are of one type (if, default). formula_check.c
int formula_check_alike(struct draft *draft, struct operand *operands, size_t count);

// Checks that both operands of == or != are of one type. formula_check.c
int formula_check_equality(struct draft *draft, struct operand *operands, size_t count);

// Makes the operand of a name, a word of now., true, false or raw. formula_words.c
int formula_take_word(struct draft *draft, const char *word, size_t start);

// Makes one operand of every name that matches a pattern. formula_words.c
int formula_take_pattern(struct draft *draft, const struct value *pattern, size_t start,
                         size_t end);

// Adds a node that is an operand by itself. formula_words.c
int formula_add_leaf(struct draft *draft, const struct node *leaf,
                     const struct operand *operand);

// The type of a constant. formula_words.c
enum formula_type formula_type_of(const struct value *value);

// A field of now. (formula_now_fields), as local time. formula_evaluate.c
enum { NOW_FIELDS = 7 };
extern const char *const formula_now_fields[NOW_FIELDS];

#endif
