// SPDX-License-Identifier: MIT
// What went wrong, for a person to read. A struct error lives on the caller's stack and never
// allocates. Functions that can fail return 0 or -1 and take `struct error *err` last; `err` is
// never NULL and is written only on failure. Any thread.
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

// The codes are the program's exit codes (docs/man/modbridge.1).
enum error_code {
    ERROR_NONE = 0,
    ERROR_FAILED = 1,
    ERROR_USAGE = 2,
    ERROR_CONFIG = 3,
    ERROR_NO_ANSWER = 4,
    ERROR_MISMATCH = 5,
};

struct error {
    enum error_code code;
    char text[480]; // one or more sentences, no trailing newline
};

// Sets code and text. Returns -1, so that a function can `return error_set(err, ...)`.
int error_set(struct error *err, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// As error_set with ERROR_FAILED, and appends ": " and the text of errno.
int error_set_errno(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// What an errno means, in the words of the C library.
const char *error_reason(int number);

// Puts "prefix: " before the text on the way up. Returns -1.
int error_prefix(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
