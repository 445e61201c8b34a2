// SPDX-License-Identifier: MIT
// The other end of a line, scripted: a thread behind a TCP listener or a pseudo-terminal that
// runs one function of the test. The test and the script hand over to each other with tokens
// instead of sleeping. Scripts run outside cmocka's thread: they record, the test asserts.
#ifndef SUPPORT_FAKE_SERVER_H
#define SUPPORT_FAKE_SERVER_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <pty.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "model/site.h"
#include "wire/frame.h"

struct fake_server {
    struct bus_settings settings; // how to reach it
    enum framing framing;
    int listener;   // TCP
    int descriptor; // the connection, or the pseudo-terminal's master
    int slave;      // of the pseudo-terminal, held open
    char path[64];
    void (*serve)(struct fake_server *server);
    void *context;
    pthread_t thread;
    int to_server; // tokens
    int to_test;
    uint8_t bytes[1024]; // received and not yet parsed
    size_t length;
    struct request request; // the last one read
    uint16_t transaction;
};

static inline void fake_require(bool condition)
{
    if (!condition)
        abort();
}

static inline void fake_signal(int tokens)
{
    fake_require(eventfd_write(tokens, 1) == 0);
}

static inline void fake_await(int tokens)
{
    eventfd_t count = 0;
    fake_require(eventfd_read(tokens, &count) == 0);
}

static inline void *fake_run(void *argument)
{
    struct fake_server *server = argument;
    if (server->listener >= 0) {
        server->descriptor = accept(server->listener, NULL, NULL);
        int on = 1;
        if (server->descriptor >= 0)
            (void)setsockopt(server->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (server->descriptor >= 0)
        server->serve(server);
    if (server->listener >= 0 && server->descriptor >= 0) {
        (void)close(server->descriptor);
        server->descriptor = -1;
    }
    return NULL;
}

// Starts the script; after fake_join once more.
static inline void fake_start(struct fake_server *server)
{
    if (server->to_server > 0) {
        (void)close(server->to_server);
        (void)close(server->to_test);
    }
    server->to_server = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
    server->to_test = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
    fake_require(pthread_create(&server->thread, NULL, fake_run, server) == 0);
}

// A port of the loopback address at which nobody listens, nor will until it is closed.
static inline int fake_reserve(uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fake_require(descriptor >= 0);
    fake_require(bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0);
    fake_require(getsockname(descriptor, (struct sockaddr *)&address, &size) == 0);
    *ret_port = ntohs(address.sin_port);
    return descriptor;
}

// Listens on a free port of the loopback address.
static inline int fake_listen(uint16_t *ret_port)
{
    int listener = fake_reserve(ret_port);
    fake_require(listen(listener, 4) == 0);
    return listener;
}

static inline void fake_start_tcp(struct fake_server *server, enum framing framing,
                                  void (*serve)(struct fake_server *server), void *context)
{
    *server = (struct fake_server){
        .framing = framing, .descriptor = -1, .slave = -1, .serve = serve, .context = context};
    uint16_t port = 0;
    server->listener = fake_listen(&port);
    server->settings = (struct bus_settings){
        .name = "fake",
        .transport = framing == FRAMING_TCP ? TRANSPORT_TCP : TRANSPORT_RTU_OVER_TCP,
        .host = "127.0.0.1",
        .port = port,
        .baud = 115200,
        .stop_bits = 1,
    };
    fake_start(server);
}

static inline void fake_start_pty(struct fake_server *server,
                                  void (*serve)(struct fake_server *server), void *context)
{
    struct termios raw;
    *server = (struct fake_server){
        .framing = FRAMING_RTU, .listener = -1, .serve = serve, .context = context};
    cfmakeraw(&raw);
    raw.c_cflag |= CREAD | CLOCAL | CS8;
    fake_require(openpty(&server->descriptor, &server->slave, server->path, &raw, NULL) == 0);
    (void)fcntl(server->descriptor, F_SETFD, FD_CLOEXEC);
    (void)fcntl(server->slave, F_SETFD, FD_CLOEXEC);
    server->settings = (struct bus_settings){
        .name = "fake",
        .transport = TRANSPORT_RTU,
        .path = server->path,
        .baud = 19200,
        .parity = PARITY_EVEN,
        .stop_bits = 1,
    };
    fake_start(server);
}

// Waits for the script's end.
static inline void fake_join(struct fake_server *server)
{
    fake_require(pthread_join(server->thread, NULL) == 0);
}

// After fake_join.
static inline void fake_done(struct fake_server *server)
{
    const int descriptors[] = {server->listener, server->descriptor, server->slave,
                               server->to_server, server->to_test};
    for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++) {
        if (descriptors[i] >= 0)
            (void)close(descriptors[i]);
    }
}

// For scripts: reads the next request; false when the link was closed.
static inline bool fake_read(struct fake_server *server)
{
    for (;;) {
        struct frame_verdict verdict = frame_match_request(server->framing, server->bytes,
                                                           server->length, &server->request);
        server->length -= verdict.length;
        memmove(server->bytes, server->bytes + verdict.length, server->length);
        server->transaction = verdict.transaction;
        if (verdict.kind == FRAME_REQUEST)
            return true;
        if (verdict.kind == FRAME_GARBLED && verdict.length > 0)
            continue;
        ssize_t got = read(server->descriptor, server->bytes + server->length,
                           sizeof server->bytes - server->length);
        if (got <= 0)
            return false;
        server->length += (size_t)got;
    }
}

// False when nobody is there to read.
static inline bool fake_write(struct fake_server *server, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = server->listener >= 0
                           ? send(server->descriptor, bytes, length, MSG_NOSIGNAL)
                           : write(server->descriptor, bytes, length);
        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

// The word that the register at an address holds: shows shifted and stale answers.
static inline uint16_t fake_word(const struct request *request, size_t i)
{
    return (uint16_t)((request->address + i) * 40503U ^ request->unit_id);
}

// The right answer to a request.
static inline size_t fake_answer(const struct fake_server *server,
                                 const struct request *request, uint16_t transaction,
                                 uint8_t ret_frame[MAX_FRAME])
{
    struct answer answer = {.count = request->count};
    for (size_t i = 0; i < MAX_READ_REGISTERS; i++)
        answer.words[i] = fake_word(request, i);
    return frame_build_response(server->framing, transaction, request, &answer, ret_frame);
}

// Answers the last request rightly.
static inline void fake_reply(struct fake_server *server)
{
    uint8_t frame[MAX_FRAME];
    size_t length = fake_answer(server, &server->request, server->transaction, frame);
    fake_write(server, frame, length);
}

#endif
