// SPDX-License-Identifier: MIT
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

int error_set(struct error *err, enum error_code code, const char *format, ...)
{
    va_list args;
    err->code = code;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    utf8_mend_end(err->text);
    return -1;
}

// Of the ways to ask for the text only this one is in every libc and does the same in all of
// them; in those of Linux any thread may use it.
const char *error_reason(int number)
{
    return strerror(number); // NOLINT(concurrency-mt-unsafe)
}

int error_set_errno(struct error *err, const char *format, ...)
{
    int saved = errno;
    va_list args;
    err->code = ERROR_FAILED;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    size_t used = strlen(err->text);
    (void)snprintf(err->text + used, sizeof err->text - used, ": %s", error_reason(saved));
    utf8_mend_end(err->text);
    return -1;
}

int error_prefix(struct error *err, const char *format, ...)
{
    char text[sizeof err->text];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t used = strlen(text);
    (void)snprintf(text + used, sizeof text - used, ": %s", err->text);
    memcpy(err->text, text, sizeof text);
    utf8_mend_end(err->text);
    return -1;
}
