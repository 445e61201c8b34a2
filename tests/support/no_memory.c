// SPDX-License-Identifier: MIT
// For LD_PRELOAD: memory that runs out when a test says so. The file that NO_MEMORY names is
// shared with the test: how many allocations there were, which one fails, and whether all do
// behind it.
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct control {
    _Atomic uint64_t calls;
    _Atomic uint64_t fails_at; // 0: none
    _Atomic uint64_t lasts;
};

extern void *__libc_malloc(size_t size);               // NOLINT(bugprone-reserved-identifier)
extern void *__libc_calloc(size_t count, size_t size); // NOLINT(bugprone-reserved-identifier)
extern void *__libc_realloc(void *block, size_t size); // NOLINT(bugprone-reserved-identifier)

static struct control *control;

__attribute__((constructor)) static void share(void)
{
    const char *path = getenv("NO_MEMORY");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *shared =
        file < 0 ? MAP_FAILED
                 : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0)
        (void)close(file);
    control = shared == MAP_FAILED ? NULL : shared;
}

static int is_gone(void)
{
    if (!control)
        return 0;
    uint64_t call = atomic_fetch_add(&control->calls, 1) + 1;
    uint64_t fails_at = atomic_load(&control->fails_at);
    if (!fails_at || call < fails_at || (call > fails_at && !atomic_load(&control->lasts)))
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return is_gone() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return is_gone() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return is_gone() ? NULL : __libc_realloc(block, size);
}

void *reallocarray(void *block, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(block, bytes);
}
