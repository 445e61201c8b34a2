// SPDX-License-Identifier: MIT
// The control socket with real clients and a clock of the test's own.
#include "daemon/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/folder.h"
#include "base/local_socket.h"
#include "base/lock_file.h"
#include "base/mem.h"

enum { MANY = 3 * CONTROL_MAX_CLIENTS, BIG = 4 * 1000 * 1000 };

struct world {
    char folder[32];
    char path[64];
    struct control *control;
    struct control_ticket ticket; // of the last request "later"
    int taken;
    int64_t now_ms;
};

static void answer_now(void *context, const struct control_request *request,
                       struct control_ticket ticket)
{
    struct world *world = context;
    assert_string_equal(request->name, "now");
    world->taken++;
    control_answer(world->control, ticket, "{\"is\":true}", world->now_ms);
}

static void answer_later(void *context, const struct control_request *request,
                         struct control_ticket ticket)
{
    struct world *world = context;
    assert_string_equal(request->name, "later");
    world->taken++;
    world->ticket = ticket;
}

static const struct control_handler handlers[] = {{"now", answer_now}, {"later", answer_later}};

static int set_up(void **state)
{
    struct world *world = mem_new(1, sizeof *world);
    struct error err;
    strcpy(world->folder, "/tmp/control-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    strcat(strcpy(world->path, world->folder), "/control.sock");
    world->now_ms = 1000;
    world->control = control_new(handlers, ARRAY_LENGTH(handlers), world);
    assert_non_null(world->control);
    assert_int_equal(control_listen(world->control, world->folder, &err), 0);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    control_free(world->control);
    assert_int_equal(access(world->path, F_OK), -1);
    assert_int_equal(rmdir(world->folder), 0);
    free(world);
    return 0;
}

static int join(const struct world *world)
{
    struct error err;
    int client = local_socket_connect(world->path, 5000, &err);
    assert_true(client >= 0);
    return client;
}

static void turn(struct world *world)
{
    control_turn(world->control, world->now_ms);
}

static void say(int client, const char *text)
{
    assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void assert_hears(int client, const char *expected)
{
    char text[300] = "";
    ssize_t length = recv(client, text, sizeof text - 1, MSG_DONTWAIT);
    assert_true(length > 0);
    assert_string_equal(text, expected);
}

static void assert_hears_nothing(int client)
{
    char c = 0;
    assert_int_equal(recv(client, &c, 1, MSG_DONTWAIT), -1);
}

static void assert_is_dropped(int client)
{
    char c = 0;
    assert_int_equal(recv(client, &c, 1, MSG_DONTWAIT), 0);
    (void)close(client);
}

static void test_a_request_in_pieces(void **state)
{
    struct world *world = *state;
    int client = join(world);
    turn(world);
    say(client, "{\"request\":");
    turn(world);
    assert_hears_nothing(client);
    say(client, "\"now\",\"id\":5}\n");
    turn(world);
    assert_hears(client,
                 "{\"control\":1,\"id\":5,\"request\":\"now\",\"result\":{\"is\":true}}\n");
    (void)close(client);
}

static void test_requests_follow_each_other_at_a_pace(void **state)
{
    struct world *world = *state;
    int client = join(world);
    turn(world);
    say(client, "{\"request\":\"now\"}\n{\"request\":\"now\"}\n");
    turn(world);
    turn(world);
    assert_int_equal(world->taken, 1);
    assert_int_equal(control_next_ms(world->control), world->now_ms + CONTROL_PACE_MS);
    world->now_ms += CONTROL_PACE_MS;
    turn(world);
    assert_int_equal(world->taken, 2);
    world->now_ms += CONTROL_PACE_MS;
    turn(world);
    assert_int_equal(control_next_ms(world->control), INT64_MAX);
    (void)close(client);
}

static void test_one_request_is_open_at_a_time(void **state)
{
    struct world *world = *state;
    int client = join(world);
    turn(world);
    say(client, "{\"request\":\"later\"}\n{\"request\":\"now\"}\n");
    turn(world);
    world->now_ms += 10 * CONTROL_PACE_MS;
    turn(world);
    assert_int_equal(world->taken, 1);
    control_answer(world->control, world->ticket, "7", world->now_ms);
    assert_hears(client, "{\"control\":1,\"request\":\"later\",\"result\":7}\n");
    control_answer(world->control, world->ticket, "8", world->now_ms); // once is enough
    assert_hears_nothing(client);
    turn(world);
    assert_int_equal(world->taken, 2);
    (void)close(client);
}

static void test_who_has_waited_elsewhere_keeps_no_pace(void **state)
{
    struct world *world = *state;
    int client = join(world);
    turn(world);
    say(client, "{\"request\":\"later\"}\n{\"request\":\"later\"}\n");
    turn(world);
    assert_int_equal(world->taken, 1);
    assert_true(control_is_awaited(world->control, world->ticket));
    control_hasten(world->control, world->ticket);
    control_answer(world->control, world->ticket, "{}", world->now_ms);
    assert_false(control_is_awaited(world->control, world->ticket));
    turn(world);
    assert_int_equal(world->taken, 2);
    (void)close(client);
    turn(world);
    assert_false(control_is_awaited(world->control, world->ticket));
    control_hasten(world->control, world->ticket); // nobody is there
}

static void test_an_answer_for_somebody_who_has_left(void **state)
{
    struct world *world = *state;
    int client = join(world);
    turn(world);
    say(client, "{\"request\":\"later\"}\n");
    turn(world);
    struct control_ticket ticket = world->ticket;
    (void)close(client);
    turn(world);
    int next = join(world); // takes the same place
    turn(world);
    say(next, "{\"request\":\"later\"}\n");
    turn(world);
    assert_int_equal(world->ticket.client, ticket.client);
    control_answer(world->control, ticket, "\"not yours\"", world->now_ms);
    assert_hears_nothing(next);
    control_refuse(world->control, world->ticket, "no", world->now_ms);
    assert_hears(next, "{\"control\":1,\"request\":\"later\",\"error\":\"no\"}\n");
    (void)close(next);
}

static void test_a_client_that_does_not_take_its_answer(void **state)
{
    struct world *world = *state;
    int client = join(world);
    turn(world);
    say(client, "{\"request\":\"later\"}\n");
    turn(world);
    char *big = mem_new(BIG + 1, 1);
    memset(big, '1', BIG);
    control_answer(world->control, world->ticket, big, world->now_ms);
    free(big);
    assert_int_equal(control_next_ms(world->control), world->now_ms + CONTROL_PATIENCE_MS);
    world->now_ms += CONTROL_PATIENCE_MS - 1;
    turn(world);
    char *some = mem_new(BIG, 1);
    assert_true(recv(client, some, BIG, MSG_DONTWAIT) > 0);
    turn(world);
    assert_true(recv(client, some, BIG, MSG_DONTWAIT) > 0);
    world->now_ms += 1;
    turn(world);
    while (recv(client, some, BIG, MSG_DONTWAIT) > 0)
        ;
    free(some);
    assert_is_dropped(client);
}

static void test_a_big_answer_arrives_whole(void **state)
{
    struct world *world = *state;
    int client = join(world);
    turn(world);
    say(client, "{\"request\":\"later\"}\n");
    turn(world);
    char *big = mem_new(BIG + 1, 1);
    memset(big, '1', BIG);
    control_answer(world->control, world->ticket, big, world->now_ms);
    size_t length = 0;
    for (int i = 0; i < 10000 && (length == 0 || big[length - 1] != '\n'); i++) {
        ssize_t more = recv(client, big + length, BIG + 1 - length, MSG_DONTWAIT);
        length = more > 0 ? (length + (size_t)more) % BIG : length; // the buffer may be reused
        turn(world);
    }
    assert_int_equal(big[length - 1], '\n');
    free(big);
    assert_int_equal(control_next_ms(world->control), world->now_ms + CONTROL_PACE_MS);
    (void)close(client);
}

static void test_a_newcomer_takes_the_place_of_the_one_idle_longest(void **state)
{
    struct world *world = *state;
    int clients[CONTROL_MAX_CLIENTS];
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++, world->now_ms++) {
        clients[i] = join(world);
        turn(world);
    }
    say(clients[0], "{\"request\":\"later\"}\n"); // busy: it stays, whatever comes
    turn(world);
    world->now_ms++;
    int newcomer = join(world);
    turn(world);
    assert_hears_nothing(clients[0]);
    assert_is_dropped(clients[1]);
    assert_hears_nothing(clients[2]);
    say(newcomer, "{\"request\":\"now\"}\n");
    turn(world);
    assert_hears(newcomer, "{\"control\":1,\"request\":\"now\",\"result\":{\"is\":true}}\n");
    (void)close(newcomer);
    (void)close(clients[0]);
    for (size_t i = 2; i < CONTROL_MAX_CLIENTS; i++)
        (void)close(clients[i]);
}

static void test_nobody_is_thrown_out_who_waits_for_an_answer(void **state)
{
    struct world *world = *state;
    int clients[CONTROL_MAX_CLIENTS];
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        clients[i] = join(world);
        turn(world);
        say(clients[i], "{\"request\":\"later\"}\n");
        turn(world);
    }
    int newcomer = join(world);
    turn(world);
    assert_is_dropped(newcomer);
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        assert_hears_nothing(clients[i]);
        (void)close(clients[i]);
    }
}

static void test_connections_without_number(void **state)
{
    struct world *world = *state;
    int clients[MANY];
    for (size_t i = 0; i < MANY; i++, world->now_ms++) {
        clients[i] = join(world);
        turn(world);
    }
    say(clients[MANY - 1], "{\"request\":\"now\"}\n");
    turn(world);
    assert_int_equal(world->taken, 1);
    for (size_t i = 0; i < MANY; i++)
        (void)close(clients[i]);
    turn(world);
    assert_int_equal(control_next_ms(world->control), INT64_MAX);
}

static void test_a_line_without_end(void **state)
{
    struct world *world = *state;
    int client = join(world);
    turn(world);
    char bytes[4096];
    memset(bytes, 'a', sizeof bytes);
    for (int i = 0; i < 20; i++) {
        (void)send(client, bytes, sizeof bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        turn(world);
    }
    assert_hears(client, "{\"control\":1,\"error\":\"a request whose line does not end; at "
                         "most 65536 are read\"}\n");
    (void)close(client);
}

static void test_the_socket_is_its_users_alone(void **state)
{
    const struct world *world = *state;
    struct stat about;
    struct error err;
    assert_int_equal(stat(world->path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    // Listening again replaces it at once: as after a crash.
    int again = local_socket_listen(world->path, &err);
    assert_true(again >= 0);
    int client = join(world);
    int accepted = local_socket_accept(again);
    assert_true(accepted >= 0 && local_socket_is_permitted(accepted));
    (void)close(accepted);
    (void)close(client);
    (void)close(again);
}

static void test_a_path_that_is_too_long(void **state)
{
    (void)state;
    struct error err;
    char path[200];
    memset(path, 'a', sizeof path);
    memcpy(path, "/tmp/", 5);
    path[108] = '\0';
    assert_int_equal(local_socket_listen(path, &err), -1);
    assert_non_null(strstr(err.text, "may have 107 bytes, this one has 108"));
    assert_int_equal(local_socket_connect(path, 100, &err), -1);
}

static void test_a_file_is_held_by_one(void **state)
{
    struct world *world = *state;
    struct error err;
    char path[64];
    int first = -1;
    int second = -1;
    strcat(strcpy(path, world->folder), "/lock");
    assert_int_equal(lock_file_take(path, &first, &err), LOCK_TAKEN);
    assert_int_equal(lock_file_take(path, &second, &err), LOCK_HELD);
    char holder[40];
    (void)snprintf(holder, sizeof holder, "process %ld holds ", (long)getpid());
    assert_ptr_equal(strstr(err.text, holder), err.text);
    (void)close(first);
    assert_int_equal(lock_file_take(path, &second, &err), LOCK_TAKEN);
    (void)close(second);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(lock_file_take("/nowhere/at/all", &second, &err), LOCK_IMPOSSIBLE);
}

static void test_a_folder_is_made_with_the_one_it_lies_in(void **state)
{
    struct world *world = *state;
    char path[64];
    strcat(strcpy(path, world->folder), "/a/b/c");
    assert_int_equal(folder_make(path), -1);
    strcat(strcpy(path, world->folder), "/a/b");
    assert_int_equal(folder_make(path), 0);
    assert_int_equal(folder_make(path), 0);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    assert_int_equal(rmdir(path), 0);
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_request_in_pieces),
        CASE(test_requests_follow_each_other_at_a_pace),
        CASE(test_one_request_is_open_at_a_time),
        CASE(test_who_has_waited_elsewhere_keeps_no_pace),
        CASE(test_an_answer_for_somebody_who_has_left),
        CASE(test_a_client_that_does_not_take_its_answer),
        CASE(test_a_big_answer_arrives_whole),
        CASE(test_a_newcomer_takes_the_place_of_the_one_idle_longest),
        CASE(test_nobody_is_thrown_out_who_waits_for_an_answer),
        CASE(test_connections_without_number),
        CASE(test_a_line_without_end),
        CASE(test_the_socket_is_its_users_alone),
        CASE(test_a_path_that_is_too_long),
        CASE(test_a_file_is_held_by_one),
        CASE(test_a_folder_is_made_with_the_one_it_lies_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
