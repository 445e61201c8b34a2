// SPDX-License-Identifier: MIT
// What one request has to bring for an entry's sake: its words in a row; the words of a value
// that lie apart; a value together with its scale factor. Pure; a list has one owner.
#ifndef REGISTERS_RUN_H
#define REGISTERS_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registers/place.h"

// Runs of one kind may share a request. Kinds that differ in the period only are a family: what
// a faster one reads anyway is not asked for again.
struct run_kind {
    struct place place;
    bool optional;
    int block;                  // index of the exact request of the firmware, or NO_INDEX
    int alone;                  // index of the entry that is read alone, or NO_INDEX
    const struct formula *when; // or NULL
    int64_t every_ms;           // as point->every_ms
};

struct run {
    struct run_kind kind;
    struct extent at; // all of it in one request
    int point;        // index of the entry it brings
    int value;        // ... for this one's sake: itself, or one that it scales
};

struct run_list {
    struct run *runs;
    size_t count;
    size_t capacity;
};

// Appends a copy. run_list_done frees the list.
void run_list_add(struct run_list *list, const struct run *run);
void run_list_done(struct run_list *list);

// Less than, equal to or greater than 0: kinds without their period, and whole kinds. Periods
// ascend; what is read once per connection comes last.
int run_compare_family(const struct run_kind *a, const struct run_kind *b);
int run_compare_kind(const struct run_kind *a, const struct run_kind *b);

// The kind of an entry's run: `index` is the entry's, `block` the exact request it lies in.
struct run_kind run_kind_of(const struct point *point, int index, int block);

// Whether the scale of a value may come in requests of this kind, the value's, as far as that
// is no matter of addresses and periods: a scale without condition may come with values that
// have one. For what is read on need conditions do not count.
bool run_kind_admits(const struct run_kind *kind, const struct point *point);

// Sorts by kind, then by address, the longer run first.
void run_list_sort(struct run_list *list);

#endif
