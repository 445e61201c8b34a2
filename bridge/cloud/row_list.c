// SPDX-License-Identifier: MIT
#include "cloud/row_list.h"

#include "cloud/outbox_rows.h"

struct row *row_list_next(const struct row_list *list, const struct row *row)
{
    return row->links[list->links].next;
}

// Puts `row` between two neighbours, either of which may be missing.
static void join(struct row_list *list, struct row *previous, struct row *row, struct row *next)
{
    row->links[list->links] = (struct row_links){previous, next};
    *(previous ? &previous->links[list->links].next : &list->first) = row;
    *(next ? &next->links[list->links].previous : &list->last) = row;
}

void row_list_add(struct row_list *list, struct row *row)
{
    join(list, list->last, row, NULL);
}

void row_list_insert(struct row_list *list, struct row *row)
{
    struct row *later = list->first;
    while (later && later->id < row->id)
        later = row_list_next(list, later);
    join(list, later ? later->links[list->links].previous : list->last, row, later);
}

void row_list_remove(struct row_list *list, struct row *row)
{
    struct row_links *links = &row->links[list->links];
    *(links->previous ? &links->previous->links[list->links].next : &list->first) = links->next;
    *(links->next ? &links->next->links[list->links].previous : &list->last) = links->previous;
    *links = (struct row_links){0};
}
