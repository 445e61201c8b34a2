// SPDX-License-Identifier: MIT
// JSON as the programs make and read it. Running out of memory ends the process (base/mem.h).
// Any thread; a json_t belongs to one thread.
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

// What jansson made; without memory it made nothing, and the process ends.
json_t *json_present(json_t *json);

// A text. What is not UTF-8 - a message that was cut inside a character, say - is mended.
json_t *json_from_text(const char *bytes, size_t length);

// Puts a value into an object and takes ownership of it. NULL is left out.
void json_put(json_t *object, const char *key, json_t *value);

// The same for a NUL-terminated text.
void json_put_text(json_t *object, const char *key, const char *text);

// Puts everything of `more` into an object, in its order, and frees `more`.
void json_put_all(json_t *object, json_t *more);

// Appends a value to a list and takes ownership of it.
void json_add(json_t *list, json_t *value);

// A new object or list.
json_t *json_new_object(void);
json_t *json_new_list(void);

// What is read of JSON from outside.
struct json_limits {
    size_t max_bytes;
    int max_depth; // of nested objects and lists: a parser calls itself for each level
};

// Reads an object or list from outside, without duplicate keys. With a whole number beyond 64
// bits in it all whole numbers come as reals. `what` names it in messages ("a
// command request"). The caller frees it with json_decref. NULL with err for a person.
json_t *json_read(const char *what, const char *text, size_t length,
                  const struct json_limits *limits, struct error *err);

// The text of a value, with jansson's flags of encoding. Not json_dumps: jansson 2.14 leaves a
// key out of it when an allocation fails, and goes on. Heap; the caller frees the text.
char *json_text(const json_t *json, size_t flags);

// Compact text with the keys in the order they were put, reals with at most 15 significant
// digits. Frees `json`. Heap; the caller frees the text.
char *json_print(json_t *json);

#endif
