// SPDX-License-Identifier: MIT
// Formulas of a map: parsed, type-checked and resolved to indexes when the map loads, evaluated
// as a pure function without allocation. A formula that needs a missing value is not evaluated:
// the result is VALUE_UNKNOWN or VALUE_ABSENT, never a guess (docs/maps.md, "Formulas"). A
// parsed formula is const and may be evaluated by any thread.
#ifndef REGISTERS_FORMULA_H
#define REGISTERS_FORMULA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "model/map.h"

// What a formula or a name gives.
enum formula_type {
    FORMULA_ANY, // only as an expectation: anything
    FORMULA_BOOLEAN,
    FORMULA_NUMBER,
    FORMULA_TEXT,
    FORMULA_EVENTS,
};

enum symbol_kind {
    SYMBOL_NONE,     // no such name
    SYMBOL_POINT,    // an entry of the map
    SYMBOL_ARGUMENT, // an argument of the command
    SYMBOL_CONSTANT, // a parameter of the installation
};

struct symbol {
    enum symbol_kind kind;
    enum formula_type type;
    bool is_integer;             // of a number: it is always whole
    enum formula_type raw_type;  // of raw(name); FORMULA_ANY: a number where there are labels,
                                 // else as `type`
    bool raw_is_integer;         // of a number given by raw(name): it is always whole
    int index;                   // of the entry or argument
    const struct labels *labels; // texts it can be, to refuse comparisons with others; or NULL
    const char *const *choices;  // the same for an argument's enum; or NULL
    size_t choice_count;
    struct value constant;
};

// How names are resolved while parsing. `find` writes the symbol and returns 0; for a name that
// does not exist it writes SYMBOL_NONE; for a name that cannot be used here (a cycle, say) it
// returns -1 with err. `suggest` may return a similar name or NULL. `match` calls `each` with
// the symbol of every name that fits a pattern with '*', in order.
struct formula_names {
    void *context;
    int (*find)(void *context, const char *name, struct symbol *ret_symbol, struct error *err);
    const char *(*suggest)(void *context, const char *name);
    void (*match)(void *context, const char *pattern,
                  void (*each)(void *each_context, const struct symbol *symbol),
                  void *each_context);
    bool allow_raw;             // `raw` is the entry's own number
    enum formula_type raw_type; // ... of this type
    bool raw_is_integer;        // ... a number that is always whole
    bool allow_now;             // now.year ... (commands)
    // The number (1..) of a SunSpec model of the map, or -1 with err where there can be none.
    // NULL: nowhere.
    int (*model)(void *context, const struct sunspec_model *model, struct error *err);
    bool model_is_address; // model(id) is where the model begins; else whether it is there
};

// Parses `text`. `expected` is FORMULA_ANY or the type the formula must have. On failure
// err->text is the finding without position and *ret_offset the byte offset in `text` it is
// about. The formula lives in `arena`. Limits: 2000 bytes, 200 nodes, nesting 32.
int formula_parse(struct arena *arena, const char *text, const struct formula_names *names,
                  enum formula_type expected, const struct formula **ret_formula,
                  size_t *ret_offset, struct error *err);

// A formula that is one constant, such as a number where a formula is allowed.
const struct formula *formula_constant(struct arena *arena, const struct value *value);

// The type of its result.
enum formula_type formula_result(const struct formula *formula);

// Whether its result, a number, is always whole (integers combined by + - * and whole
// functions).
bool formula_is_integer(const struct formula *formula);

// Its text as written in the map. Two formulas of one text need not be the same: a name may be
// a constant of a repeat or a parameter.
const char *formula_text(const struct formula *formula);

// Below zero, zero or above, in any one order: zero when both say the same, in the same words
// and with the same constants for them (the variable of a repeat differs from copy to copy).
int formula_order(const struct formula *a, const struct formula *b);

// Calls `each` with every constant in it, those of repeats and parameters included, in their
// order.
void formula_each_constant(const struct formula *formula,
                           void (*each)(void *context, const struct value *constant),
                           void *context);

// When it depends on nothing, its value (VALUE_UNKNOWN for the like of 1 / 0); else NULL.
const struct value *formula_constant_value(const struct formula *formula);

// When it is just the name of an argument, its index; else NO_INDEX.
int formula_argument(const struct formula *formula);

// When it is just the name of an entry (not raw), its index; else NO_INDEX.
int formula_point(const struct formula *formula);

// Takes an address apart that may begin at a SunSpec model (names->model_is_address):
// model(id) + constant, or a constant, then *ret_model is SUNSPEC_NONE. -1 with err when it is
// anything else, or not a whole number.
int formula_split_address(const struct formula *formula, int *ret_model, int64_t *ret_offset,
                          struct error *err);

// Calls `each` with the index of every entry the formula names directly (not through others),
// once each.
void formula_each_point(const struct formula *formula, void (*each)(void *context, int point),
                        void *context);

// Calls `each` with the index of every argument it names, as often as it does.
void formula_each_argument(const struct formula *formula,
                           void (*each)(void *context, int argument), void *context);

// Whether it names an argument.
bool formula_uses_arguments(const struct formula *formula);

// Whether it names a parameter or the variable of a repeat: what is constant here is another
// constant in another installation or copy.
bool formula_depends_on_installation(const struct formula *formula);

// Whether it may come out otherwise when it is evaluated again with the same arguments: it
// names an entry, the time or a SunSpec model.
bool formula_can_change(const struct formula *formula);

// Where names get their values while evaluating. Texts and events returned must live until the
// formula's result was used.
struct formula_inputs {
    void *context;
    // The entry's published value, or with `raw` its code or number before scaling.
    struct value (*point)(void *context, int index, bool raw);
    // The argument's value; NULL where no arguments exist.
    struct value (*argument)(void *context, int index);
    // Whether a SunSpec model of the map is there; NULL: not known.
    struct value (*model)(void *context, int model);
    const struct value *raw; // of `raw`; NULL where it does not exist
    int64_t wall_ms;         // of now.*, as local time
};

// Texts made by format(), text() and hex(): they live as long as this does.
struct formula_space {
    size_t used;
    char bytes[512];
};

// Evaluates. A text result points into `space`, into the map, or to what `inputs` returned. A
// value of another kind than its symbol's type, and a text for which `space` has no room, count
// as unknown.
//
// Missing operands: unknown if one is unknown, else absent, for and/or as well. sum, mean, min
// and max skip what is absent; with nothing left they are absent. Integers and reals compare
// exactly; int ^ int is an integer when it fits into 64 bits, else a real; 5.0 serves where a
// whole number is needed. round: halves away from zero. near: edges are near. now.weekday: 1 is
// Monday (ISO 8601).
struct value formula_evaluate(const struct formula *formula,
                              const struct formula_inputs *inputs, struct formula_space *space);

// Fills in a text with formulas in braces; an unknown value becomes "unknown". NUL-terminated,
// cut at `size`.
void formula_fill(const struct text_template *template, const struct formula_inputs *inputs,
                  char *ret_text, size_t size);

#endif
