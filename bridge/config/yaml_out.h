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
    int depth;     // of the mapping that is being written
    int flow;      // of the mappings in braces that are open
    bool has_item; // the innermost of them
};

// "key:" of a mapping that follows, until yaml_end.
void yaml_begin(struct yaml_out *out, const char *key);
void yaml_end(struct yaml_out *out);

// "key: {" of a mapping in braces, on one line with all that is put into it, until
// yaml_end_flow; nothing but yaml_put_* goes into it.
void yaml_begin_flow(struct yaml_out *out, const char *key);

// Closes it; behind the outermost comes the remark, as a comment, unless it is NULL or empty.
void yaml_end_flow(struct yaml_out *out, const char *remark);

// "# text" on a line of its own, one for each line of the text; control characters are left
// out.
void yaml_comment(struct yaml_out *out, const char *text);

// An empty line.
void yaml_gap(struct yaml_out *out);

// "key: text"; nothing when the text is NULL. The text is valid UTF-8.
void yaml_put_text(struct yaml_out *out, const char *key, const char *text);

// "key: text", as it stands: a number as people write it, a list of such. NULL: nothing.
void yaml_put_plain(struct yaml_out *out, const char *key, const char *text);

// "code: label", where the code is a number or a range; true and false stay booleans.
void yaml_put_label(struct yaml_out *out, const char *code, const char *label);

// "key: true".
void yaml_put_flag(struct yaml_out *out, const char *key, bool flag);

// "key: value" of a boolean, number or text; nothing for other values.
void yaml_put_value(struct yaml_out *out, const char *key, const struct value *value);

// "key:" and an item a line; nothing when there is none.
void yaml_put_list(struct yaml_out *out, const char *key, const char *const *items,
                   size_t count);

#endif
