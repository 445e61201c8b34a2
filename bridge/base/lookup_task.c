// SPDX-License-Identifier: MIT
#include "base/lookup_task.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/thread.h"

struct lookup_task {
    atomic_int holders;  // the owner and the thread: the last one frees it
    atomic_bool is_over; // the thread is done with result, addresses and error
    int over;            // eventfd: the same, to be waited for
    int stop;            // eventfd: nobody wants to know any more
    char *host;
    int result;
    struct addresses addresses;
    struct error error;
};

static void let_go(struct lookup_task *task)
{
    if (atomic_fetch_sub(&task->holders, 1) > 1)
        return;
    (void)close(task->over);
    (void)close(task->stop);
    free(task->host);
    free(task);
}

static void *run(void *context)
{
    struct lookup_task *task = context;
    task->result = lookup_name(task->host, task->stop, &task->addresses, &task->error);
    atomic_store(&task->is_over, true);
    (void)eventfd_write(task->over, 1);
    let_go(task);
    return NULL;
}

static int start_thread(struct lookup_task *task)
{
    pthread_t thread;
    int failed = thread_start(&thread, THREAD_STACK_BYTES, run, task);
    if (!failed)
        (void)pthread_detach(thread);
    return failed;
}

struct lookup_task *lookup_task_start(const char *host, struct error *err)
{
    struct lookup_task *task = mem_new(1, sizeof *task);
    task->holders = 2;
    task->over = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    task->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    task->host = mem_copy_text(host);
    if (task->over >= 0 && task->stop >= 0 && start_thread(task) == 0)
        return task;
    (void)error_set(err, ERROR_FAILED,
                    "the system has no room for another thread to look a name up");
    task->holders = 1;
    let_go(task);
    return NULL;
}

int lookup_task_descriptor(const struct lookup_task *task)
{
    return task->over;
}

bool lookup_task_is_over(const struct lookup_task *task)
{
    return atomic_load(&task->is_over);
}

int lookup_task_take(const struct lookup_task *task, struct addresses *ret_addresses,
                     struct error *err)
{
    if (task->result == 0)
        *ret_addresses = task->addresses;
    else
        *err = task->error;
    return task->result;
}

void lookup_task_free(struct lookup_task *task)
{
    if (!task)
        return;
    (void)eventfd_write(task->stop, 1);
    let_go(task);
}
