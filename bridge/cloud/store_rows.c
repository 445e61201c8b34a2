// SPDX-License-Identifier: MIT
#include "cloud/store_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crc32.h"
#include "base/mem.h"

enum {
    PAGE_BYTES = 4096,
    MAKE_WAY = 64, // rows that make way at a time
    EXPIRE_AT_ONCE = 500,
    ATTEMPTS = 3, // to read what a start depends on
};

#define FAR_ID (INT64_C(1) << 40)

// Numbers
// ---------------------------------------------------------------------------------------

static enum sql_result number_of(struct sql *sql, const char *insert, const char *select,
                                 const char *text, int64_t *ret_number)
{
    struct sql_statement *statement = sql_prepare(sql, insert);
    sql_bind_text(statement, 1, text);
    enum sql_result result = sql_execute(statement);
    if (result != SQL_DONE)
        return result;
    statement = sql_prepare(sql, select);
    sql_bind_text(statement, 1, text);
    result = sql_step(statement);
    if (result == SQL_ROW) {
        *ret_number = sql_column_number(statement, 0);
        result = SQL_DONE;
    }
    sql_reset(statement);
    return result;
}

void store_outbox_name(struct store_outbox *outbox, size_t connection, const char *name)
{
    if (connection >= outbox->cloud_count) {
        outbox->clouds = mem_resize(outbox->clouds, connection + 1, sizeof *outbox->clouds);
        while (outbox->cloud_count <= connection)
            outbox->clouds[outbox->cloud_count++] = (struct store_cloud){0};
    }
    free(outbox->clouds[connection].name);
    outbox->clouds[connection] = (struct store_cloud){.name = mem_copy_text(name)};
}

enum sql_result store_outbox_init(struct store_outbox *outbox, struct sql *sql)
{
    static const char put_boot[] = "INSERT OR IGNORE INTO boots(boot) VALUES(?1)";
    static const char get_boot[] = "SELECT id FROM boots WHERE boot = ?1";
    static const char put_cloud[] = "INSERT OR IGNORE INTO clouds(name) VALUES(?1)";
    static const char get_cloud[] = "SELECT id FROM clouds WHERE name = ?1";
    char boot[CLOCK_BOOT_ID_SIZE];
    clock_boot_id(boot);
    enum sql_result result = number_of(sql, put_boot, get_boot, boot, &outbox->boot);
    for (size_t i = 0; i < outbox->cloud_count && result == SQL_DONE; i++) {
        struct store_cloud *cloud = &outbox->clouds[i];
        if (cloud->name)
            result = number_of(sql, put_cloud, get_cloud, cloud->name, &cloud->number);
    }
    if (result == SQL_DONE && outbox->clock.is_set)
        result = store_outbox_set_offset(outbox, sql, outbox->clock.offset_ms);
    return result;
}

void store_outbox_done(struct store_outbox *outbox)
{
    for (size_t i = 0; i < outbox->cloud_count; i++)
        free(outbox->clouds[i].name);
    free(outbox->clouds);
    *outbox = (struct store_outbox){0};
}

int64_t store_outbox_last(struct sql *sql)
{
    static const char find[] = "SELECT max((SELECT coalesce(max(id), 0) FROM outbox), "
                               "(SELECT coalesce(max(id), 0) FROM responses))";
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        int64_t last = 0;
        if (sql_number(sql, find, &last) == SQL_DONE)
            return last;
    }
    // What the disk does not tell must not be overwritten: no row has come so far.
    return FAR_ID + clock_wall_ms();
}

// Rows
// ------------------------------------------------------------------------------------------

// The checksum covers everything that makes a row mean something.
static uint32_t checksum(int64_t id, int64_t kind, int64_t at_ms, const char *topic,
                         const char *payload)
{
    int64_t numbers[] = {id, kind, at_ms};
    uint32_t crc = crc32_add(0, numbers, sizeof numbers);
    crc = crc32_add(crc, topic, strlen(topic) + 1);
    return crc32_add(crc, payload, strlen(payload));
}

enum sql_result store_outbox_put(const struct store_outbox *outbox, struct sql *sql,
                                 const struct store_order *order, struct store_stats *stats)
{
    static const char *const puts[OUTBOX_LANE_COUNT] = {
        [LANE_RESPONSES] = "INSERT OR REPLACE INTO responses"
                           "(id, cloud, kind, boot, at_ms, crc, topic, payload) "
                           "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        [LANE_DATA] = "INSERT OR REPLACE INTO outbox"
                      "(id, cloud, kind, boot, at_ms, crc, topic, payload) "
                      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    };
    struct sql_statement *statement = sql_prepare(sql, puts[order->row.lane]);
    bool has_time = order->row.stamp.kind == STAMP_PRESENT;
    int64_t at_ms = has_time ? order->row.stamp.ms : 0;
    sql_bind_number(statement, 1, order->row.id);
    sql_bind_number(statement, 2, outbox->clouds[order->row.connection].number);
    sql_bind_number(statement, 3, order->row.kind);
    sql_bind_number(statement, 4, outbox->boot);
    if (has_time)
        sql_bind_number(statement, 5, at_ms);
    sql_bind_number(
        statement, 6,
        checksum(order->row.id, order->row.kind, at_ms, order->row.topic, order->row.payload));
    sql_bind_text(statement, 7, order->row.topic);
    sql_bind_text(statement, 8, order->row.payload);
    enum sql_result result = sql_execute(statement);
    stats->rows += result == SQL_DONE;
    return result;
}

static const char *const deletes[OUTBOX_LANE_COUNT] = {
    [LANE_RESPONSES] = "DELETE FROM responses WHERE id = ?1",
    [LANE_DATA] = "DELETE FROM outbox WHERE id = ?1",
};

static enum sql_result execute_counted(struct sql *sql, struct sql_statement *statement,
                                       struct store_stats *stats, uint64_t *counter)
{
    enum sql_result result = sql_execute(statement);
    if (result != SQL_DONE)
        return result;
    uint64_t gone = (uint64_t)sql_changes(sql);
    stats->rows -= gone < stats->rows ? gone : stats->rows;
    if (counter)
        *counter += gone;
    return SQL_DONE;
}

enum sql_result store_outbox_delete(struct sql *sql, const struct store_order *order,
                                    struct store_stats *stats)
{
    struct sql_statement *statement = sql_prepare(sql, deletes[order->row.lane]);
    sql_bind_number(statement, 1, order->row.id);
    return execute_counted(sql, statement, stats, NULL);
}

enum sql_result store_outbox_drop_backlog(const struct store_outbox *outbox, struct sql *sql,
                                          const struct store_order *order,
                                          struct store_stats *stats)
{
    static const char drop[] = "DELETE FROM outbox WHERE cloud = ?1 AND id <= ?2";
    struct sql_statement *statement = sql_prepare(sql, drop);
    sql_bind_number(statement, 1, outbox->clouds[order->row.connection].number);
    sql_bind_number(statement, 2, order->row.id);
    return execute_counted(sql, statement, stats, &stats->dropped_replay);
}

enum sql_result store_outbox_set_offset(struct store_outbox *outbox, struct sql *sql,
                                        int64_t offset_ms)
{
    static const char set[] = "UPDATE boots SET offset_ms = ?2 WHERE id = ?1";
    outbox->clock = (struct stamp_clock){.is_set = true, .offset_ms = offset_ms};
    struct sql_statement *statement = sql_prepare(sql, set);
    sql_bind_number(statement, 1, outbox->boot);
    sql_bind_number(statement, 2, offset_ms);
    return sql_execute(statement);
}

// Bounds
// ----------------------------------------------------------------------------------------

static enum sql_result used_bytes(struct sql *sql, int64_t *ret_bytes)
{
    int64_t pages = 0;
    int64_t free_pages = 0;
    enum sql_result result = sql_number(sql, "PRAGMA page_count", &pages);
    if (result == SQL_DONE)
        result = sql_number(sql, "PRAGMA freelist_count", &free_pages);
    *ret_bytes = (pages - free_pages) * PAGE_BYTES;
    return result;
}

enum sql_result store_outbox_make_room(const struct store_outbox *outbox, struct sql *sql,
                                       int64_t bytes, struct store_stats *stats)
{
    static const char make_way[] =
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT ?1)";
    for (;;) {
        int64_t used = 0;
        enum sql_result result = used_bytes(sql, &used);
        if (result != SQL_DONE || used + bytes <= outbox->max_bytes)
            return result;
        struct sql_statement *statement = sql_prepare(sql, make_way);
        sql_bind_number(statement, 1, MAKE_WAY);
        uint64_t before = stats->dropped_full;
        result = execute_counted(sql, statement, stats, &stats->dropped_full);
        if (result != SQL_DONE || stats->dropped_full == before)
            return result;
    }
}

static const char oldest[] = "SELECT o.id, o.boot, o.at_ms, b.offset_ms FROM outbox o "
                             "LEFT JOIN boots b ON b.id = o.boot ORDER BY o.id LIMIT 1";

// What a row's columns say about its time; STAMP_NONE when it can never be dated.
static struct stamp stamp_of(const struct store_outbox *outbox, struct sql_statement *statement,
                             int column)
{
    int64_t at_ms = sql_column_number(statement, column + 1);
    if (sql_column_number(statement, column) == outbox->boot)
        return (struct stamp){STAMP_PRESENT, at_ms};
    if (sql_column_is_null(statement, column + 2))
        return (struct stamp){.kind = STAMP_NONE};
    return (struct stamp){STAMP_WALL, at_ms + sql_column_number(statement, column + 2)};
}

static int64_t age_ms(const struct store_outbox *outbox, const struct stamp *stamp,
                      int64_t boot_ms)
{
    if (stamp->kind == STAMP_PRESENT)
        return boot_ms - stamp->ms;
    return outbox->clock.is_set ? boot_ms + outbox->clock.offset_ms - stamp->ms : 0;
}

enum sql_result store_outbox_expire(const struct store_outbox *outbox, struct sql *sql,
                                    int64_t boot_ms, bool *ret_more, struct store_stats *stats)
{
    *ret_more = true;
    for (int i = 0; i < EXPIRE_AT_ONCE; i++) {
        struct sql_statement *statement = sql_prepare(sql, oldest);
        enum sql_result result = sql_step(statement);
        int64_t id = result == SQL_ROW ? sql_column_number(statement, 0) : 0;
        struct stamp stamp = {.kind = STAMP_NONE};
        if (result == SQL_ROW)
            stamp = stamp_of(outbox, statement, 1);
        sql_reset(statement);
        bool is_undated = stamp.kind == STAMP_NONE;
        bool stays = !is_undated && age_ms(outbox, &stamp, boot_ms) <= outbox->max_age_ms;
        if (result != SQL_ROW || stays) {
            *ret_more = false;
            return result == SQL_ROW ? SQL_DONE : result;
        }
        statement = sql_prepare(sql, deletes[LANE_DATA]);
        sql_bind_number(statement, 1, id);
        result = execute_counted(sql, statement, stats,
                                 is_undated ? &stats->dropped_undated : &stats->dropped_old);
        if (result != SQL_DONE)
            return result;
    }
    return SQL_DONE;
}

enum sql_result store_outbox_count(struct sql *sql, struct store_stats *stats)
{
    int64_t rows = 0;
    enum sql_result result = sql_number(
        sql, "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM responses)", &rows);
    stats->rows = (uint64_t)rows;
    return result;
}

enum sql_result store_outbox_measure(const struct store_outbox *outbox, struct sql *sql,
                                     struct store_stats *stats)
{
    enum sql_result result = used_bytes(sql, &stats->bytes);
    if (result != SQL_DONE)
        return result;
    struct sql_statement *statement = sql_prepare(sql, oldest);
    result = sql_step(statement);
    stats->oldest = (struct stamp){.kind = STAMP_NONE};
    if (result == SQL_ROW)
        stats->oldest = stamp_of(outbox, statement, 1);
    sql_reset(statement);
    return result == SQL_ROW ? SQL_DONE : result;
}

// Loading
// ---------------------------------------------------------------------------------------

static bool is_deleted(const struct store_order *deleted, enum outbox_lane lane, int64_t id)
{
    for (; deleted; deleted = deleted->next) {
        if (deleted->kind == ORDER_DELETE_ROW && deleted->row.lane == lane &&
            deleted->row.id == id)
            return true;
    }
    return false;
}

// Columns: id, kind, crc, topic, payload, boot, at_ms, offset_ms.
static struct store_row read_row(const struct store_outbox *outbox,
                                 struct sql_statement *statement, int connection,
                                 struct store_stats *stats)
{
    struct store_row row = {.id = sql_column_number(statement, 0)};
    int64_t kind = sql_column_number(statement, 1);
    const char *topic = sql_column_text(statement, 3);
    const char *payload = sql_column_text(statement, 4);
    bool has_time = !sql_column_is_null(statement, 6);
    int64_t at_ms = sql_column_number(statement, 6);
    bool is_sound =
        topic && payload && kind >= 0 && kind < OUTBOX_KIND_COUNT &&
        checksum(row.id, kind, at_ms, topic, payload) == sql_column_number(statement, 2);
    row.message = (struct outbox_message){
        .kind = is_sound ? (enum outbox_kind)kind : OUTBOX_TELEMETRY,
        .connection = connection,
    };
    if (has_time)
        row.message.stamp = stamp_of(outbox, statement, 5);
    bool is_dated = !has_time || row.message.stamp.kind != STAMP_NONE;
    stats->dropped_damaged += !is_sound;
    stats->dropped_undated += is_sound && !is_dated;
    if (!is_sound || !is_dated)
        return row;
    row.message.topic = mem_copy_text(topic);
    row.message.payload = mem_copy_text(payload);
    return row;
}

enum sql_result store_outbox_load(const struct store_outbox *outbox, struct sql *sql,
                                  const struct outbox_wish *wish,
                                  const struct store_order *deleted, struct store_stats *stats,
                                  struct store_rows **ret_rows)
{
#define LOAD(table)                                                                            \
    "SELECT o.id, o.kind, o.crc, o.topic, o.payload, o.boot, o.at_ms, b.offset_ms FROM " table \
    " o LEFT JOIN boots b ON b.id = o.boot WHERE o.cloud = ?1 AND o.id > ?2 AND o.id < ?3 "    \
    "ORDER BY o.id LIMIT ?4"
    static const char *const loads[OUTBOX_LANE_COUNT] = {
        [LANE_RESPONSES] = LOAD("responses"),
        [LANE_DATA] = LOAD("outbox"),
    };
#undef LOAD
    struct store_rows *rows = mem_new(1, sizeof *rows + wish->count * sizeof(struct store_row));
    rows->wish = *wish;
    rows->last = wish->after;
    struct sql_statement *statement = sql_prepare(sql, loads[wish->lane]);
    sql_bind_number(statement, 1, outbox->clouds[wish->connection].number);
    sql_bind_number(statement, 2, wish->after);
    sql_bind_number(statement, 3, wish->before);
    sql_bind_number(statement, 4, (int64_t)wish->count);
    enum sql_result result = sql_step(statement);
    size_t looked = 0;
    while (result == SQL_ROW) {
        looked++;
        rows->last = sql_column_number(statement, 0);
        if (!is_deleted(deleted, wish->lane, rows->last))
            rows->rows[rows->count++] = read_row(outbox, statement, wish->connection, stats);
        result = sql_step(statement);
    }
    sql_reset(statement);
    rows->is_all = looked < wish->count;
    *ret_rows = rows;
    return result;
}

void store_rows_free(struct store_rows *rows)
{
    if (!rows)
        return;
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->rows[i].message.topic);
        free(rows->rows[i].message.payload);
    }
    free(rows);
}
