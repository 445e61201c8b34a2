// SPDX-License-Identifier: MIT
// The outbox in a world of chance: connections come and go, a disk answers late, memory is
// short. Whatever happens, each row arrives, and more than once only when it was in flight as
// its connection was lost.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "cloud/outbox.h"
#include "support/random.h"

enum { CONNECTIONS = 2, MAX_ROWS = 3000, MAX_ORDERS = 20000, STEPS = 4000, WORLDS = 60 };

// What became of a row.
struct fate {
    enum outbox_kind kind;
    int connection;
    bool is_on_disk;
    bool is_in_flight;
    unsigned deliveries;
    unsigned lost_in_flight; // times its connection was lost while it was in flight
};

struct order {
    bool is_delete;
    int64_t id;
};

struct world {
    struct outbox *outbox;
    bool is_up[CONNECTIONS];
    struct fate fates[MAX_ROWS + 1];
    int64_t rows;
    struct order orders[MAX_ORDERS]; // to the store, carried out up to `committed`
    uint64_t posted;
    uint64_t committed;
    struct outbox_wish wishes[8]; // not fulfilled yet
    uint64_t wished[8];           // orders posted before each: the store knows of no others
    size_t wish_count;
    int64_t now_ms;
};

static const struct stamp_clock set = {.is_set = true};

static void push(struct world *world, uint64_t *random)
{
    if (world->rows == MAX_ROWS)
        return;
    enum outbox_kind kinds[] = {OUTBOX_TELEMETRY, OUTBOX_TELEMETRY, OUTBOX_TELEMETRY,
                                OUTBOX_LOG, OUTBOX_RESPONSE};
    struct outbox_message message = {
        .kind = kinds[random_below(random, ARRAY_LENGTH(kinds))],
        .connection = (int)random_below(random, CONNECTIONS),
        .topic = mem_copy_text("t"),
        .payload = mem_copy_text("{}"),
    };
    int64_t id = outbox_push(world->outbox, &message, world->now_ms);
    assert_int_equal(id, ++world->rows);
    world->fates[id].kind = message.kind;
    world->fates[id].connection = message.connection;
}

static void save(struct world *world)
{
    struct outbox_row row;
    while (outbox_next_unsaved(world->outbox, world->now_ms, &row)) {
        world->orders[world->posted++] = (struct order){.id = row.id};
        assert_true(world->posted < MAX_ORDERS);
        outbox_saving(world->outbox, row.id, world->posted);
    }
}

static void commit(struct world *world, uint64_t *random)
{
    uint64_t until = world->committed + random_below(random, 40);
    for (; world->committed < until && world->committed < world->posted; world->committed++) {
        const struct order *order = &world->orders[world->committed];
        world->fates[order->id].is_on_disk = !order->is_delete;
    }
    outbox_settled(world->outbox, world->committed, true);
}

static void wish(struct world *world, int connection)
{
    while (world->wish_count < ARRAY_LENGTH(world->wishes) &&
           outbox_next_wish(world->outbox, connection, 6, &world->wishes[world->wish_count]))
        world->wished[world->wish_count++] = world->posted;
}

static bool is_being_deleted(const struct world *world, int64_t id, uint64_t posted)
{
    for (uint64_t i = world->committed; i < posted; i++) {
        if (world->orders[i].is_delete && world->orders[i].id == id)
            return true;
    }
    return false;
}

static void load(struct world *world, const struct outbox_wish *wish, int64_t id)
{
    struct outbox_message message = {
        .kind = world->fates[id].kind,
        .connection = wish->connection,
        .topic = mem_copy_text("t"),
        .payload = mem_copy_text("{}"),
    };
    outbox_load(world->outbox, wish, id, &message);
}

// As the store does: what is committed, without what is about to be deleted.
static void fulfil(struct world *world)
{
    if (!world->wish_count)
        return;
    struct outbox_wish wish = world->wishes[0];
    uint64_t posted = world->wished[0];
    world->wish_count--;
    memmove(&world->wishes[0], &world->wishes[1], world->wish_count * sizeof world->wishes[0]);
    memmove(&world->wished[0], &world->wished[1], world->wish_count * sizeof world->wished[0]);
    int64_t last = wish.after;
    size_t looked = 0;
    for (int64_t id = wish.after + 1; id < wish.before && id <= world->rows; id++) {
        const struct fate *fate = &world->fates[id];
        if (looked == wish.count || !fate->is_on_disk || fate->connection != wish.connection ||
            outbox_lane_of(fate->kind) != wish.lane)
            continue;
        looked++;
        last = id;
        if (!is_being_deleted(world, id, posted))
            load(world, &wish, id);
    }
    outbox_loaded(world->outbox, &wish, last, looked < wish.count);
}

static void send(struct world *world, int connection)
{
    struct outbox_gate gate = {&set, true};
    struct outbox_row row;
    bool was_replayed = false;
    if (!world->is_up[connection] || outbox_in_flight(world->outbox, connection) >= 20 ||
        !outbox_take_next(world->outbox, connection, &gate, &row, &was_replayed))
        return;
    struct fate *fate = &world->fates[row.id];
    assert_false(fate->is_in_flight);
    assert_int_equal(fate->connection, connection);
    assert_int_equal(fate->kind, row.kind);
    fate->is_in_flight = true;
    if (++fate->deliveries > 1 + fate->lost_in_flight)
        fail_msg("row %lld was sent %u times", (long long)row.id, fate->deliveries);
}

static void acknowledge(struct world *world, uint64_t *random)
{
    int64_t start = 1 + (int64_t)random_below(random, (uint32_t)world->rows + 1);
    for (int64_t id = start; id <= world->rows; id++) {
        if (!world->fates[id].is_in_flight)
            continue;
        enum outbox_lane lane = OUTBOX_LANE_COUNT;
        assert_true(outbox_ack(world->outbox, id, &lane));
        world->fates[id].is_in_flight = false;
        if (lane != OUTBOX_LANE_COUNT)
            world->orders[world->posted++] = (struct order){.is_delete = true, .id = id};
        return;
    }
}

static void turn_link(struct world *world, int connection)
{
    if (!world->is_up[connection]) {
        outbox_connected(world->outbox, connection);
    } else {
        outbox_disconnected(world->outbox, connection);
        for (int64_t id = 1; id <= world->rows; id++) {
            struct fate *fate = &world->fates[id];
            if (fate->connection != connection || !fate->is_in_flight)
                continue;
            fate->is_in_flight = false;
            fate->lost_in_flight++;
        }
    }
    world->is_up[connection] = !world->is_up[connection];
}

static void step(struct world *world, uint64_t *random)
{
    int connection = (int)random_below(random, CONNECTIONS);
    world->now_ms += (int64_t)random_below(random, 200);
    switch (random_below(random, 24)) {
    case 0:
        if (random_below(random, 10) == 0)
            turn_link(world, connection);
        return;
    case 1:
    case 2:
    case 3:
        save(world);
        return;
    case 4:
    case 5:
        commit(world, random);
        return;
    case 6:
    case 7:
        wish(world, connection);
        return;
    case 8:
    case 9:
        fulfil(world);
        return;
    case 10:
    case 11:
    case 12:
    case 13:
    case 14:
        push(world, random);
        return;
    case 15:
    case 16:
    case 17:
    case 18:
        acknowledge(world, random);
        return;
    default:
        send(world, connection);
        return;
    }
}

static void settle_everything(struct world *world, uint64_t *random)
{
    for (int i = 0; i < CONNECTIONS; i++) {
        if (!world->is_up[i])
            turn_link(world, i);
    }
    for (int round = 0; round < 20000; round++) {
        world->now_ms += 1000;
        save(world);
        commit(world, random);
        for (int i = 0; i < CONNECTIONS; i++) {
            wish(world, i);
            fulfil(world);
            send(world, i);
        }
        acknowledge(world, random);
    }
}

static void run_world(uint64_t seed, const struct outbox_policy *policy)
{
    uint64_t random = seed;
    struct world *world = mem_new(1, sizeof *world);
    world->outbox = outbox_new(CONNECTIONS, policy, 0);
    for (int i = 0; i < STEPS; i++)
        step(world, &random);
    settle_everything(world, &random);
    for (int64_t id = 1; id <= world->rows; id++) {
        const struct fate *fate = &world->fates[id];
        if (!fate->deliveries || fate->is_in_flight || fate->is_on_disk)
            fail_msg("seed %llu: row %lld: sent %u times, %s, %s", (unsigned long long)seed,
                     (long long)id, fate->deliveries,
                     fate->is_in_flight ? "in flight" : "acknowledged",
                     fate->is_on_disk ? "still on disk" : "not on disk");
    }
    assert_int_equal(outbox_stats(world->outbox).rows, 0);
    assert_int_equal(outbox_stats(world->outbox).dropped, 0);
    outbox_free(world->outbox);
    free(world);
}

static void loses_nothing_and_repeats_only_what_was_in_flight(void **state)
{
    (void)state;
    struct outbox_policy policies[] = {
        {.save_first = true, .replay = true, .max_rows = 1000, .max_bytes = 1000000},
        {.save_first = true, .replay = true, .max_rows = 70, .max_bytes = 1000000},
        {.save_first = false, .replay = true, .max_rows = 1000, .max_bytes = 1000000},
        {.save_first = false, .replay = true, .max_rows = 200, .max_bytes = 1000000},
    };
    for (uint64_t seed = 1; seed <= WORLDS; seed++)
        run_world(seed, &policies[seed % ARRAY_LENGTH(policies)]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loses_nothing_and_repeats_only_what_was_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
