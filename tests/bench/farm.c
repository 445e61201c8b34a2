// SPDX-License-Identifier: MIT
// farm PORT COUNT: COUNT Modbus/TCP devices on ports from PORT on, served by libmodbus, none of
// it the bridge's own code. Part of peers.py. Every answer holds fresh words, so that nothing
// is left out for not having changed; from 6000 on a pair of registers is a float of about 200.
// At SIGUSR1 it prints one JSON line of what was asked since the last one, and begins anew.
#include <errno.h>
#include <modbus.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    DEVICES = 512,
    DESCRIPTORS = 1024, // libmodbus waits with select()
    REGISTERS = 8000,
    FLOATS = 6000, // registers from here on
    HEADER = 7,    // bytes before the function
    BUCKETS = 50000,
    BUCKET_US = 100,
    EVENTS = 64,
    READ_HOLDING = 3,
    READ_INPUT = 4,
};

struct place {
    uint16_t address;
    uint8_t function;
    int64_t last_us;
};

struct device {
    struct place *places; // one a request that was seen
    size_t count;
};

static struct device devices[DEVICES];
static int owner[DESCRIPTORS]; // which device a connection belongs to
static uint32_t intervals[BUCKETS];
static uint64_t interval_count;
static double interval_sum_ms;
static uint64_t requests;
static uint64_t registers;
static volatile sig_atomic_t wants_report;

static void ask_report(int number)
{
    (void)number;
    wants_report = 1;
}

static int64_t now_us(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(1);
}

static struct place *find_place(struct device *device, uint8_t function, uint16_t address)
{
    for (size_t i = 0; i < device->count; i++) {
        if (device->places[i].address == address && device->places[i].function == function)
            return &device->places[i];
    }
    device->places = realloc(device->places, (device->count + 1) * sizeof *device->places);
    if (!device->places)
        die("realloc");
    struct place *place = &device->places[device->count++];
    *place = (struct place){.address = address, .function = function};
    return place;
}

static void count_request(struct device *device, uint8_t function, uint16_t address,
                          uint16_t count)
{
    struct place *place = find_place(device, function, address);
    int64_t now = now_us();
    requests++;
    registers += count;
    if (place->last_us) {
        int64_t bucket = (now - place->last_us) / BUCKET_US;
        intervals[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
        interval_count++;
        interval_sum_ms += (double)(now - place->last_us) / 1000;
    }
    place->last_us = now;
}

static double percentile_ms(unsigned per_mille)
{
    uint64_t wanted = interval_count * per_mille / 1000;
    uint64_t seen = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += intervals[i];
        if (seen > wanted)
            return (double)i * BUCKET_US / 1000;
    }
    return 0;
}

static void report(void)
{
    size_t places = 0;
    for (size_t i = 0; i < DEVICES; i++) {
        places += devices[i].count;
        free(devices[i].places);
        devices[i] = (struct device){0};
    }
    (void)printf(
        "{\"requests\": %llu, \"registers\": %llu, \"distinct\": %zu, \"mean_ms\": %.2f, "
        "\"p1_ms\": %.1f, \"p50_ms\": %.1f, \"p99_ms\": %.1f}\n",
        (unsigned long long)requests, (unsigned long long)registers, places,
        interval_count ? interval_sum_ms / (double)interval_count : 0, percentile_ms(10),
        percentile_ms(500), percentile_ms(990));
    (void)fflush(stdout);
    memset(intervals, 0, sizeof intervals);
    interval_sum_ms = 0;
    interval_count = requests = registers = 0;
}

static void refresh(uint16_t *words, uint16_t first, uint16_t count)
{
    static uint16_t next;
    for (unsigned i = first; i < first + (unsigned)count && i < REGISTERS; i++)
        words[i] = i >= FLOATS && i % 2 == 0 ? 0x4348 : (uint16_t)(next++ % 30000);
}

static void serve(modbus_t *modbus, modbus_mapping_t *mapping, int connection)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    (void)modbus_set_socket(modbus, connection);
    int length = modbus_receive(modbus, query);
    if (length < 0) {
        (void)close(connection);
        return;
    }
    if (length < HEADER + 5)
        return;
    uint8_t function = query[HEADER];
    uint16_t address = (uint16_t)(query[HEADER + 1] << 8 | query[HEADER + 2]);
    uint16_t count = (uint16_t)(query[HEADER + 3] << 8 | query[HEADER + 4]);
    if (function == READ_HOLDING || function == READ_INPUT) {
        count_request(&devices[owner[connection]], function, address, count);
        refresh(function == READ_INPUT ? mapping->tab_input_registers : mapping->tab_registers,
                address, count);
    }
    (void)modbus_reply(modbus, query, length, mapping);
}

static void watch(int poller, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) != 0)
        die("epoll_ctl");
}

static void take_connection(int poller, int listener)
{
    int connection = accept(listener, NULL, NULL);
    if (connection < 0)
        return;
    if (connection >= DESCRIPTORS)
        die("more connections than libmodbus can wait for");
    owner[connection] = owner[listener];
    watch(poller, connection);
}

int main(int argc, char **argv)
{
    int port = argc == 3 ? atoi(argv[1]) : 0;
    int count = argc == 3 ? atoi(argv[2]) : 0;
    if (port <= 0 || count <= 0 || count > DEVICES) {
        (void)fprintf(stderr, "farm PORT COUNT, of at most %d devices\n", DEVICES);
        return 2;
    }
    int poller = epoll_create1(0);
    int highest = poller;
    for (int i = 0; i < count; i++) {
        modbus_t *device = modbus_new_tcp("127.0.0.1", port + i);
        int listener = device ? modbus_tcp_listen(device, 4) : -1;
        if (listener < 0 || listener >= DESCRIPTORS)
            die("listen");
        owner[listener] = i;
        highest = listener;
        watch(poller, listener);
        modbus_free(device);
    }
    modbus_t *modbus = modbus_new_tcp("127.0.0.1", port);
    modbus_mapping_t *mapping = modbus_mapping_new(0, 0, REGISTERS, REGISTERS);
    struct sigaction action = {.sa_handler = ask_report};
    (void)sigaction(SIGUSR1, &action, NULL);
    (void)printf("%d devices\n", count);
    (void)fflush(stdout);
    while (modbus && mapping) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd <= highest)
                take_connection(poller, events[i].data.fd);
            else
                serve(modbus, mapping, events[i].data.fd);
        }
        if (wants_report) {
            wants_report = 0;
            report();
        }
    }
    return 1;
}
