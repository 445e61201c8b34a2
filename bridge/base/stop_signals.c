// SPDX-License-Identifier: MIT
#include "base/stop_signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_open(const int *signals, size_t count, struct error *err)
{
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        (void)sigaddset(&set, signals[i]);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    int descriptor = signalfd(-1, &set, SFD_CLOEXEC);
    return descriptor >= 0 ? descriptor : error_set_errno(err, "no descriptor for signals");
}

int signals_take(int descriptor)
{
    struct signalfd_siginfo taken;
    ssize_t size = read(descriptor, &taken, sizeof taken);
    return size == sizeof taken ? (int)taken.ssi_signo : 0;
}

int stop_signals_open(struct error *err)
{
    const int signals[] = {SIGTERM, SIGINT};
    return signals_open(signals, 2, err);
}

void stop_signals_take(int descriptor)
{
    (void)signals_take(descriptor);
}
