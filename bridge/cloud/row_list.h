// SPDX-License-Identifier: MIT
// Lists of an outbox's rows (cloud/outbox_rows.h). A row is in two at once, so it has two pairs
// of links, and each list says which pair is its own. A zeroed list is an empty one of the
// first.
#ifndef CLOUD_ROW_LIST_H
#define CLOUD_ROW_LIST_H

struct row;

enum row_links_of {
    LINKS_OF_ORDER, // of waiting, backlog or in_flight
    LINKS_OF_PLACE, // of unsaved or saving
    ROW_LINKS_COUNT,
};

struct row_links {
    struct row *previous; // NULL: it is the first
    struct row *next;     // NULL: it is the last
};

struct row_list {
    struct row *first; // NULL: it is empty
    struct row *last;
    enum row_links_of links;
};

// The row behind one that is in the list; NULL: there is none.
struct row *row_list_next(const struct row_list *list, const struct row *row);

// Puts a row that is in no list of these links behind all others.
void row_list_add(struct row_list *list, struct row *row);

// Puts it in the order of ids, near whose start its place is.
void row_list_insert(struct row_list *list, struct row *row);

// Takes out a row that is in the list.
void row_list_remove(struct row_list *list, struct row *row);

#endif
