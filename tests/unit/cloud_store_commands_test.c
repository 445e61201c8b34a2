// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "support/store_world.h"

static void judges_by_the_record(void **state)
{
    (void)state;
    assert_int_equal(journal_judge(NULL, "a"), JOURNAL_NEW);
    struct journal_record record = {true, "a", JOURNAL_RECEIVED, NULL};
    assert_int_equal(journal_judge(&record, "a"), JOURNAL_RUNNING);
    record.state = JOURNAL_EXECUTING;
    assert_int_equal(journal_judge(&record, "a"), JOURNAL_RUNNING);
    assert_int_equal(journal_judge(&record, "b"), JOURNAL_CONFLICT);
    record.state = JOURNAL_DONE;
    record.response = "{}";
    assert_int_equal(journal_judge(&record, "a"), JOURNAL_ANSWERED);
    assert_int_equal(journal_judge(&record, "b"), JOURNAL_CONFLICT);
    record.is_sound = false;
    assert_int_equal(journal_judge(&record, "a"), JOURNAL_DAMAGED);
}

static void digests_differ(void **state)
{
    (void)state;
    char first[JOURNAL_DIGEST_SIZE];
    char second[JOURNAL_DIGEST_SIZE];
    journal_digest("set{\"w\":1}", first);
    journal_digest("set{\"w\":2}", second);
    assert_int_equal(strlen(first), JOURNAL_DIGEST_SIZE - 1);
    assert_string_not_equal(first, second);
    journal_digest("set{\"w\":1}", second);
    assert_string_equal(first, second);
}

struct verdict {
    enum journal_verdict verdict;
    char response[64];
};

static struct journal_command command(const char *id, const char *digest)
{
    return (struct journal_command){.device = "HW/meter", .id = id, .digest = digest};
}

static struct verdict begin_as(struct store_world *world, const char *id, const char *digest,
                               enum journal_state as)
{
    struct journal_command begun = command(id, digest);
    begun.state = as;
    begun.request = "{\"id\":\"x\"}";
    uint64_t ticket = store_begin_command(world->store, &begun);
    struct verdict verdict = {.verdict = JOURNAL_FAILED};
    bool is_judged = false;
    struct store_event event;
    for (int turn = 0; turn < WORLD_PATIENCE_MS / 100 && !is_judged; turn++) {
        while (mailbox_take(world->events, &event)) {
            world_note_event(world, &event);
            if (event.kind != STORE_JUDGED || event.judged.ticket != ticket)
                continue;
            is_judged = true;
            verdict.verdict = event.judged.verdict;
            if (event.judged.response)
                (void)snprintf(verdict.response, sizeof verdict.response, "%s",
                               event.judged.response);
            free(event.judged.response);
        }
        struct pollfd wake = {.fd = mailbox_descriptor(world->events), .events = POLLIN};
        if (!is_judged)
            (void)poll(&wake, 1, 100);
    }
    assert_true(is_judged);
    return verdict;
}

static enum journal_verdict begin(struct store_world *world, const char *id, const char *digest)
{
    return begin_as(world, id, digest, JOURNAL_EXECUTING).verdict;
}

static void finish(struct store_world *world, const char *id, const char *digest,
                   const char *response)
{
    struct journal_command done = command(id, digest);
    done.response = response;
    assert_true(world_await(world, store_finish_command(world->store, &done, NULL)));
}

static void remembers_ids_over_restarts(void **state)
{
    (void)state;
    struct store_world world;
    world_init(&world);
    world_start(&world);
    assert_int_equal(begin(&world, "1", "a"), JOURNAL_NEW);
    assert_int_equal(begin(&world, "1", "a"), JOURNAL_RUNNING);
    finish(&world, "1", "a", "{\"state\":\"completed\"}");
    for (int restart = 0; restart < 3; restart++) {
        struct verdict again = begin_as(&world, "1", "a", JOURNAL_EXECUTING);
        assert_int_equal(again.verdict, JOURNAL_ANSWERED);
        assert_string_equal(again.response, "{\"state\":\"completed\"}");
        assert_int_equal(begin(&world, "1", "b"), JOURNAL_CONFLICT);
        world_stop(&world);
        world_start(&world);
    }
    world_stop(&world);
    world_done(&world);
}

static void keeps_the_first_response(void **state)
{
    (void)state;
    struct store_world world;
    world_init(&world);
    world_start(&world);
    assert_int_equal(begin(&world, "1", "a"), JOURNAL_NEW);
    finish(&world, "1", "a", "{\"state\":\"completed\"}");
    finish(&world, "1", "a", "{\"state\":\"error\"}");
    struct verdict again = begin_as(&world, "1", "a", JOURNAL_EXECUTING);
    assert_int_equal(again.verdict, JOURNAL_ANSWERED);
    assert_string_equal(again.response, "{\"state\":\"completed\"}");
    world_stop(&world);
    world_done(&world);
}

struct found {
    char text[400];
};

static void take(void *context, const struct journal_command *found)
{
    struct found *all = context;
    size_t used = strlen(all->text);
    (void)snprintf(all->text + used, sizeof all->text - used, "%s %s %s %d %s\n", found->device,
                   found->id, found->digest, found->state, found->request);
}

static void hands_over_what_was_not_finished(void **state)
{
    (void)state;
    struct store_world world;
    world_init(&world);
    world_start(&world);
    assert_int_equal(begin(&world, "done", "a"), JOURNAL_NEW);
    finish(&world, "done", "a", "{}");
    assert_int_equal(begin(&world, "begun", "b"), JOURNAL_NEW);
    assert_int_equal(begin_as(&world, "waits", "c", JOURNAL_RECEIVED).verdict, JOURNAL_NEW);
    assert_int_equal(begin_as(&world, "late", "d", JOURNAL_RECEIVED).verdict, JOURNAL_NEW);
    struct journal_command late = command("late", "d");
    assert_true(world_await(&world, store_advance_command(world.store, &late)));
    world_stop(&world);
    world_open(&world);
    struct found found = {""};
    store_load_commands(world.store, take, &found);
    assert_string_equal(found.text, "HW/meter begun b 1 {\"id\":\"x\"}\n"
                                    "HW/meter waits c 0 {\"id\":\"x\"}\n"
                                    "HW/meter late d 1 {\"id\":\"x\"}\n");
    world_stop(&world);
    world_done(&world);
}

static void change(const struct store_world *world, const char *sql)
{
    char path[400];
    world_path(world, "modbridge.db", path);
    sqlite3 *handle = NULL;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void does_not_trust_a_damaged_record(void **state)
{
    (void)state;
    struct store_world world;
    world_init(&world);
    world_start(&world);
    assert_int_equal(begin(&world, "1", "a"), JOURNAL_NEW);
    finish(&world, "1", "a", "{\"state\":\"completed\"}");
    world_stop(&world);
    change(&world, "UPDATE commands SET response = '{\"state\":\"Completed\"}'");
    world_start(&world);
    assert_int_equal(begin(&world, "1", "a"), JOURNAL_DAMAGED);
    world_stop(&world);
    world_done(&world);
}

static void forgets_secrets_of_finished_commands(void **state)
{
    (void)state;
    struct store_world world;
    world_init(&world);
    world_start(&world);
    struct journal_command begun = command("1", "a");
    begun.request = "{\"password\":\"very-secret-text\"}";
    (void)store_begin_command(world.store, &begun);
    finish(&world, "1", "a", "{}");
    world_stop(&world);
    char path[400];
    world_path(&world, "modbridge.db", path);
    FILE *file = fopen(path, "r");
    static char content[1 << 20];
    size_t length = fread(content, 1, sizeof content, file);
    (void)fclose(file);
    assert_true(length > 0);
    assert_null(memmem(content, length, "very-secret-text", 16));
    world_done(&world);
}

static void forgets_the_oldest_beyond_its_bound(void **state)
{
    (void)state;
    struct store_world world;
    world_init(&world);
    world_start(&world);
    assert_int_equal(begin(&world, "open", "a"), JOURNAL_NEW);
    world_stop(&world);
    change(&world,
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10500)"
           " INSERT INTO commands(device, id, fingerprint, state, boot, at_ms, response, "
           "crc) SELECT 'HW/meter', 'x' || i, 'd', 2, 99, 0, '{}', 0 FROM n");
    world_start(&world);                                           // it looks at once
    assert_int_equal(begin(&world, "x400", "d"), JOURNAL_NEW);     // forgotten
    assert_int_equal(begin(&world, "x600", "d"), JOURNAL_DAMAGED); // its checksum is 0
    assert_int_equal(begin(&world, "open", "a"), JOURNAL_RUNNING); // never forgotten
    world_stop(&world);
    world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_by_the_record),
        cmocka_unit_test(digests_differ),
        cmocka_unit_test(remembers_ids_over_restarts),
        cmocka_unit_test(keeps_the_first_response),
        cmocka_unit_test(hands_over_what_was_not_finished),
        cmocka_unit_test(does_not_trust_a_damaged_record),
        cmocka_unit_test(forgets_secrets_of_finished_commands),
        cmocka_unit_test(forgets_the_oldest_beyond_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
