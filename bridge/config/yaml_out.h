// SPDX-License-Identifier: MIT
// Writes YAML that every reader takes the same way: what could be read as another type than
// text is quoted. One owner, one thread.
#ifndef CONFIG_YAML_OUT_H
#define CONFIG_YAML_OUT_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "model/value.h"

struct yaml_out {
    struct strbuf *text;
    int depth; // of the mapping that is being written
};

// "key:" of a mapping that follows, until yaml_end.
void yaml_begin(struct yaml_out *out, const char *key);
void yaml_end(struct yaml_out *out);

// "key: text"; nothing when the text is NULL. The text is valid UTF-8.
void yaml_put_text(struct yaml_out *out, const char *key, const char *text);

// "key: true".
void yaml_put_flag(struct yaml_out *out, const char *key, bool flag);

// "key: value" of a boolean, number or text; nothing for other values.
void yaml_put_value(struct yaml_out *out, const char *key, const struct value *value);

// "key:" and an item a line; nothing when there is none.
void yaml_put_list(struct yaml_out *out, const char *key, const char *const *items,
                   size_t count);

#endif
