// SPDX-License-Identifier: MIT
// Lines on standard error for the operator: one line per change of state. Only daemon/, cli/
// and the threads' shells log; a function logs or returns an error, never both. Any thread; a
// line is written with one write().
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level {
    LOG_LEVEL_ERROR = 3, // the syslog numbers, which journald reads from a "<3>" prefix
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7,
};

// Lines less urgent than `level` are dropped (default LOG_LEVEL_INFO). Call before threads
// start.
void log_set_level(enum log_level level);

// Writes "area: text", control characters replaced by '?'. `area` is the room or the thing
// concerned, such as "bus cabinet".
void log_line(enum log_level level, const char *area, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
