// SPDX-License-Identifier: MIT
#include "cloud/store_commands.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "base/mem.h"

// Over what must not change, and what is answered.
static uint32_t checksum(const char *device, const char *id, const char *digest,
                         const char *response)
{
    uint32_t crc = crc32_add(0, device, strlen(device) + 1);
    crc = crc32_add(crc, id, strlen(id) + 1);
    crc = crc32_add(crc, digest, strlen(digest) + 1);
    return response ? crc32_add(crc, response, strlen(response)) : crc;
}

static enum sql_result insert(struct sql *sql, int64_t boot, int64_t boot_ms,
                              const struct store_order *order)
{
    static const char put[] =
        "INSERT INTO commands(device, id, fingerprint, state, boot, at_ms, request, crc) "
        "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    struct sql_statement *statement = sql_prepare(sql, put);
    sql_bind_text(statement, 1, order->command.device);
    sql_bind_text(statement, 2, order->command.id);
    sql_bind_text(statement, 3, order->command.digest);
    sql_bind_number(statement, 4, order->command.state);
    sql_bind_number(statement, 5, boot);
    sql_bind_number(statement, 6, boot_ms);
    sql_bind_text(statement, 7, order->command.request);
    sql_bind_number(
        statement, 8,
        checksum(order->command.device, order->command.id, order->command.digest, NULL));
    return sql_execute(statement);
}

// Columns: fingerprint, state, response, crc.
static struct journal_record read_record(struct sql_statement *statement,
                                         const struct store_order *order)
{
    struct journal_record record = {
        .digest = sql_column_text(statement, 0),
        .state = (enum journal_state)sql_column_number(statement, 1),
        .response = sql_column_text(statement, 2),
    };
    record.is_sound =
        record.digest && record.state <= JOURNAL_DONE &&
        (record.state == JOURNAL_DONE) == (record.response != NULL) &&
        sql_column_number(statement, 3) ==
            checksum(order->command.device, order->command.id, record.digest, record.response);
    return record;
}

enum sql_result store_commands_begin(struct sql *sql, int64_t boot, int64_t boot_ms,
                                     struct store_order *order)
{
    static const char find[] = "SELECT fingerprint, state, response, crc FROM commands "
                               "WHERE device = ?1 AND id = ?2";
    free(order->command.response); // of an attempt to commit before
    order->command.response = NULL;
    struct sql_statement *statement = sql_prepare(sql, find);
    sql_bind_text(statement, 1, order->command.device);
    sql_bind_text(statement, 2, order->command.id);
    enum sql_result result = sql_step(statement);
    if (result == SQL_ROW) {
        struct journal_record record = read_record(statement, order);
        order->command.verdict = journal_judge(&record, order->command.digest);
        if (order->command.verdict == JOURNAL_ANSWERED)
            order->command.response = mem_copy_text(record.response);
    }
    sql_reset(statement);
    if (result != SQL_DONE)
        return result == SQL_ROW ? SQL_DONE : result;
    order->command.verdict = journal_judge(NULL, order->command.digest);
    return insert(sql, boot, boot_ms, order);
}

enum sql_result store_commands_advance(struct sql *sql, const struct store_order *order)
{
    static const char advance[] =
        "UPDATE commands SET state = ?3 WHERE device = ?1 AND id = ?2";
    struct sql_statement *statement = sql_prepare(sql, advance);
    sql_bind_text(statement, 1, order->command.device);
    sql_bind_text(statement, 2, order->command.id);
    sql_bind_number(statement, 3, JOURNAL_EXECUTING);
    return sql_execute(statement);
}

enum sql_result store_commands_finish(struct sql *sql, const struct store_order *order)
{
    // A response that is recorded stays.
    static const char finish[] = "UPDATE commands SET state = ?3, response = ?4, crc = ?5, "
                                 "request = NULL WHERE device = ?1 AND id = ?2 AND state < ?3";
    struct sql_statement *statement = sql_prepare(sql, finish);
    sql_bind_text(statement, 1, order->command.device);
    sql_bind_text(statement, 2, order->command.id);
    sql_bind_number(statement, 3, JOURNAL_DONE);
    sql_bind_text(statement, 4, order->command.response);
    sql_bind_number(statement, 5,
                    checksum(order->command.device, order->command.id, order->command.digest,
                             order->command.response));
    return sql_execute(statement);
}

enum sql_result store_commands_expire(const struct store_outbox *outbox, struct sql *sql,
                                      int64_t boot_ms)
{
    static const char too_many[] = "DELETE FROM commands WHERE state = ?2 AND serial <= "
                                   "(SELECT max(serial) FROM commands) "
                                   "- ?1";
    // The oldest hundred are enough to look at: there will be another look.
    static const char too_old[] =
        "DELETE FROM commands WHERE state = ?4 AND serial IN (SELECT c.serial FROM (SELECT "
        "serial, "
        "boot, at_ms FROM commands ORDER BY serial LIMIT 100) c JOIN boots b ON b.id = c.boot "
        "WHERE c.at_ms + CASE WHEN c.boot = ?1 THEN 0 ELSE b.offset_ms - ?2 END < ?3)";
    struct sql_statement *statement = sql_prepare(sql, too_many);
    sql_bind_number(statement, 1, JOURNAL_MAX_COMMANDS);
    sql_bind_number(statement, 2, JOURNAL_DONE);
    enum sql_result result = sql_execute(statement);
    if (result != SQL_DONE || !outbox->clock.is_set)
        return result;
    statement = sql_prepare(sql, too_old);
    sql_bind_number(statement, 1, outbox->boot);
    sql_bind_number(statement, 2, outbox->clock.offset_ms);
    sql_bind_number(statement, 3, boot_ms - JOURNAL_MAX_AGE_MS);
    sql_bind_number(statement, 4, JOURNAL_DONE);
    return sql_execute(statement);
}

struct found {
    struct journal_command *commands; // their texts are heap
    size_t count;
};

static char *copy_column(struct sql_statement *statement, int column)
{
    const char *text = sql_column_text(statement, column);
    return text ? mem_copy_text(text) : NULL;
}

static void forget(struct found *found)
{
    for (size_t i = 0; i < found->count; i++) {
        struct journal_command *command = &found->commands[i];
        free((void *)command->device);
        free((void *)command->id);
        free((void *)command->digest);
        free((void *)command->request);
    }
    free(found->commands);
    *found = (struct found){.count = 0};
}

static enum sql_result find_unfinished(struct sql *sql, struct found *found)
{
    static const char load[] = "SELECT device, id, fingerprint, state, request FROM commands "
                               "WHERE state < ?1 ORDER BY serial";
    struct sql_statement *statement = sql_prepare(sql, load);
    sql_bind_number(statement, 1, JOURNAL_DONE);
    enum sql_result result = sql_step(statement);
    while (result == SQL_ROW) {
        found->commands =
            mem_resize(found->commands, found->count + 1, sizeof *found->commands);
        found->commands[found->count++] = (struct journal_command){
            .device = copy_column(statement, 0),
            .id = copy_column(statement, 1),
            .digest = copy_column(statement, 2),
            .state = (enum journal_state)sql_column_number(statement, 3),
            .request = copy_column(statement, 4),
        };
        result = sql_step(statement);
    }
    sql_reset(statement);
    return result;
}

enum sql_result store_commands_load(struct sql *sql,
                                    void (*take)(void *context,
                                                 const struct journal_command *command),
                                    void *context)
{
    enum { ATTEMPTS = 3 }; // who is left out is never answered
    struct found found = {.count = 0};
    enum sql_result result = find_unfinished(sql, &found);
    for (int again = 1; again < ATTEMPTS && result != SQL_DONE; again++) {
        forget(&found);
        result = find_unfinished(sql, &found);
    }
    for (size_t i = 0; i < found.count; i++) {
        const struct journal_command *command = &found.commands[i];
        if (command->device && command->id && command->digest)
            take(context, command);
    }
    forget(&found);
    return result;
}
