// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "cli/rehearsal.h"
#include "daemon/local_answer.h"

enum { MOST_NAMES = 4, FRAME_TEXT = 3 * MAX_FRAME + 1 };

static const struct pdu_function *function_of(const struct rehearsed_frame *frame)
{
    return pdu_find_function(frame->request.function);
}

// The words written, or of the assumed answer. A bit is one of them.
static unsigned word_at(const uint16_t *words, enum table table, uint16_t index)
{
    unsigned bits = words[index / 16];
    return table_is_bits(table) ? (bits >> (index % 16)) & 1 : words[index];
}

static bool is_in(const struct rehearsed_frame *frame, const struct point *point,
                  const struct image *image)
{
    const struct block block = {.table = point->table,
                                .unit_id = point->unit_id,
                                .model = point->model,
                                .address = point->address,
                                .count = point->word_count};
    uint16_t address = 0;
    uint16_t count = 0;
    return point->source == SOURCE_WORDS && point->table == function_of(frame)->table &&
           image_place(image, &block, &address, &count) && address >= frame->request.address &&
           address < frame->request.address + frame->request.count;
}

// The entries that begin in the registers of a frame.
static void add_names(const struct rehearsed_frame *frame, const struct target *target,
                      struct strbuf *out)
{
    const struct map *map = target->device->map;
    size_t count = 0;
    for (size_t i = 0; i < map->point_count; i++) {
        if (!is_in(frame, &map->points[i], target->unit->image))
            continue;
        if (count < MOST_NAMES)
            strbuf_printf(out, "%s%s", count ? ", " : ": ", map->points[i].key);
        count++;
    }
    if (count > MOST_NAMES)
        strbuf_printf(out, " and %zu more", count - MOST_NAMES);
}

static void add_words(const struct rehearsed_frame *frame, const uint16_t *words,
                      struct strbuf *out)
{
    enum table table = function_of(frame)->table;
    for (uint16_t i = 0; i < frame->request.count; i++)
        strbuf_printf(out, table_is_bits(table) ? " %u" : " %04X", word_at(words, table, i));
}

static void add_meaning(const struct rehearsed_frame *frame, const struct target *target,
                        struct strbuf *out)
{
    const struct request *request = &frame->request;
    const struct pdu_function *function = function_of(frame);
    strbuf_printf(out, "  %s unit %u, %s %u", function->is_write ? "write" : "read",
                  request->unit_id, table_names[function->table], request->address);
    if (request->count > 1)
        strbuf_printf(out, "..%d", request->address + request->count - 1);
    strbuf_printf(out, " (function %u)", request->function);
    add_names(frame, target, out);
    strbuf_add(out, "\n");
    if (function->is_write) {
        strbuf_add(out, "    with");
        add_words(frame, request->words, out);
        strbuf_add(out, "\n");
    }
}

// What was read before the first write may have a say in it.
static void add_assumption(const struct rehearsed_frame *frame, struct strbuf *out)
{
    strbuf_add(out, "    assumed to answer");
    if (frame->answer.exception)
        strbuf_printf(out, " with exception %u", frame->answer.exception);
    else
        add_words(frame, frame->answer.words, out);
    strbuf_add(out, "\n");
}

static void add_text(const struct rehearsal *rehearsal, const struct target *target,
                     struct strbuf *out)
{
    bool was_written = false;
    strbuf_printf(out, "frames to %s, none of which was sent:\n", target->device->name);
    for (size_t i = 0; i < rehearsal->count; i++) {
        const struct rehearsed_frame *frame = &rehearsal->frames[i];
        char bytes[FRAME_TEXT];
        was_written |= function_of(frame)->is_write;
        frame_format(frame->bytes, frame->length, bytes, sizeof bytes);
        strbuf_printf(out, "%s\n", bytes);
        add_meaning(frame, target, out);
        if (!was_written)
            add_assumption(frame, out);
    }
}

static json_t *words_json(const struct rehearsed_frame *frame, const uint16_t *words)
{
    json_t *list = json_new_list();
    for (uint16_t i = 0; i < frame->request.count; i++)
        json_add(list, json_integer(word_at(words, function_of(frame)->table, i)));
    return list;
}

static json_t *frame_json(const struct rehearsed_frame *frame, bool is_assumed)
{
    const struct pdu_function *function = function_of(frame);
    char bytes[FRAME_TEXT];
    json_t *object = json_new_object();
    frame_format(frame->bytes, frame->length, bytes, sizeof bytes);
    json_put_text(object, "frame", bytes);
    json_put(object, "unit", json_integer(frame->request.unit_id));
    json_put(object, "function", json_integer(frame->request.function));
    json_put_text(object, "table", table_names[function->table]);
    json_put(object, "address", json_integer(frame->request.address));
    json_put(object, "count", json_integer(frame->request.count));
    if (function->is_write)
        json_put(object, "words", words_json(frame, frame->request.words));
    else if (is_assumed && !frame->answer.exception)
        json_put(object, "assumed", words_json(frame, frame->answer.words));
    return object;
}

static void add_json(const struct rehearsal *rehearsal, const struct target *target,
                     struct strbuf *out)
{
    bool was_written = false;
    json_t *frames = json_new_list();
    json_t *whole = json_new_object();
    for (size_t i = 0; i < rehearsal->count; i++) {
        was_written |= function_of(&rehearsal->frames[i])->is_write;
        json_add(frames, frame_json(&rehearsal->frames[i], !was_written));
    }
    json_put_text(whole, "device", target->device->name);
    json_put(whole, "frames", frames);
    char *text = json_print(whole);
    strbuf_printf(out, "%s\n", text);
    free(text);
}

int rehearsal_print(const struct rehearsal *rehearsal, const struct target *target,
                    bool as_json)
{
    struct strbuf text = {0};
    (as_json ? add_json : add_text)(rehearsal, target, &text);
    (void)fputs(strbuf_text(&text), stdout);
    strbuf_done(&text);
    if (rehearsal->count == REHEARSAL_MOST)
        (void)fprintf(stderr, "only the first %d frames are shown\n", REHEARSAL_MOST);
    if (rehearsal->result->outcome == JOB_ERROR)
        (void)fprintf(stderr, "error, if the device says what is assumed: %s\n",
                      rehearsal->result->message);
    return local_answer_code(rehearsal->result);
}
