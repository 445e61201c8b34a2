// SPDX-License-Identifier: MIT
#include "disk/life.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "disk/disk.h"
#include "disk/wording.h"
#include "support/random.h"

enum {
    SETTLED_WITHIN_MS = 10 * 1000, // lazy orders linger for five seconds
    OFFSET_MS = 1000000,
};

unsigned life_complaints;
char life_story[160];

void life_complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)printf("%s: ", life_story);
    (void)vprintf(format, args);
    (void)printf("\n");
    va_end(args);
    life_complaints++;
}

// What the store says
// ---------------------------------------------------------------------------------------

static void drop_backlog(struct facts *facts, int connection, int up_to)
{
    for (int id = 1; id <= up_to; id++) {
        if (wording_connection(id) == connection && facts->rows[id] &&
            outbox_lane_of((enum outbox_kind)(facts->rows[id] - 1)) == LANE_DATA)
            facts->rows[id] = 0;
    }
}

static void apply(struct facts *facts, const struct change *change)
{
    switch (change->kind) {
    case ORDER_PUT_ROW:
        facts->rows[change->number] = (uint8_t)(change->row_kind + 1);
        break;
    case ORDER_DELETE_ROW:
        facts->rows[change->number] = 0;
        break;
    case ORDER_DROP_BACKLOG:
        drop_backlog(facts, change->value, change->number);
        break;
    case ORDER_PUT_NOTE:
    case ORDER_DELETE_NOTE:
        facts->notes[change->number] = (uint8_t)change->value;
        break;
    case ORDER_BEGIN_COMMAND:
        if (facts->commands[change->number] == COMMAND_UNKNOWN)
            facts->commands[change->number] = (uint8_t)change->value;
        break;
    case ORDER_ADVANCE_COMMAND:
        facts->commands[change->number] = COMMAND_EXECUTING;
        break;
    case ORDER_FINISH_COMMAND:
        facts->commands[change->number] = COMMAND_DONE;
        if (change->row)
            facts->rows[change->row] = OUTBOX_RESPONSE + 1;
        break;
    case ORDER_SET_OFFSET:
    case ORDER_WISH:
    case ORDER_NAME_CLOUD:
        break;
    }
}

static void settle(struct life *life, const struct store_event *event)
{
    size_t kept = 0;
    for (size_t i = 0; i < life->open_count; i++) {
        const struct change *change = &life->open[i];
        if (change->ticket < event->settled.first || change->ticket > event->settled.last) {
            life->open[kept++] = *change;
            continue;
        }
        life->unsaved += !event->settled.is_saved;
        if (event->settled.is_saved)
            apply(&life->facts, change);
    }
    life->open_count = kept;
}

static const struct change *find_open(const struct life *life, uint64_t ticket)
{
    for (size_t i = 0; i < life->open_count; i++) {
        if (life->open[i].ticket == ticket)
            return &life->open[i];
    }
    return NULL;
}

static void judge(struct life *life, const struct store_event *event)
{
    const struct change *change = find_open(life, event->judged.ticket);
    enum journal_verdict verdict = event->judged.verdict;
    enum command_fact known =
        change ? (enum command_fact)life->facts.commands[change->number] : COMMAND_UNKNOWN;
    enum journal_verdict wanted = known == COMMAND_UNKNOWN ? JOURNAL_NEW
                                  : known == COMMAND_DONE  ? JOURNAL_ANSWERED
                                                           : JOURNAL_RUNNING;
    if (!change)
        life_complain("a verdict nobody asked for");
    else if (life->found) {
        if (verdict == JOURNAL_ANSWERED)
            life->found->commands[change->number] = COMMAND_DONE;
        else if (verdict != JOURNAL_RUNNING && verdict != JOURNAL_NEW)
            life_complain("command %d has verdict %d", change->number, (int)verdict);
    } else if (verdict != wanted && verdict != JOURNAL_FAILED)
        life_complain("command %d has verdict %d and not %d", change->number, (int)verdict,
                      (int)wanted);
    char response[WORDING_SIZE];
    wording_response(change ? change->number : 0, response);
    if (verdict == JOURNAL_ANSWERED && strcmp(event->judged.response, response) != 0)
        life_complain("an answer nobody gave: %s", event->judged.response);
    free(event->judged.response);
}

static void take_rows(const struct life *life, struct store_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct store_row *row = &rows->rows[i];
        char payload[WORDING_SIZE];
        wording_payload((int)row->id, payload);
        if (row->id < 1 || row->id > life->row_count)
            life_complain("row %lld was never given", (long long)row->id);
        else if (!row->message.payload || strcmp(row->message.payload, payload) != 0)
            life_complain("row %lld was never said: %s", (long long)row->id,
                          row->message.payload ? row->message.payload : "nothing");
        else
            life->found->rows[row->id] = (uint8_t)(row->message.kind + 1);
    }
    store_rows_free(rows);
}

static void take_event(void *context, const struct store_event *event)
{
    struct life *life = context;
    switch (event->kind) {
    case STORE_SETTLED:
        settle(life, event);
        break;
    case STORE_JUDGED:
        judge(life, event);
        break;
    case STORE_LOADED:
        take_rows(life, event->loaded);
        break;
    case STORE_CHANGED:
        life->troubles += event->changed.is_trouble;
        if (event->changed.is_trouble)
            (void)snprintf(life->trouble, sizeof life->trouble, "%s", event->changed.text);
        life->recoveries += !event->changed.is_trouble;
        // A first start that the power cut into leaves an empty file, and nothing that was
        // told.
        if (event->stats.damaged &&
            (life->is_told || !strstr(event->changed.text, "was empty")))
            life_complain("%s", event->changed.text);
        break;
    }
}

// Opening
// ----------------------------------------------------------------------------------------

static void make_folder(struct life *life)
{
    bool has_memory = access("/dev/shm", W_OK) == 0;
    (void)snprintf(life->folder, sizeof life->folder, "%s/modbridge-disk-XXXXXX",
                   has_memory ? "/dev/shm" : "/tmp");
    if (!mkdtemp(life->folder))
        abort();
}

void life_init(struct life *life, uint64_t seed)
{
    *life = (struct life){.random = (seed + 1) * 0x9E3779B97F4A7C15ULL, .now_ms = 1000000};
    make_folder(life);
}

void life_branch(const struct life *life, struct life *ret_branch, uint64_t seed, size_t at)
{
    static const struct facts nothing;
    *ret_branch = *life;
    memset(&ret_branch->writer, 0, sizeof ret_branch->writer);
    ret_branch->random = (seed + 1) * 0x9E3779B97F4A7C15ULL;
    ret_branch->open_count = 0;
    ret_branch->openings = 0;
    ret_branch->snapshots =
        mem_resize(NULL, life->snapshot_count + 1, sizeof *ret_branch->snapshots);
    if (life->snapshot_count)
        memcpy(ret_branch->snapshots, life->snapshots,
               life->snapshot_count * sizeof *life->snapshots);
    ret_branch->is_told = false;
    ret_branch->is_exact = at == SIZE_MAX;
    for (size_t i = 0; i < life->snapshot_count && life->snapshots[i].told <= at; i++)
        ret_branch->is_told |= memcmp(&life->snapshots[i].facts, &nothing, sizeof nothing) != 0;
    make_folder(ret_branch);
}

void life_open(struct life *life)
{
    static const struct cloud_settings clouds[LIFE_CONNECTIONS] = {{.name = "plant"},
                                                                   {.name = "backup"}};
    struct error err;
    life->site = (struct site){
        .state_path = life->folder,
        .clouds = clouds,
        .cloud_count = LIFE_CONNECTIONS,
        .outbox = {.max_bytes = 16000000, .max_age_ms = 86400000LL, .replay = true},
    };
    life->writer = (struct store_writer){.expire_ms = 0};
    if (store_file_open(&life->writer.file, life->folder, life->site.outbox.max_bytes, &err) !=
        0) {
        life_complain("it does not open: %s", err.text);
        exit(1);
    }
    store_writer_init(&life->writer, &life->site, take_event, life);
    life->openings++;
    life->left = life->facts;
    if (life->writer.stats.is_in_memory)
        life->facts = (struct facts){.rows = {0}};
    int64_t last = store_outbox_last(life->writer.file.sql);
    for (int id = LIFE_ROWS - 1; id > last && !life->writer.stats.is_in_memory; id--) {
        if (life->is_exact && life->facts.rows[id])
            life_complain("row %d would be given again", id);
    }
}

static void keep_snapshot(struct life *life, size_t began)
{
    life->snapshots =
        mem_resize(life->snapshots, life->snapshot_count + 1, sizeof *life->snapshots);
    life->snapshots[life->snapshot_count++] =
        (struct snapshot){.facts = life->facts, .began = began, .told = disk_now()};
}

static void turn(struct life *life, bool is_last)
{
    size_t began = disk_now();
    size_t open = life->open_count;
    (void)store_writer_turn(&life->writer, life->now_ms, life->now_ms, is_last);
    if (life->open_count != open)
        keep_snapshot(life, began);
    if (life->open_count && life->open[0].asked_ms + SETTLED_WITHIN_MS < life->now_ms)
        life_complain("an order is not settled");
}

void life_break(struct life *life)
{
    bool was_in_memory = life->writer.stats.is_in_memory;
    store_writer_done(&life->writer);
    life->open_count = 0;
    if (was_in_memory)
        life->facts = life->left;
}

void life_close(struct life *life)
{
    turn(life, true);
    if (life->open_count)
        life_complain("%zu orders are not settled at the end", life->open_count);
    life_break(life);
}

void life_done(struct life *life)
{
    DIR *folder = opendir(life->folder);
    for (struct dirent *entry = folder ? readdir(folder) : NULL; entry;
         entry = readdir(folder)) {
        char path[LIFE_FOLDER_SIZE + 260];
        (void)snprintf(path, sizeof path, "%s/%s", life->folder, entry->d_name);
        (void)unlink(path);
    }
    if (folder)
        (void)closedir(folder);
    (void)rmdir(life->folder);
    free(life->snapshots);
}

// Asking
// ------------------------------------------------------------------------------------------

static void ask(struct life *life, struct store_order *order, struct change change)
{
    if (life->open_count == LIFE_OPEN)
        abort();
    order->ticket = ++life->ticket;
    order->posted_ms = life->now_ms;
    change.ticket = order->ticket;
    change.kind = order->kind;
    change.asked_ms = life->now_ms;
    life->open[life->open_count++] = change;
    store_writer_take(&life->writer, order);
}

static int chance(struct life *life, int limit)
{
    return (int)random_below(&life->random, (uint32_t)limit);
}

static struct outbox_row row_of(const struct life *life, int id, enum outbox_kind kind,
                                char payload[WORDING_SIZE])
{
    wording_payload(id, payload);
    struct outbox_row row = {
        .id = id,
        .kind = kind,
        .connection = wording_connection(id),
        .stamp = {kind == OUTBOX_RESPONSE ? STAMP_NONE : STAMP_PRESENT, life->now_ms},
        .topic = wording_topic,
        .payload = payload,
    };
    return row;
}

static void put_rows(struct life *life)
{
    for (int count = 1 + chance(life, 8); count > 0; count--) {
        if (life->row_count + 2 >= LIFE_ROWS)
            return;
        int id = ++life->row_count;
        enum outbox_kind kind = chance(life, 5) ? OUTBOX_TELEMETRY : OUTBOX_LOG;
        char payload[WORDING_SIZE];
        struct outbox_row row = row_of(life, id, kind, payload);
        ask(life, store_order_put_row(&row, false),
            (struct change){.number = id, .row_kind = kind});
    }
}

static bool is_open(const struct life *life, enum store_order_kind from,
                    enum store_order_kind to, int number)
{
    for (size_t i = 0; i < life->open_count; i++) {
        if (life->open[i].kind >= from && life->open[i].kind <= to &&
            life->open[i].number == number)
            return true;
    }
    return false;
}

// Rows that the broker has acknowledged.
static void delete_rows(struct life *life)
{
    for (int tries = 12; tries > 0 && life->row_count; tries--) {
        int id = 1 + chance(life, life->row_count);
        uint8_t kind = life->facts.rows[id];
        if (!kind || is_open(life, ORDER_PUT_ROW, ORDER_DELETE_ROW, id))
            continue;
        ask(life, store_order_delete_row(outbox_lane_of((enum outbox_kind)(kind - 1)), id),
            (struct change){.number = id});
    }
}

void life_begin(struct life *life, int number, enum command_fact as)
{
    struct wording_command words;
    wording_command(number, &words);
    words.command.state = as == COMMAND_RECEIVED ? JOURNAL_RECEIVED : JOURNAL_EXECUTING;
    ask(life, store_order_begin_command(&words.command),
        (struct change){.number = number, .value = (int)as});
}

static void finish(struct life *life, int number)
{
    struct wording_command words;
    char payload[WORDING_SIZE];
    wording_command(number, &words);
    bool has_row = chance(life, 4) > 0 && life->row_count + 2 < LIFE_ROWS;
    int id = has_row ? ++life->row_count : 0;
    struct outbox_row row = row_of(life, id, OUTBOX_RESPONSE, payload);
    ask(life, store_order_finish_command(&words.command, has_row ? &row : NULL),
        (struct change){.number = number, .row = id});
}

// A new command, one that comes again, or the next step of one.
static void command(struct life *life)
{
    int number = chance(life, life->command_count + 1);
    if (is_open(life, ORDER_BEGIN_COMMAND, ORDER_FINISH_COMMAND, number))
        return;
    if (chance(life, 3) == 0 && life->command_count + 1 < LIFE_COMMANDS) {
        life_begin(life, life->command_count++,
                   chance(life, 2) ? COMMAND_RECEIVED : COMMAND_EXECUTING);
        return;
    }
    struct wording_command words;
    wording_command(number, &words);
    switch ((enum command_fact)life->facts.commands[number]) {
    case COMMAND_RECEIVED:
        ask(life, store_order_advance_command(&words.command),
            (struct change){.number = number});
        break;
    case COMMAND_EXECUTING:
        finish(life, number);
        break;
    case COMMAND_DONE:
        life_begin(life, number, COMMAND_EXECUTING);
        break;
    case COMMAND_UNKNOWN:
        break;
    }
}

static void note(struct life *life)
{
    int number = chance(life, LIFE_NOTES);
    int value = chance(life, 4);
    bool is_urgent = chance(life, 3) == 0;
    struct wording_note words;
    wording_note(number, value, &words);
    struct change change = {.number = number, .value = value};
    if (value)
        ask(life, store_order_put_note(&words.note, is_urgent), change);
    else
        ask(life, store_order_delete_note(&words.note, is_urgent), change);
}

static void rarely(struct life *life)
{
    switch (chance(life, 3)) {
    case 0:
        ask(life, store_order_set_offset(OFFSET_MS + life->now_ms), (struct change){0});
        break;
    case 1: {
        int connection = chance(life, LIFE_CONNECTIONS);
        int up_to = life->row_count / 2;
        ask(life, store_order_drop_backlog(connection, up_to),
            (struct change){.number = up_to, .value = connection});
        break;
    }
    default:
        life_close(life);
        life_open(life);
    }
}

void life_turn(struct life *life)
{
    put_rows(life);
    for (int acts = chance(life, 4); acts > 0; acts--)
        command(life);
    if (chance(life, 2))
        note(life);
    if (chance(life, 2))
        delete_rows(life);
    if (chance(life, 25) == 0)
        rarely(life);
    life->now_ms += chance(life, 1500);
    turn(life, false);
}

void life_settle(struct life *life)
{
    turn(life, true);
}

void life_wait(struct life *life, int64_t wait_ms)
{
    for (int64_t until_ms = life->now_ms + wait_ms; life->now_ms < until_ms;) {
        life->now_ms += 1000;
        turn(life, false);
    }
    struct wording_note words;
    wording_note(0, 1, &words);
    ask(life, store_order_put_note(&words.note, true), (struct change){.value = 1});
    turn(life, false);
}
