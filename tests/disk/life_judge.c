// SPDX-License-Identifier: MIT
// What the store holds, held against what it said.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cloud/store_commands.h"
#include "cloud/store_notes.h"
#include "disk/disk.h"
#include "disk/life.h"
#include "disk/wording.h"

static void find_command(void *context, const struct journal_command *command)
{
    struct life *life = context;
    struct wording_command words;
    int number = atoi(command->id);
    wording_command(number, &words);
    if (number < 0 || number >= life->command_count ||
        strcmp(command->digest, words.command.digest) != 0 || !command->request ||
        strcmp(command->request, words.command.request) != 0) {
        life_complain("command %s was never said", command->id);
        return;
    }
    life->found->commands[number] =
        command->state == JOURNAL_RECEIVED ? COMMAND_RECEIVED : COMMAND_EXECUTING;
}

static void find_note(void *context, const struct note *note)
{
    const struct life *life = context;
    int number = atoi(note->key);
    if (number < 0 || number >= LIFE_NOTES)
        life_complain("note %s was never said", note->key);
    else
        life->found->notes[number] = (uint8_t)atoi(note->text);
}

void life_read(struct life *life, struct facts *ret_facts)
{
    *ret_facts = (struct facts){.rows = {0}};
    life->found = ret_facts;
    for (int connection = 0; connection < LIFE_CONNECTIONS; connection++) {
        for (enum outbox_lane lane = 0; lane < OUTBOX_LANE_COUNT; lane++)
            store_writer_take(&life->writer,
                              store_order_wish(&(struct outbox_wish){.connection = connection,
                                                                     .lane = lane,
                                                                     .before = INT64_MAX,
                                                                     .count = LIFE_ROWS}));
    }
    (void)store_notes_load(life->writer.file.sql, wording_note_kind, find_note, life);
    (void)store_commands_load(life->writer.file.sql, find_command, life);
    for (int i = 0; i < life->command_count; i++)
        life_begin(life, i, COMMAND_EXECUTING);
    life_settle(life);
    life->found = NULL;
}

static void explain(const struct facts *found, const struct facts *wanted)
{
    for (int i = 0; i < LIFE_ROWS; i++) {
        if (found->rows[i] != wanted->rows[i])
            (void)printf("  row %d is %d and not %d\n", i, found->rows[i], wanted->rows[i]);
    }
    for (int i = 0; i < LIFE_COMMANDS; i++) {
        if (found->commands[i] != wanted->commands[i])
            (void)printf("  command %d is %d and not %d\n", i, found->commands[i],
                         wanted->commands[i]);
    }
    for (int i = 0; i < LIFE_NOTES; i++) {
        if (found->notes[i] != wanted->notes[i])
            (void)printf("  note %d is %d and not %d\n", i, found->notes[i], wanted->notes[i]);
    }
}

// Whether what was found is as told up to `at`, or as the commit under way would have it;
// `ret_told` is the former.
static bool is_as_told(const struct life *life, const struct facts *found, size_t at,
                       const struct facts **ret_told)
{
    static const struct facts nothing;
    size_t i = 0;
    *ret_told = &nothing;
    for (; i < life->snapshot_count && life->snapshots[i].told <= at; i++)
        *ret_told = &life->snapshots[i].facts;
    bool is_good = memcmp(found, *ret_told, sizeof *found) == 0;
    for (; i < life->snapshot_count && life->snapshots[i].began < at; i++)
        is_good |= memcmp(found, &life->snapshots[i].facts, sizeof *found) == 0;
    return is_good;
}

void life_judge(struct life *life, size_t at)
{
    struct facts found;
    const struct facts *told = NULL;
    size_t count = life->snapshot_count;
    size_t began = disk_now();
    if (life->writer.stats.is_in_memory)
        life_complain("%s", life->trouble);
    life_read(life, &found);
    life->snapshot_count = count; // reading has added one
    if (!is_as_told(life, &found, at, &told)) {
        life_complain("what was told is not what is kept");
        explain(&found, told);
    }
    life->facts = found;
    life->is_exact = true;
    life->snapshots = mem_resize(life->snapshots, 2, sizeof *life->snapshots);
    life->snapshots[0] = (struct snapshot){.facts = found};
    for (int i = 0; i < life->command_count; i++) { // those not known are known now
        if (!found.commands[i])
            life->facts.commands[i] = COMMAND_EXECUTING;
    }
    life->snapshots[1] =
        (struct snapshot){.facts = life->facts, .began = began, .told = disk_now()};
    life->snapshot_count = 2;
}

void life_judge_told(struct life *life)
{
    struct facts found;
    struct facts told = life->facts;
    life_read(life, &found);
    if (memcmp(&found, &told, sizeof found) == 0)
        return;
    life_complain("what was told is not what is kept");
    explain(&found, &told);
}
