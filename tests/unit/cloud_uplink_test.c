// SPDX-License-Identifier: MIT
// The uplink against a real broker on a free port.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <dirent.h>
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
#include "cloud/pacing.h"
#include "cloud/uplink.h"

enum { PATIENCE_MS = 15000, PATH_SIZE = 128, MAX_CLOUDS = 50 };

// A broker with the user "gateway", password "secret", and a site with one device on it.
struct fixture {
    char folder[64];
    uint16_t port;
    pid_t broker;
    struct cloud_settings clouds[MAX_CLOUDS];
    struct device devices[2];
    struct site site;
    struct mailbox *mailbox;
    struct uplink *uplink;
    struct error error;
};

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

static int open_port(uint16_t *port)
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
    (void)close(open_port(&port));
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

static void start_broker(struct fixture *fixture)
{
    char config[PATH_SIZE];
    (void)snprintf(config, sizeof config, "%s/broker.conf", fixture->folder);
    const char *const arguments[] = {"/usr/sbin/mosquitto", "-c", config, NULL};
    fixture->broker = spawn(arguments);
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (!is_listening(fixture->port)) {
        assert_true(clock_monotonic_ms() < until_ms);
        (void)poll(NULL, 0, 10);
    }
}

static void kill_broker(struct fixture *fixture)
{
    assert_int_equal(kill(fixture->broker, SIGKILL), 0);
    assert_int_equal(waitpid(fixture->broker, NULL, 0), fixture->broker);
    fixture->broker = 0;
}

static void write_config(const struct fixture *fixture)
{
    char config[PATH_SIZE];
    char passwords[PATH_SIZE];
    (void)snprintf(config, sizeof config, "%s/broker.conf", fixture->folder);
    (void)snprintf(passwords, sizeof passwords, "%s/passwords", fixture->folder);
    const char *const arguments[] = {"mosquitto_passwd", "-b",     "-c", passwords,
                                     "gateway",          "secret", NULL};
    assert_int_equal(run(arguments), 0);
    assert_int_equal(chmod(passwords, 0644), 0);
    FILE *file = fopen(config, "w");
    assert_non_null(file);
    assert_true(fprintf(file,
                        "listener %u 127.0.0.1\nallow_anonymous false\npassword_file %s\n"
                        "log_dest none\npersistence false\nuser root\n",
                        fixture->port, passwords) > 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    struct fixture *fixture = mem_new(1, sizeof *fixture);
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/uplink-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    fixture->port = free_port();
    write_config(fixture);
    fixture->clouds[0] = (struct cloud_settings){.name = "plant",
                                                 .host = "127.0.0.1",
                                                 .port = fixture->port,
                                                 .username = "gateway",
                                                 .password.text = "secret"};
    fixture->devices[0] = (struct device){
        .name = "meter", .cloud = 0, .hardware_id = "HW", .channel_id = "meter"};
    fixture->site = (struct site){.clouds = fixture->clouds,
                                  .cloud_count = 1,
                                  .devices = fixture->devices,
                                  .device_count = 1};
    fixture->mailbox = mailbox_new(sizeof(struct uplink_event), 0, 64);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    struct uplink_event event;
    assert_true(uplink_stop(fixture->uplink, 5000));
    while (mailbox_take(fixture->mailbox, &event)) {
        if (event.kind == UPLINK_REQUEST)
            free(event.request.payload);
    }
    mailbox_free(fixture->mailbox);
    if (fixture->broker)
        kill_broker(fixture);
    const char *const arguments[] = {"rm", "-rf", fixture->folder, NULL};
    assert_int_equal(run(arguments), 0);
    free(fixture);
    return 0;
}

static void start(struct fixture *fixture)
{
    fixture->uplink = uplink_start(&fixture->site, fixture->mailbox, &fixture->error);
    assert_non_null(fixture->uplink);
}

// The next event within the time, false when there is none.
static bool next_event(struct fixture *fixture, int64_t within_ms, struct uplink_event *ret)
{
    struct pollfd polled = {.fd = mailbox_descriptor(fixture->mailbox), .events = POLLIN};
    int64_t until_ms = clock_monotonic_ms() + within_ms;
    while (!mailbox_take(fixture->mailbox, ret)) {
        int64_t left_ms = until_ms - clock_monotonic_ms();
        if (left_ms <= 0)
            return false;
        (void)poll(&polled, 1, (int)left_ms);
    }
    return true;
}

static struct uplink_event expect(struct fixture *fixture, enum uplink_event_kind kind)
{
    struct uplink_event event = {0};
    assert_true(next_event(fixture, PATIENCE_MS, &event));
    if (event.kind == UPLINK_DISCONNECTED && kind != UPLINK_DISCONNECTED)
        print_message("%s\n", event.disconnected.reason);
    assert_int_equal(event.kind, kind);
    return event;
}

static void publish(struct fixture *fixture, uint32_t session, int64_t row)
{
    struct uplink_publish message = {
        .session = session,
        .row = row,
        .topic = mem_copy_text("v1/from/HW/meter/v1/telemetry"),
        .payload = mem_copy_text("{\"timestamp\":1}"),
    };
    assert_true(uplink_publish(fixture->uplink, &message));
}

static void publishes_and_reports_acknowledgements(void **state)
{
    enum { ROWS = 100 };
    struct fixture *fixture = *state;
    bool is_acked[ROWS + 1] = {false};
    start_broker(fixture);
    start(fixture);
    uint32_t session = expect(fixture, UPLINK_CONNECTED).session;
    int64_t sent = 0;
    for (int64_t acked = 0; acked < ROWS; acked++) {
        while (sent < ROWS && sent - acked < PACING_MAX_IN_FLIGHT)
            publish(fixture, session, ++sent);
        int64_t row = expect(fixture, UPLINK_ACKED).row;
        assert_in_range(row, 1, ROWS);
        assert_false(is_acked[row]);
        is_acked[row] = true;
    }
    struct uplink_event event;
    assert_false(next_event(fixture, 100, &event));
}

static void delivers_what_was_handed_over_before_it_stops(void **state)
{
    struct fixture *fixture = *state;
    start_broker(fixture);
    start(fixture);
    uint32_t session = expect(fixture, UPLINK_CONNECTED).session;
    for (int64_t row = 1; row <= PACING_MAX_IN_FLIGHT; row++)
        publish(fixture, session, row);
    int64_t begun_ms = clock_monotonic_ms();
    assert_true(uplink_stop(fixture->uplink, 5000));
    fixture->uplink = NULL;
    assert_in_range(clock_monotonic_ms() - begun_ms, 0, 3000);
    for (int row = 1; row <= PACING_MAX_IN_FLIGHT; row++)
        assert_int_equal(expect(fixture, UPLINK_ACKED).kind, UPLINK_ACKED);
}

// Publishes a request as the cloud would.
static void request_of(const struct fixture *fixture, const char *channel, const char *payload,
                       bool retain)
{
    char port[8];
    char topic[64];
    (void)snprintf(topic, sizeof topic, "v1/to/HW/%s/v1/command/requests", channel);
    (void)snprintf(port, sizeof port, "%u", fixture->port);
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

static void request(const struct fixture *fixture, const char *payload, bool retain)
{
    request_of(fixture, "meter", payload, retain);
}

static void receives_requests(void **state)
{
    struct fixture *fixture = *state;
    start_broker(fixture);
    start(fixture);
    (void)expect(fixture, UPLINK_CONNECTED);
    struct uplink_event event = {0};
    // The subscription follows the connection; a request that was before it is lost.
    do {
        request(fixture, "{\"id\":\"1\"}", false);
    } while (!next_event(fixture, 200, &event));
    assert_int_equal(event.kind, UPLINK_REQUEST);
    assert_int_equal(event.request.device, 0);
    assert_false(event.request.is_retained);
    assert_int_equal(event.request.length, 10);
    assert_memory_equal(event.request.payload, "{\"id\":\"1\"}", 10);
    free(event.request.payload);
}

static void marks_retained_requests(void **state)
{
    struct fixture *fixture = *state;
    start_broker(fixture);
    request(fixture, "{}", true);
    start(fixture);
    (void)expect(fixture, UPLINK_CONNECTED);
    struct uplink_event event = expect(fixture, UPLINK_REQUEST);
    assert_true(event.request.is_retained);
    free(event.request.payload);
}

static void drops_requests_but_no_acknowledgements_when_main_is_busy(void **state)
{
    enum { FLOOD = 10, ROWS = 4 };
    struct fixture *fixture = *state;
    mailbox_free(fixture->mailbox);
    fixture->mailbox = mailbox_new(sizeof(struct uplink_event), 0, 2);
    start_broker(fixture);
    request(fixture, "{}", true);
    start(fixture);
    // There is room for two, and they are left lying while the requests come.
    struct pollfd polled = {.fd = mailbox_descriptor(fixture->mailbox), .events = POLLIN};
    assert_int_equal(poll(&polled, 1, PATIENCE_MS), 1);
    for (int i = 0; i < FLOOD; i++)
        request(fixture, "{}", false);
    uint32_t session = expect(fixture, UPLINK_CONNECTED).session;
    for (int64_t row = 1; row <= ROWS; row++)
        publish(fixture, session, row);
    int acked = 0;
    int requests = 0;
    while (acked < ROWS) {
        struct uplink_event event = {0};
        assert_true(next_event(fixture, PATIENCE_MS, &event));
        acked += event.kind == UPLINK_ACKED;
        requests += event.kind == UPLINK_REQUEST;
        if (event.kind == UPLINK_REQUEST)
            free(event.request.payload);
    }
    assert_in_range(requests, 1, FLOOD - 1);
}

static void a_wrong_password_is_told_and_not_tried_again_soon(void **state)
{
    struct fixture *fixture = *state;
    fixture->clouds[0].password.text = "wrong";
    start_broker(fixture);
    start(fixture);
    struct uplink_event event = expect(fixture, UPLINK_DISCONNECTED);
    assert_false(event.disconnected.was_connected);
    assert_int_equal(event.disconnected.retry_ms, PACING_LIMIT_MS);
    assert_non_null(strstr(event.disconnected.reason, "check username and password_file"));
    assert_null(strstr(event.disconnected.reason, "wrong\""));
    assert_false(next_event(fixture, 1500, &event));
}

static void comes_back_after_the_broker(void **state)
{
    struct fixture *fixture = *state;
    start_broker(fixture);
    start(fixture);
    uint32_t first = expect(fixture, UPLINK_CONNECTED).session;
    // A stopped broker takes the rows and answers nothing: they are under way when it dies.
    assert_int_equal(kill(fixture->broker, SIGSTOP), 0);
    publish(fixture, first, 1);
    publish(fixture, first, 2);
    kill_broker(fixture);
    struct uplink_event event = expect(fixture, UPLINK_DISCONNECTED);
    assert_true(event.disconnected.was_connected);
    assert_int_equal(event.session, first);
    assert_in_range(event.disconnected.retry_ms, 0, PACING_FIRST_MS << PACING_LOST_FAILURES);
    publish(fixture, first, 3); // too late: this session is over
    start_broker(fixture);
    do
        assert_true(next_event(fixture, PATIENCE_MS, &event));
    while (event.kind == UPLINK_DISCONNECTED);
    assert_int_equal(event.kind, UPLINK_CONNECTED);
    assert_int_not_equal(event.session, first);
    publish(fixture, first, 4);
    publish(fixture, event.session, 2);
    assert_int_equal(expect(fixture, UPLINK_ACKED).row, 2);
    assert_false(next_event(fixture, 200, &event));
}

static void refuses_more_than_may_be_in_flight(void **state)
{
    struct fixture *fixture = *state;
    start_broker(fixture);
    start(fixture);
    uint32_t session = expect(fixture, UPLINK_CONNECTED).session;
    assert_int_equal(kill(fixture->broker, SIGSTOP), 0);
    for (int64_t row = 1; row <= PACING_MAX_IN_FLIGHT; row++)
        publish(fixture, session, row);
    int64_t extra = PACING_MAX_IN_FLIGHT + 1;
    struct uplink_publish message = {.session = session, .row = extra};
    message.topic = mem_copy_text("t");
    message.payload = mem_copy_text("p");
    while (!uplink_publish(fixture->uplink, &message))
        (void)poll(NULL, 0, 1);
    struct uplink_event event = expect(fixture, UPLINK_REFUSED);
    assert_int_equal(event.refused.row, extra);
    assert_false(event.refused.is_hopeless);
    assert_int_equal(kill(fixture->broker, SIGCONT), 0);
    for (int row = 1; row <= PACING_MAX_IN_FLIGHT; row++)
        assert_int_equal(expect(fixture, UPLINK_ACKED).kind, UPLINK_ACKED);
}

static void gives_up_a_row_that_can_never_be_sent(void **state)
{
    struct fixture *fixture = *state;
    start_broker(fixture);
    start(fixture);
    struct uplink_publish message = {.session = expect(fixture, UPLINK_CONNECTED).session,
                                     .row = 7};
    message.topic = mem_copy_text("with/+/wildcard");
    message.payload = mem_copy_text("p");
    assert_true(uplink_publish(fixture->uplink, &message));
    struct uplink_event event = expect(fixture, UPLINK_REFUSED);
    assert_int_equal(event.refused.row, 7);
    assert_true(event.refused.is_hopeless);
    assert_int_not_equal(strlen(event.refused.reason), 0);
}

// A listener whose queue is full: further SYNs are dropped, as by a firewall.
struct black_hole {
    int listener;
    int callers[2];
    uint16_t port;
};

static void open_black_hole(struct black_hole *hole)
{
    hole->port = 0;
    hole->listener = open_port(&hole->port);
    assert_int_equal(listen(hole->listener, 0), 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(hole->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (size_t i = 0; i < ARRAY_LENGTH(hole->callers); i++) {
        hole->callers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(hole->callers[i] >= 0);
        (void)connect(hole->callers[i], (struct sockaddr *)&address, sizeof address);
    }
}

static void close_black_hole(const struct black_hole *hole)
{
    for (size_t i = 0; i < ARRAY_LENGTH(hole->callers); i++)
        (void)close(hole->callers[i]);
    (void)close(hole->listener);
}

static void a_dead_host_delays_neither_another_nor_the_end(void **state)
{
    struct fixture *fixture = *state;
    struct black_hole hole;
    open_black_hole(&hole);
    start_broker(fixture);
    fixture->clouds[1] = fixture->clouds[0];
    fixture->clouds[0] =
        (struct cloud_settings){.name = "dead", .host = "127.0.0.1", .port = hole.port};
    fixture->devices[0].cloud = 1;
    fixture->site.cloud_count = 2;
    start(fixture);
    struct uplink_event event = expect(fixture, UPLINK_CONNECTED);
    assert_int_equal(event.connection, 1);
    assert_false(next_event(fixture, 300, &event));
    int64_t begun_ms = clock_monotonic_ms();
    assert_true(uplink_stop(fixture->uplink, 5000));
    fixture->uplink = NULL;
    assert_in_range(clock_monotonic_ms() - begun_ms, 0, 3000);
    close_black_hole(&hole);
}

// A CA that signed nothing: enough for a handshake that never gets so far.
static const char some_ca[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBejCCASGgAwIBAgIUHppeMniFvnqwQjSWohPCKFCNxMgwCgYIKoZIzj0EAwIw\n"
    "EjEQMA4GA1UEAwwHVGVzdCBDQTAgFw0yNjExMjYxMDU5MTNaGA8yMTI2MTEwMjEw\n"
    "NTkxM1owEjEQMA4GA1UEAwwHVGVzdCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
    "A0IABJrOMUIEHH2UzsU4EuJQ9OaXWkTmDC7O4orJVMQhQbts+4FXnG8jfoQfdHKz\n"
    "5C0PalbHrrlzJjUxEY9s290/TUWjUzBRMB0GA1UdDgQWBBS95KppOKAGyzJADjVO\n"
    "bM0EVZRBsTAfBgNVHSMEGDAWgBS95KppOKAGyzJADjVObM0EVZRBsTAPBgNVHRMB\n"
    "Af8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIEUkoQEahkrNNhahIc/qnyXE6oOj\n"
    "FU4hyuW6c/EowwFiAiBvh+jg67TW+8qdZDMQdSuwPFnro1CDe9NvoKE0TCYaaA==\n"
    "-----END CERTIFICATE-----\n";

static void a_stalled_handshake_delays_neither_another_nor_the_end(void **state)
{
    struct fixture *fixture = *state;
    uint16_t port = 0;
    int listener = open_port(&port); // takes connections and says nothing
    assert_int_equal(listen(listener, 5), 0);
    start_broker(fixture);
    fixture->clouds[1] = fixture->clouds[0];
    fixture->clouds[0] = (struct cloud_settings){.name = "silent",
                                                 .host = "127.0.0.1",
                                                 .port = port,
                                                 .has_tls = true,
                                                 .tls = {.ca.text = some_ca}};
    fixture->devices[0].cloud = 1;
    fixture->site.cloud_count = 2;
    start(fixture);
    assert_int_equal(expect(fixture, UPLINK_CONNECTED).connection, 1);
    int caller = accept(listener, NULL, NULL);
    assert_true(caller >= 0);
    unsigned char hello = 0;
    assert_int_equal(recv(caller, &hello, 1, 0), 1);
    assert_int_equal(hello, 22); // a TLS handshake: RFC 8446, section 5.1
    int64_t begun_ms = clock_monotonic_ms();
    assert_true(uplink_stop(fixture->uplink, 5000));
    fixture->uplink = NULL;
    assert_in_range(clock_monotonic_ms() - begun_ms, 0, 3000);
    (void)close(caller);
    (void)close(listener);
}

static void a_handshake_that_is_cut_costs_no_time(void **state)
{
    struct fixture *fixture = *state;
    uint16_t port = 0;
    int listener = open_port(&port);
    assert_int_equal(listen(listener, 5), 0);
    fixture->clouds[0] = (struct cloud_settings){.name = "cut",
                                                 .host = "127.0.0.1",
                                                 .port = port,
                                                 .has_tls = true,
                                                 .tls = {.ca.text = some_ca}};
    start(fixture);
    int caller = accept(listener, NULL, NULL);
    assert_true(caller >= 0);
    const struct linger reset = {.l_onoff = 1};
    assert_int_equal(setsockopt(caller, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    (void)close(caller);
    struct uplink_event event = expect(fixture, UPLINK_DISCONNECTED);
    assert_string_equal(event.disconnected.reason,
                        "the broker closes the connection during the TLS handshake; is this a "
                        "TLS port?");
    (void)close(listener);
}

static size_t count_threads(void)
{
    size_t count = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    while (readdir(tasks))
        count++;
    (void)closedir(tasks);
    return count - 2; // . and ..
}

static void fifty_dead_hosts_need_no_threads(void **state)
{
    struct fixture *fixture = *state;
    struct black_hole hole;
    open_black_hole(&hole);
    start_broker(fixture);
    size_t before = count_threads();
    fixture->clouds[MAX_CLOUDS - 1] = fixture->clouds[0];
    for (size_t i = 0; i + 1 < MAX_CLOUDS; i++)
        fixture->clouds[i] =
            (struct cloud_settings){.name = "dead", .host = "127.0.0.1", .port = hole.port};
    fixture->devices[0].cloud = MAX_CLOUDS - 1;
    fixture->site.cloud_count = MAX_CLOUDS;
    start(fixture);
    assert_int_equal(expect(fixture, UPLINK_CONNECTED).connection, MAX_CLOUDS - 1);
    assert_int_equal(count_threads(), before + 1);
    int64_t begun_ms = clock_monotonic_ms();
    assert_true(uplink_stop(fixture->uplink, 5000));
    fixture->uplink = NULL;
    assert_in_range(clock_monotonic_ms() - begun_ms, 0, 3000);
    close_black_hole(&hole);
}

static void says_what_is_wrong_with_a_file(void **state)
{
    struct fixture *fixture = *state;
    fixture->clouds[0].has_tls = true;
    fixture->clouds[0].tls.ca.path = "/nowhere/ca.pem";
    start(fixture);
    struct uplink_event event = expect(fixture, UPLINK_DISCONNECTED);
    assert_string_equal(event.disconnected.reason,
                        "tls: ca: /nowhere/ca.pem cannot be read: No such file or directory");
}

static void says_that_nobody_listens(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    struct uplink_event event = expect(fixture, UPLINK_DISCONNECTED);
    assert_string_equal(event.disconnected.reason,
                        "connection refused; is the port right and is the broker running?");
}

static void refuses_ids_that_would_break_a_topic(void **state)
{
    struct fixture *fixture = *state;
    fixture->devices[0].channel_id = "a/b";
    assert_null(uplink_start(&fixture->site, fixture->mailbox, &fixture->error));
    assert_int_equal(fixture->error.code, ERROR_CONFIG);
    assert_non_null(strstr(fixture->error.text, "device meter"));
}

// Another site, whose connections are in the places of the fixture's.
static void reload(struct fixture *fixture, const struct site *site, const bool *is_new)
{
    struct uplink_site next = {site, is_new};
    assert_true(uplink_reload(fixture->uplink, &next));
}

static void exchanges_devices_within_a_session(void **state)
{
    struct fixture *fixture = *state;
    const bool is_new[] = {false};
    const struct device devices[] = {
        {.name = "", .cloud = NO_INDEX},
        {.name = "pump", .cloud = 0, .hardware_id = "HW", .channel_id = "pump"},
    };
    struct site site = fixture->site;
    site.devices = devices;
    site.device_count = ARRAY_LENGTH(devices);
    start_broker(fixture);
    request_of(fixture, "pump", "{}", true); // comes with the subscription
    start(fixture);
    uint32_t session = expect(fixture, UPLINK_CONNECTED).session;
    reload(fixture, &site, is_new);
    (void)expect(fixture, UPLINK_RELOADED);
    struct uplink_event event = expect(fixture, UPLINK_REQUEST);
    assert_int_equal(event.request.device, 1);
    free(event.request.payload);
    request(fixture, "{}", false); // nobody asks for those of the meter any more
    publish(fixture, session, 1);
    assert_int_equal(expect(fixture, UPLINK_ACKED).row, 1);
}

static void exchanges_connections(void **state)
{
    struct fixture *fixture = *state;
    struct cloud_settings clouds[] = {fixture->clouds[0], fixture->clouds[0]};
    struct site site = fixture->site;
    site.clouds = clouds;
    site.cloud_count = ARRAY_LENGTH(clouds);
    start_broker(fixture);
    start(fixture);
    uint32_t session = expect(fixture, UPLINK_CONNECTED).session;
    reload(fixture, &site, (const bool[]){true, true});
    struct uplink_event event = expect(fixture, UPLINK_DISCONNECTED);
    assert_true(event.disconnected.was_connected);
    assert_string_equal(event.disconnected.reason, "its settings have changed");
    assert_int_equal(event.session, session);
    (void)expect(fixture, UPLINK_RELOADED);
    publish(fixture, session, 1); // into a session that is over
    uint32_t sessions[2] = {0};
    for (int i = 0; i < 2; i++) {
        event = expect(fixture, UPLINK_CONNECTED);
        sessions[event.connection] = event.session;
    }
    assert_int_equal(sessions[0], session + 1);
    assert_int_equal(sessions[1], 1);
    struct cloud_settings fewer[] = {fixture->clouds[0], {.name = ""}};
    site.clouds = fewer;
    reload(fixture, &site, (const bool[]){false, true});
    event = expect(fixture, UPLINK_DISCONNECTED);
    assert_int_equal(event.connection, 1);
    (void)expect(fixture, UPLINK_RELOADED);
    publish(fixture, session + 1, 2);
    assert_int_equal(expect(fixture, UPLINK_ACKED).row, 2);
}

#define WITH_BROKER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BROKER(publishes_and_reports_acknowledgements),
        WITH_BROKER(delivers_what_was_handed_over_before_it_stops),
        WITH_BROKER(receives_requests),
        WITH_BROKER(marks_retained_requests),
        WITH_BROKER(drops_requests_but_no_acknowledgements_when_main_is_busy),
        WITH_BROKER(a_wrong_password_is_told_and_not_tried_again_soon),
        WITH_BROKER(comes_back_after_the_broker),
        WITH_BROKER(refuses_more_than_may_be_in_flight),
        WITH_BROKER(gives_up_a_row_that_can_never_be_sent),
        WITH_BROKER(a_dead_host_delays_neither_another_nor_the_end),
        WITH_BROKER(a_stalled_handshake_delays_neither_another_nor_the_end),
        WITH_BROKER(a_handshake_that_is_cut_costs_no_time),
        WITH_BROKER(fifty_dead_hosts_need_no_threads),
        WITH_BROKER(says_what_is_wrong_with_a_file),
        WITH_BROKER(says_that_nobody_listens),
        WITH_BROKER(refuses_ids_that_would_break_a_topic),
        WITH_BROKER(exchanges_devices_within_a_session),
        WITH_BROKER(exchanges_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
