// SPDX-License-Identifier: MIT
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static int cannot_read(const char *path, struct error *err)
{
    return error_set(err, ERROR_CONFIG, "%s cannot be read: %s", path, error_reason(errno));
}

// The descriptor is checked, not the name: nobody can exchange the file in between.
static int check_file(int descriptor, const char *path, enum secrecy secrecy, struct error *err)
{
    struct stat status;
    if (fstat(descriptor, &status) < 0)
        return cannot_read(path, err);
    if (!S_ISREG(status.st_mode))
        return error_set(err, ERROR_CONFIG, "%s is no file", path);
    if (secrecy == SECRECY_PRIVATE && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return error_set(err, ERROR_CONFIG, "others than its owner may read %s: chmod 600 %s",
                         path, path);
    if (status.st_size > SECRET_MAX_BYTES)
        return error_set(err, ERROR_CONFIG, "%s is longer than %d bytes", path,
                         SECRET_MAX_BYTES);
    return 0;
}

// Unbuffered, so that no copy stays behind.
static int read_all(int descriptor, const char *path, char *text, struct error *err)
{
    size_t length = 0;
    ssize_t count = 0;
    do {
        count = read(descriptor, text + length, SECRET_MAX_BYTES - length);
        if (count > 0)
            length += (size_t)count;
    } while (count > 0 || (count < 0 && errno == EINTR));
    if (count < 0)
        return cannot_read(path, err);
    if (length == 0)
        return error_set(err, ERROR_CONFIG, "%s is empty", path);
    if (strlen(text) != length)
        return error_set(err, ERROR_CONFIG, "%s is no text", path);
    return 0;
}

char *secret_read(const char *path, enum secrecy secrecy, struct error *err)
{
    // Without blocking, since opening a pipe would wait for somebody to write.
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) {
        (void)cannot_read(path, err);
        return NULL;
    }
    char *text = mem_new(SECRET_MAX_BYTES + 1, 1);
    int result = check_file(descriptor, path, secrecy, err);
    if (result == 0)
        result = read_all(descriptor, path, text, err);
    (void)close(descriptor);
    if (result == 0)
        return text;
    secret_free(text);
    return NULL;
}

char *secret_read_line(const char *path, struct error *err)
{
    char *text = secret_read(path, SECRECY_PRIVATE, err);
    if (!text)
        return NULL;
    size_t length = strlen(text);
    while (length > 0 && strchr("\r\n", text[length - 1]))
        text[--length] = '\0';
    if (length > 0 && !strpbrk(text, "\r\n"))
        return text;
    secret_free(text);
    (void)error_set(err, ERROR_CONFIG, "%s must hold one line, the password", path);
    return NULL;
}

void secret_free(char *text)
{
    if (text)
        explicit_bzero(text, malloc_usable_size(text));
    free(text);
}

bool secret_equal(const char *bytes, size_t length, const char *secret)
{
    volatile unsigned char difference = 0; // every byte counts, whatever came before it
    if (length != strlen(secret))
        return false;
    for (size_t i = 0; i < length; i++)
        difference = (unsigned char)(difference | (bytes[i] ^ secret[i]));
    return difference == 0;
}

void secret_seal_process(void)
{
    static const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
