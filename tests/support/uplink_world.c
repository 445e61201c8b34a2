// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "support/uplink_world.h"

enum { PATH_SIZE = 128 };

static pid_t spawn(const char *const *arguments)
{
    extern char **environ;
    pid_t pid = 0;
    posix_spawn_file_actions_t quiet;
    assert_int_equal(posix_spawn_file_actions_init(&quiet), 0);
    assert_int_equal(
        posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0), 0);
    int code =
        posix_spawnp(&pid, arguments[0], &quiet, NULL, (char *const *)arguments, environ);
    assert_int_equal(code, 0);
    assert_int_equal(posix_spawn_file_actions_destroy(&quiet), 0);
    return pid;
}

static int run(const char *const *arguments)
{
    int status = 0;
    assert_true(waitpid(spawn(arguments), &status, 0) > 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int port_open(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(*port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(descriptor >= 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return descriptor;
}

static uint16_t free_port(void)
{
    uint16_t port = 0;
    (void)close(port_open(&port));
    return port;
}

static bool is_listening(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(descriptor >= 0);
    int failed = connect(descriptor, (struct sockaddr *)&address, sizeof address);
    (void)close(descriptor);
    return !failed;
}

void broker_start(struct uplink_world *world)
{
    char config[PATH_SIZE];
    (void)snprintf(config, sizeof config, "%s/broker.conf", world->folder);
    const char *const arguments[] = {"/usr/sbin/mosquitto", "-c", config, NULL};
    world->broker = spawn(arguments);
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (!is_listening(world->port)) {
        assert_true(clock_monotonic_ms() < until_ms);
        (void)poll(NULL, 0, 10);
    }
}

void broker_kill(struct uplink_world *world)
{
    assert_int_equal(kill(world->broker, SIGKILL), 0);
    assert_int_equal(waitpid(world->broker, NULL, 0), world->broker);
    world->broker = 0;
}

static void write_config(const struct uplink_world *world)
{
    char config[PATH_SIZE];
    char passwords[PATH_SIZE];
    (void)snprintf(config, sizeof config, "%s/broker.conf", world->folder);
    (void)snprintf(passwords, sizeof passwords, "%s/passwords", world->folder);
    const char *const arguments[] = {"mosquitto_passwd", "-b",     "-c", passwords,
                                     "gateway",          "secret", NULL};
    assert_int_equal(run(arguments), 0);
    assert_int_equal(chmod(passwords, 0644), 0);
    FILE *file = fopen(config, "w");
    assert_non_null(file);
    assert_true(fprintf(file,
                        "listener %u 127.0.0.1\nallow_anonymous false\npassword_file %s\n"
                        "log_dest none\npersistence false\nuser root\n",
                        world->port, passwords) > 0);
    assert_int_equal(fclose(file), 0);
}

int world_set_up(void **state)
{
    struct uplink_world *world = mem_new(1, sizeof *world);
    (void)snprintf(world->folder, sizeof world->folder, "/tmp/uplink-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    world->port = free_port();
    write_config(world);
    world->clouds[0] = (struct cloud_settings){.name = "plant",
                                               .host = "127.0.0.1",
                                               .port = world->port,
                                               .username = "gateway",
                                               .password.text = "secret"};
    world->devices[0] = (struct device){
        .name = "meter", .cloud = 0, .hardware_id = "HW", .channel_id = "meter"};
    world->site = (struct site){.clouds = world->clouds,
                                .cloud_count = 1,
                                .devices = world->devices,
                                .device_count = 1};
    world->mailbox = mailbox_new(sizeof(struct uplink_event), 0, 64);
    *state = world;
    return 0;
}

int world_tear_down(void **state)
{
    struct uplink_world *world = *state;
    struct uplink_event event;
    assert_true(uplink_stop(world->uplink, 5000));
    while (mailbox_take(world->mailbox, &event)) {
        if (event.kind == UPLINK_REQUEST)
            free(event.request.payload);
    }
    mailbox_free(world->mailbox);
    if (world->broker)
        broker_kill(world);
    const char *const arguments[] = {"rm", "-rf", world->folder, NULL};
    assert_int_equal(run(arguments), 0);
    free(world);
    return 0;
}

void world_start(struct uplink_world *world)
{
    world->uplink = uplink_start(&world->site, world->mailbox, &world->error);
    assert_non_null(world->uplink);
}

bool world_next(struct uplink_world *world, int64_t within_ms, struct uplink_event *ret)
{
    struct pollfd polled = {.fd = mailbox_descriptor(world->mailbox), .events = POLLIN};
    int64_t until_ms = clock_monotonic_ms() + within_ms;
    while (!mailbox_take(world->mailbox, ret)) {
        int64_t left_ms = until_ms - clock_monotonic_ms();
        if (left_ms <= 0)
            return false;
        (void)poll(&polled, 1, (int)left_ms);
    }
    return true;
}

struct uplink_event world_expect(struct uplink_world *world, enum uplink_event_kind kind)
{
    struct uplink_event event = {0};
    assert_true(world_next(world, PATIENCE_MS, &event));
    if (event.kind == UPLINK_DISCONNECTED && kind != UPLINK_DISCONNECTED)
        print_message("%s\n", event.disconnected.reason);
    assert_int_equal(event.kind, kind);
    return event;
}

void world_publish(struct uplink_world *world, uint32_t session, int64_t row)
{
    struct uplink_publish message = {
        .session = session,
        .row = row,
        .topic = mem_copy_text("v1/from/HW/meter/v1/telemetry"),
        .payload = mem_copy_text("{\"timestamp\":1}"),
    };
    assert_true(uplink_publish(world->uplink, &message));
}

void broker_request_of(const struct uplink_world *world, const char *channel,
                       const char *payload, bool retain)
{
    char port[8];
    char topic[64];
    (void)snprintf(topic, sizeof topic, "v1/to/HW/%s/v1/command/requests", channel);
    (void)snprintf(port, sizeof port, "%u", world->port);
    const char *const arguments[] = {"mosquitto_pub",
                                     "-h",
                                     "127.0.0.1",
                                     "-p",
                                     port,
                                     "-u",
                                     "gateway",
                                     "-P",
                                     "secret",
                                     "-q",
                                     "1",
                                     "-t",
                                     topic,
                                     "-m",
                                     payload,
                                     retain ? "-r" : NULL,
                                     NULL};
    assert_int_equal(run(arguments), 0);
}

void broker_request(const struct uplink_world *world, const char *payload, bool retain)
{
    broker_request_of(world, "meter", payload, retain);
}
