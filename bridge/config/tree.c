// SPDX-License-Identifier: MIT
// libyaml is driven by events, not by its loader: the loader takes 51 s for 200 kB of open
// brackets and lets duplicate keys, second documents and recursive aliases pass.
#include "config/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/tree_explain.h"
#include "config/tree_flow.h"

// An open sequence or mapping; its children move to the arena when it ends.
struct frame {
    struct node *node;
    struct child *children;
    size_t count;
    size_t capacity;
    bool is_flow;
    bool has_key; // mapping: the last child waits for its value
};

struct builder {
    yaml_parser_t parser;
    struct arena *arena;
    struct diagnostics *diagnostics;
    const char *name;
    const char *text;
    size_t length;
    struct frame frames[MAX_TREE_DEPTH];
    size_t depth;
    size_t node_count;
    const struct node *root;
    bool is_done;
};

static struct position place(const struct builder *builder, const yaml_mark_t *mark)
{
    return (struct position){builder->name, (int)mark->line + 1, (int)mark->column + 1};
}

static int report(struct builder *builder, const yaml_mark_t *mark, const char *text)
{
    struct position at = place(builder, mark);
    return diagnostics_error(builder->diagnostics, &at, "%s", text);
}

static int report_parser_error(struct builder *builder)
{
    const yaml_parser_t *parser = &builder->parser;
    struct yaml_problem problem = {
        .text = parser->problem ? parser->problem : "not YAML",
        .context = parser->context ? parser->context : "",
        .at = place(builder, &parser->problem_mark),
        .context_at = place(builder, &parser->context_mark),
        .is_encoding = parser->error == YAML_READER_ERROR,
        .offset = parser->problem_offset,
        .bytes = builder->text,
        .length = builder->length,
    };
    return explain_yaml_problem(builder->diagnostics, &problem);
}

static struct node *new_node(struct builder *builder, enum node_kind kind,
                             const yaml_mark_t *mark)
{
    struct node *node = ARENA_NEW(builder->arena, struct node);
    node->kind = kind;
    node->at = place(builder, mark);
    builder->node_count++;
    return node;
}

static struct child *add_child(struct frame *frame)
{
    if (frame->count == frame->capacity) {
        frame->capacity = frame->capacity ? frame->capacity * 2 : 8;
        frame->children = mem_resize(frame->children, frame->capacity, sizeof *frame->children);
    }
    struct child *child = &frame->children[frame->count++];
    *child = (struct child){0};
    return child;
}

// Before one more element or key. A file of nonsense is refused long before it is read to its
// end.
static int check_room(const struct builder *builder, const struct frame *frame,
                      const struct node *node)
{
    if (frame->count < MAX_TREE_CHILDREN)
        return 0;
    return diagnostics_error(builder->diagnostics, &node->at, "more than %d %s in one %s",
                             MAX_TREE_CHILDREN,
                             frame->node->kind == NODE_SEQUENCE ? "values" : "keys",
                             frame->node->kind == NODE_SEQUENCE ? "list" : "mapping");
}

// Puts a finished or opened node where it belongs: root, element or value.
static int attach(struct builder *builder, struct node *node)
{
    if (builder->depth == 0) {
        builder->root = node;
        return 0;
    }
    struct frame *frame = &builder->frames[builder->depth - 1];
    if (!frame->has_key && check_room(builder, frame, node) < 0)
        return -1;
    if (frame->node->kind == NODE_SEQUENCE) {
        add_child(frame)->value = node;
        return 0;
    }
    if (frame->has_key) {
        frame->children[frame->count - 1].value = node;
        frame->has_key = false;
        return 0;
    }
    if (node->kind != NODE_SCALAR)
        return diagnostics_error(builder->diagnostics, &node->at,
                                 "a key must be a plain word; put quotes around a key that "
                                 "begins with { or [");
    struct child *child = add_child(frame);
    child->key = node->text;
    child->key_at = node->at;
    frame->has_key = true;
    return 0;
}

static int check_anchor_and_tag(struct builder *builder, const yaml_mark_t *mark,
                                const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor)
        return report(builder, mark,
                      "anchors (&name) are not used here: repeat the text, use presets in a "
                      "map, or put quotes around a text that begins with &");
    if (tag)
        return report(builder, mark,
                      "tags (!name) are not used here: in a formula write 'not x' instead of "
                      "!x, or put quotes around a text that begins with !");
    return 0;
}

static int take_scalar(struct builder *builder, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (check_anchor_and_tag(builder, &event->start_mark, event->data.scalar.anchor,
                             event->data.scalar.tag) < 0)
        return -1;
    if (memchr(text, '\0', length))
        return report(builder, &event->start_mark, "a text must not hold a NUL character");
    struct node *node = new_node(builder, NODE_SCALAR, &event->start_mark);
    node->text = arena_copy(builder->arena, text, length);
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (event->start_mark.line == event->end_mark.line)
        node->width = (int)(event->end_mark.column - event->start_mark.column);
    return attach(builder, node);
}

static int open_frame(struct builder *builder, const yaml_mark_t *mark, enum node_kind kind,
                      bool is_flow)
{
    if (builder->depth == MAX_TREE_DEPTH) {
        struct position at = place(builder, mark);
        return diagnostics_error(builder->diagnostics, &at,
                                 "nested more than %d deep: is a bracket not closed?",
                                 MAX_TREE_DEPTH);
    }
    struct node *node = new_node(builder, kind, mark);
    if (attach(builder, node) < 0)
        return -1;
    builder->frames[builder->depth++] = (struct frame){.node = node, .is_flow = is_flow};
    return 0;
}

static int compare_keys(const void *left, const void *right)
{
    const struct child *a = *(const struct child *const *)left;
    const struct child *b = *(const struct child *const *)right;
    int order = strcmp(a->key, b->key);
    return order ? order : (a > b) - (a < b);
}

// Reports keys given again and leaves the first of each. Sorting keeps a mapping of ten
// thousand keys cheap.
static void drop_duplicate_keys(struct builder *builder, struct frame *frame)
{
    struct child **sorted = mem_new(frame->count + 1, sizeof *sorted);
    for (size_t i = 0; i < frame->count; i++)
        sorted[i] = &frame->children[i];
    qsort(sorted, frame->count, sizeof *sorted, compare_keys);
    size_t first = 0;
    for (size_t i = 1; i < frame->count; i++) {
        if (strcmp(sorted[i]->key, sorted[first]->key) != 0) {
            first = i;
            continue;
        }
        (void)diagnostics_error(builder->diagnostics, &sorted[i]->key_at,
                                "key '%s' was already given at line %d, column %d",
                                sorted[i]->key, sorted[first]->key_at.line,
                                sorted[first]->key_at.column);
        sorted[i]->value = NULL;
    }
    free((void *)sorted);
    size_t kept = 0;
    for (size_t i = 0; i < frame->count; i++) {
        if (frame->children[i].value)
            frame->children[kept++] = frame->children[i];
    }
    frame->count = kept;
}

static int close_frame(struct builder *builder)
{
    struct frame *frame = &builder->frames[--builder->depth];
    if (frame->is_flow)
        frame->count = tree_join_split_formulas(builder->arena, builder->diagnostics,
                                                frame->children, frame->count);
    if (frame->node->kind == NODE_MAPPING)
        drop_duplicate_keys(builder, frame);
    struct child *children = ARENA_NEW_ARRAY(builder->arena, frame->count, struct child);
    if (frame->count > 0)
        memcpy(children, frame->children, frame->count * sizeof *children);
    frame->node->children = children;
    frame->node->count = frame->count;
    free(frame->children);
    frame->children = NULL;
    return 0;
}

static int take_document(struct builder *builder, const yaml_event_t *event)
{
    if (builder->root)
        return report(builder, &event->start_mark,
                      "a second document begins here (---): a file holds one");
    return 0;
}

static int take_event(struct builder *builder, const yaml_event_t *event)
{
    const yaml_mark_t *mark = &event->start_mark;
    if (builder->node_count >= MAX_TREE_NODES)
        return report(builder, mark, "too many values in one file: more than 200000");
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return take_document(builder, event);
    case YAML_ALIAS_EVENT:
        return report(builder, mark,
                      "aliases (*name) are not used here: repeat the text, use presets in a "
                      "map, or put quotes around a text that begins with *");
    case YAML_SCALAR_EVENT:
        return take_scalar(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        if (check_anchor_and_tag(builder, mark, event->data.sequence_start.anchor,
                                 event->data.sequence_start.tag) < 0)
            return -1;
        return open_frame(builder, mark, NODE_SEQUENCE,
                          event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE);
    case YAML_MAPPING_START_EVENT:
        if (check_anchor_and_tag(builder, mark, event->data.mapping_start.anchor,
                                 event->data.mapping_start.tag) < 0)
            return -1;
        return open_frame(builder, mark, NODE_MAPPING,
                          event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_frame(builder);
    case YAML_STREAM_END_EVENT:
        builder->is_done = true;
        return 0;
    default:
        return 0;
    }
}

static int take_events(struct builder *builder)
{
    while (!builder->is_done) {
        yaml_event_t event;
        if (!yaml_parser_parse(&builder->parser, &event))
            return report_parser_error(builder);
        int result = take_event(builder, &event);
        yaml_event_delete(&event);
        if (result < 0)
            return -1;
    }
    return 0;
}

static int check_root(const struct builder *builder)
{
    struct position at = {builder->name, 1, 1};
    if (!builder->root)
        return diagnostics_error(builder->diagnostics, &at,
                                 "the file is empty: it begins with 'modbridge: map/1' or "
                                 "'modbridge: site/1'");
    if (builder->root->kind != NODE_MAPPING)
        return diagnostics_error(builder->diagnostics, &builder->root->at,
                                 "a file holds keys and values; it begins with 'modbridge: "
                                 "map/1' or 'modbridge: site/1'");
    return 0;
}

static int build(struct builder *builder)
{
    if (!yaml_parser_initialize(&builder->parser))
        abort(); // it fails only without memory
    yaml_parser_set_encoding(&builder->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&builder->parser, (const unsigned char *)builder->text,
                                 builder->length);
    int result = take_events(builder);
    yaml_parser_delete(&builder->parser);
    for (size_t i = 0; i < builder->depth; i++)
        free(builder->frames[i].children);
    return result < 0 ? -1 : check_root(builder);
}

int tree_parse(struct arena *arena, const char *name, const char *text, size_t length,
               struct diagnostics *diagnostics, const struct node **ret_root)
{
    struct position start = {name, 1, 1};
    if (length > MAX_TREE_BYTES)
        return diagnostics_error(diagnostics, &start,
                                 "larger than 1 MiB: this is no map or site");
    if (length >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
        return diagnostics_error(diagnostics, &start, "saved as UTF-16: save it as UTF-8");
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3; // a byte order mark would shift the columns of the first line
        length -= 3;
    }
    struct builder *builder = mem_new(1, sizeof *builder);
    builder->arena = arena;
    builder->diagnostics = diagnostics;
    builder->name = name;
    builder->text = text;
    builder->length = length;
    int result = build(builder);
    if (result == 0)
        *ret_root = builder->root;
    free(builder);
    return result;
}

// A name that is no file may be that of a map, misspelt.
static const char *hint_at_map(struct arena *arena, const char *path, int reason)
{
    struct map_folders folders;
    if (reason != ENOENT || strchr(path, '/'))
        return "";
    config_map_folders(&folders, ".");
    return config_suggest_map(arena, path, &folders);
}

int tree_read(struct arena *arena, const char *path, struct diagnostics *diagnostics,
              const struct node **ret_root)
{
    const char *name = arena_text(arena, path);
    struct position start = {name, 1, 1};
    size_t length = 0;
    char *bytes = file_read(path, MAX_TREE_BYTES, &length);
    if (!bytes) {
        int reason = errno;
        return diagnostics_error(diagnostics, &start, "cannot be read: %s%s",
                                 error_reason(reason), hint_at_map(arena, name, reason));
    }
    int result = tree_parse(arena, name, bytes, length, diagnostics, ret_root);
    free(bytes);
    return result;
}

const struct node *tree_find(const struct node *mapping, const char *key)
{
    if (!mapping || mapping->kind != NODE_MAPPING)
        return NULL;
    for (size_t i = 0; i < mapping->count; i++) {
        if (strcmp(mapping->children[i].key, key) == 0)
            return mapping->children[i].value;
    }
    return NULL;
}

struct position tree_key_at(const struct node *mapping, const char *key)
{
    for (size_t i = 0; i < mapping->count; i++) {
        if (mapping->children[i].key && strcmp(mapping->children[i].key, key) == 0)
            return mapping->children[i].key_at;
    }
    return mapping->at;
}

bool tree_is_null(const struct node *node)
{
    if (node->kind != NODE_SCALAR || node->quoted)
        return false;
    return node->text[0] == '\0' || strcmp(node->text, "~") == 0 ||
           strcmp(node->text, "null") == 0;
}

struct position tree_place_in(const struct node *node, size_t offset)
{
    struct position at = node->at;
    int characters = 0;
    int before = 0;
    for (size_t i = 0; node->text[i]; i++) {
        bool starts = ((unsigned char)node->text[i] & 0xC0) != 0x80;
        characters += starts;
        before += starts && i < offset;
    }
    // With escapes inside, or names filled in, the text is not what stands in the file.
    int quotes = node->quoted ? 2 : 0;
    if (node->width == characters + quotes)
        at.column += before + quotes / 2;
    return at;
}

const char *tree_kind_name(const struct node *node)
{
    switch (node->kind) {
    case NODE_SEQUENCE:
        return "a list";
    case NODE_MAPPING:
        return "a mapping (key: value)";
    case NODE_SCALAR:
        break;
    }
    return tree_is_null(node) ? "nothing" : "a single value";
}
