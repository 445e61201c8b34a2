// SPDX-License-Identifier: MIT
#include "base/stop_signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int stop_signals_open(struct error *err)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    int descriptor = signalfd(-1, &set, SFD_CLOEXEC);
    return descriptor >= 0 ? descriptor : error_set_errno(err, "no descriptor for signals");
}

void stop_signals_take(int descriptor)
{
    struct signalfd_siginfo taken;
    ssize_t size = read(descriptor, &taken, sizeof taken);
    (void)size;
}
