// SPDX-License-Identifier: MIT
// What the files that load a map share. Internal to config; one thread.
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/fields.h"
#include "config/names.h"
#include "config/spots.h"
#include "model/map.h"
#include "registers/formula.h"

enum {
    MAX_CHAIN = 64,      // entries whose formulas depend on each other in a row
    EVERY_DEFAULT = -10, // PERIOD_OPEN: the entry has no every: of its own
    MAX_STEPS = 200,     // of a command, with those inside try
};

// The keys of an entry as written; nodes are read later.
struct entry_fields {
    const struct node *tables[TABLE_COUNT];
    const struct node *from;
    const struct node *value;
    int type; // NO_INDEX: not given
    int length;
    int word_order; // NO_INDEX: not given
    int byte_order;
    const struct node *invalid;
    struct codes bits;
    const struct node *scale;
    const struct node *sf;
    struct decimal offset;
    struct interval range;
    const struct node *labels;
    int decimals; // NO_INDEX: not given
    int publish;
    int64_t every_ms;
    const struct node *when;
    bool optional;
    bool alone;
    bool wear;
    bool hold;
    const struct node *unit_id;
    int access; // 0: not given
    int write_function;
    const char *display_name;
    const char *description;
    const char *unit;
    const struct node *repeat;
    const struct node *use;
};

enum typing { TYPING_OPEN, TYPING_RUNNING, TYPING_DONE, TYPING_FAILED };

// An entry on its way to a point; same index.
struct entry {
    struct spot spot;
    struct layers layers; // the entry, then its presets
    struct entry_fields fields;
    int of; // of a view: the entry it names, which may be a view too
    bool scale_is_formula;
    bool is_broken; // a finding was added: nothing more is said about it
    enum typing typing;
    enum formula_type type; // of its published value
    bool is_integer;
};

struct parameter {
    const char *key;
    const struct node *node; // of its value; NULL: the site must give it, and there is none
    struct value value;
};

// "No value" patterns of a type.
struct patterns {
    uint64_t items[MAX_INVALID];
    size_t count;
};

struct loader {
    struct reader reader;
    const struct map_overrides *overrides; // never NULL
    const struct node *root;
    struct map map;
    struct patterns type_invalid[TYPE_COUNT];
    struct parameter *parameters;
    size_t parameter_count;
    const struct node *presets; // may be NULL
    const struct node *procedures;
    struct names names;
    struct sunspec_model *models; // map.models, with room for all there may be
    struct point *points;
    struct entry *entries;
    size_t count;
    size_t expanded; // entries, alerts and commands so far, for the limit
    int chain[MAX_CHAIN];
    size_t chain_length;
    bool is_quiet; // the formula fails for a reason that was reported elsewhere
};

// Which names a formula may use.
struct scope {
    struct loader *loader;
    const struct spot *spot; // its repeat variables; or NULL
    int owner;               // the entry the formula belongs to, or NO_INDEX
    const struct argument *arguments;
    size_t argument_count;
    bool constants_only;   // parameters and repeat variables
    bool model_is_address; // model(id) may stand in it, as an address
    bool allow_raw;
    enum formula_type raw_type;
    bool raw_is_integer;
    bool allow_now;
    bool allow_write_only; // what a simulated device knows of itself
};

// --- load_formulas.c

// Parses a scalar; a finding says what is wrong. `name` is the key, for messages.
int load_formula(const struct scope *scope, const struct node *node, const char *name,
                 enum formula_type expected, const struct formula **ret_formula);

// The same for a text that is not in the file as such, reported at `node`.
int load_formula_text(const struct scope *scope, const struct node *node, const char *text,
                      enum formula_type expected, const struct formula **ret_formula);

// A whole number, or a formula over parameters and repeat variables.
int load_constant(struct loader *loader, const struct spot *spot, const struct node *node,
                  const char *name, int64_t *ret_value);

// The whole number that a constant formula gives.
int load_whole(struct loader *loader, const struct node *node, const char *name,
               const struct formula *formula, int64_t *ret_value);

// A text with formulas in braces.
int load_template(const struct scope *scope, const struct node *node, const char *name,
                  const struct text_template **ret_template);

// --- load_types.c

// Finds out the type of an entry's value, reading its value: formula if it has one.
// ERROR_CONFIG when it cannot be known; then loader->is_quiet or err says why.
int load_entry_type(struct loader *loader, int index, struct error *err);

// Resolves publish and decimals once the type is known.
void load_publish(struct loader *loader, int index);

// --- load_modbus.c, load_spans.c

extern const struct field_table table_modbus;
void load_modbus(struct loader *loader, const struct node *node);
int load_spans(struct loader *loader, const struct node *node, const char *name,
               const struct span **ret_spans, size_t *ret_count);

// --- load_sunspec.c

// Where a register is: a PDU address, or one counted from a SunSpec model of the map.
struct written_address {
    uint8_t model; // 1.., or SUNSPEC_NONE
    uint16_t address;
};

// The candidates for the marker.
int load_sunspec(struct loader *loader, const struct node *node);

// The number (1..) of a model, which the map names from here on; -1 with err.
int load_model(struct loader *loader, const struct sunspec_model *model, struct error *err);

// An address as the map writes it: a number, a constant formula, model(id) + constant.
int load_place(struct loader *loader, const struct spot *spot, const struct node *node,
               enum table table, struct written_address *ret_place);

// first..last, both as load_place has them.
int load_place_range(struct loader *loader, const struct node *node, const char *name,
                     enum table table, struct span *ret_span);

// The PDU address of a number as the map writes it.
int load_pdu_address(struct loader *loader, const struct node *node, enum table table,
                     int64_t written, uint16_t *ret_address);

// "No value" patterns: a number or a list of them.
int load_patterns(struct loader *loader, const struct node *node, enum point_type type,
                  struct patterns *ret_patterns);
int load_invalid(struct loader *loader, int index); // of the entry or its type
void load_inherited_invalid(struct loader *loader); // of all views; after load_invalid of all

// --- load_points.c and what it uses

extern const struct field_table table_entry;
void load_points(struct loader *loader);
int load_address(struct loader *loader, int index);
int load_words(struct loader *loader, int index);
const struct labels *load_labels(struct loader *loader, int index);
void load_references(struct loader *loader);
void load_point_formulas(struct loader *loader);
extern const struct word type_words[];

// The entry a scalar names, or NO_INDEX after a finding.
int load_reference(struct loader *loader, const struct node *node, const char *name);

// --- the other sections

extern const struct field_table table_map;
extern const struct field_table table_parameter;
extern const struct field_table table_alert;
extern const struct field_table table_command;
extern const struct field_table table_argument;
extern const struct field_table table_confirmation;
extern const struct field_table table_step;
extern const struct field_table table_hold;
void load_parameters(struct loader *loader, const struct node *node);
void load_alerts(struct loader *loader, const struct node *node);
void load_identify(struct loader *loader, const struct node *node);
void load_commands(struct loader *loader, const struct node *node);

// --- load_simulation.c: sets loader->map.simulation; after entries and their types.

extern const struct field_table table_simulation;
extern const struct field_table table_simulation_rule;
void load_simulation(struct loader *loader, const struct node *node);

// --- check_formulas.c: formulas that decide nothing. Warnings; what depends on a parameter or
// a repeat is left alone.

// Comparisons with a number that the entry can never have, and constants such as 1 / 0. `name`
// is the key.
void check_formula(struct loader *loader, const struct node *node, const char *name,
                   const struct formula *formula);

// A condition that is always true or always false. `name` is the key, the texts say what
// follows.
void check_verdict(struct loader *loader, const struct node *node, const char *name,
                   const struct formula *formula, const char *when_true,
                   const char *when_false);

// A constant of a given type, for identify, defaults and parameters.
int load_value(struct loader *loader, const struct node *node, const char *name,
               enum formula_type type, struct value *ret_value);

// Warnings and errors that need the whole map.
void check_cycles(struct loader *loader);
void check_overlaps(struct loader *loader);
void check_models(struct loader *loader);
void check_unused(struct loader *loader);

#endif
