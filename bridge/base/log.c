// SPDX-License-Identifier: MIT
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum log_level threshold = LOG_LEVEL_INFO;
static bool for_journal;

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
    [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
};

void log_set_level(enum log_level level)
{
    threshold = level;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): documented to run before threads start
    for_journal = getenv("JOURNAL_STREAM") != NULL;
}

// A line break in a text from outside would look like a line of ours.
static void replace_controls(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == '\x7F')
            *text = '?';
    }
}

void log_line(enum log_level level, const char *area, const char *format, ...)
{
    if (level > threshold)
        return;
    char line[1024];
    int used = for_journal ? snprintf(line, sizeof line, "<%d>%s: ", (int)level, area)
                           : snprintf(line, sizeof line, "%s: %s: ", level_names[level], area);
    if (used < 0 || (size_t)used >= sizeof line - 1)
        return;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line + used, sizeof line - (size_t)used - 1, format, args);
    va_end(args);
    replace_controls(line);
    size_t length = strlen(line);
    line[length] = '\n';
    ssize_t written = write(STDERR_FILENO, line, length + 1);
    (void)written;
}
