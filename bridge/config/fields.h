// SPDX-License-Identifier: MIT
// Reads the keys of a mapping into a struct, by a table of rows. The rows are the one truth
// about what a file may hold: they read it, they answer a wrong key with the right one, and
// they print the JSON Schema and the reference.
#ifndef CONFIG_FIELDS_H
#define CONFIG_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/num.h"
#include "config/diagnostics.h"
#include "config/tree.h"

// What a value may be, and the member of the struct it is read into.
enum field_kind {
    FIELD_NODE,     // const struct node *: read elsewhere; `shape` says what it may be
    FIELD_FORMULA,  // const struct node *: a scalar, read elsewhere as a formula
    FIELD_TEXT,     // const char *
    FIELD_TEXTS,    // struct texts: a list of texts, or one
    FIELD_BOOL,     // bool: true or false
    FIELD_INT,      // int: decimal or 0x, within min..max, or a word
    FIELD_DECIMAL,  // struct decimal, exactly as written
    FIELD_DURATION, // int64_t ms: "50ms", within min..max, or a word
    FIELD_SIZE,     // int64_t bytes: "256MB"
    FIELD_WORD,     // int: the value of one of the words
    FIELD_CODES,    // struct codes: n or a..b
    FIELD_INTERVAL, // struct interval: [low, high]
};

struct texts {
    const char *const *items;
    size_t count;
};

struct codes {
    bool is_given;
    int64_t low;
    int64_t high;
};

struct interval {
    bool is_given;
    double low;
    double high;
};

struct word {
    const char *text;
    int value;
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset; // of the member
    bool required;
    int64_t min; // INT, DURATION; both 0: any that the member holds
    int64_t max;
    const struct word *words;        // ends with a NULL text
    bool by_parameter;               // WORD: may also be the name of a parameter that holds one
    const struct field_table *table; // NODE: what the mapping inside holds; or NULL
    const struct field_table *each;  // NODE: what each value of the mapping inside holds
    const struct field_table *items; // NODE: what each item of the list inside holds
    const char *shape;               // NODE: what it may be, for people
    const char *initial;             // the value when absent, for people; or NULL
    const char *help;                // one line
};

struct field_table {
    const char *name; // "an entry": for messages
    const char *help;
    const struct field *rows;
    size_t count;
};

#define FIELD_AT(type, member) .offset = offsetof(struct type, member)

// The parameters of a map, for words that are given by parameter.
struct word_source {
    // Whether there is a parameter of this name. *ret_value: where its value is written, NULL
    // when nobody gave one yet.
    bool (*find)(const void *context, const char *name, const struct node **ret_value);
    const void *context;
};

// What reading needs.
struct reader {
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct word_source parameters; // find is NULL: there are none
};

// Mappings in order of precedence: the first that has a key gives its value.
enum { MAX_LAYERS = 3 };

struct layers {
    const struct node *nodes[MAX_LAYERS]; // may be NULL
};

// The value of a key, or NULL.
const struct node *layers_find(const struct layers *layers, const char *key);

// Reads all keys into `target`, whose members keep their values where no layer has the key.
// Unknown keys of the first layer are findings (the others are checked where they stand).
// Returns -1 when anything was wrong; members that could be read are set.
int fields_read(const struct reader *reader, const struct field_table *table,
                const struct layers *layers, void *target);

// Only looks for unknown keys and wrong shapes of one mapping: for a mapping that is a layer of
// others.
int fields_check_keys(const struct reader *reader, const struct field_table *table,
                      const struct node *mapping);

// Whether a node is a mapping; if not, a finding names what was expected ("registers").
int fields_expect_mapping(const struct reader *reader, const struct node *node,
                          const char *what);
int fields_expect_list(const struct reader *reader, const struct node *node, const char *what);
int fields_expect_scalar(const struct reader *reader, const struct node *node,
                         const char *what);

// Single values; on failure a finding was added and -1 is returned.
int field_read_int(const struct reader *reader, const struct node *node, const char *name,
                   int64_t *ret_value);
int field_read_decimal(const struct reader *reader, const struct node *node, const char *name,
                       struct decimal *ret_value);
int field_read_interval(const struct reader *reader, const struct node *node, const char *name,
                        struct interval *ret_interval);
int field_read_codes(const struct reader *reader, const struct node *node, const char *name,
                     struct codes *ret_codes);
int field_read_text(const struct reader *reader, const struct node *node, const char *name,
                    const char **ret_text);
int field_read_texts(const struct reader *reader, const struct node *node, const char *name,
                     struct texts *ret_texts);
int field_read_bool(const struct reader *reader, const struct node *node, const char *name,
                    bool *ret_value);
int field_read_duration(const struct reader *reader, const struct node *node, const char *name,
                        int64_t *ret_ms);

// "a..b" or "n" in text, decimal or 0x.
bool codes_parse(const char *text, struct codes *ret_codes);

// Why a text is not a number of ours ("a leading zero ..."), or NULL when nothing is known.
const char *explain_number(const char *text);

#endif
