// SPDX-License-Identifier: MIT
#include "bus/hold_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "bus/hold.h"
#include "bus/job_frame.h"
#include "bus/job_text.h"
#include "registers/formula.h"

// Adds ", " and one more entry.
static void add(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(char *text, size_t size, const char *format, ...)
{
    va_list args;
    size_t used = strlen(text);
    if (used > 0) {
        (void)snprintf(text + used, size - used, ", ");
        used = strlen(text);
    }
    va_start(args, format);
    (void)vsnprintf(text + used, size - used, format, args);
    va_end(args);
    utf8_mend_end(text);
}

void hold_text_names(const struct device *device, const struct hold_end *end, char *ret_text,
                     size_t size)
{
    const struct step *step = end->step;
    size_t count = step ? step->write_count : end->count;
    ret_text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        char name[HOLD_NAME_SIZE];
        int point = step ? step->writes[i].point : end->entries[i].point;
        name_point(device->map, &device->modbus, point, name, sizeof name);
        add(ret_text, size, "%s", name);
    }
}

static void add_value(const struct map *map, int index, const struct value *value,
                      char *ret_text, size_t size)
{
    const struct point *point = &map->points[index];
    char text[64];
    value_format(value, text, sizeof text);
    bool has_unit = point->unit && strcmp(point->unit, "1") != 0 && value_is_number(value);
    add(ret_text, size, "%s = %s%s%s", point->key, text, has_unit ? " " : "",
        has_unit ? point->unit : "");
}

static bool has_secrets(const struct command *command)
{
    for (size_t i = 0; i < command->argument_count; i++) {
        if (command->arguments[i].sensitive)
            return true;
    }
    return false;
}

// The words of a frame on its way.
static void take_words(const struct request *request, struct write_frame *frame)
{
    for (int i = 0; i < frame->count; i++) {
        bool is_set = (request->words[i / 16] >> (i % 16)) & 1;
        frame->words[i] = table_is_bits(frame->table) ? is_set : request->words[i];
    }
}

void hold_text_values(const struct image *image, const struct command *command,
                      const struct job_action *action, int64_t now_ms, char *ret_text,
                      size_t size)
{
    const struct map *map = image_map(image);
    const struct step *step = action->hold;
    struct write_frame frame;
    struct error err;
    ret_text[0] = '\0';
    if (write_frame_lay_out(map, step->writes, step->write_count, &frame, &err) != 0)
        return;
    take_words(&action->request, &frame);
    for (size_t i = 0; i < step->write_count; i++) {
        const struct assignment *write = &step->writes[i];
        const struct point *point = &map->points[write->point];
        uint16_t words[MAX_POINT_WORDS];
        struct image_space space = {0};
        write_frame_get(&frame, map_words_of(map, point), words);
        struct value value = image_value_of_words(image, write->point, words, now_ms, &space);
        bool is_secret = has_secrets(command) && formula_uses_arguments(write->value);
        if (is_secret || !value_is_known(&value))
            add(ret_text, size, "%s", point->key);
        else
            add_value(map, write->point, &value, ret_text, size);
    }
}

void hold_text_ends(const struct map *map, const struct hold_end *end, char *ret_text,
                    size_t size)
{
    ret_text[0] = '\0';
    for (size_t i = 0; i < end->count; i++)
        add_value(map, end->entries[i].point, &end->entries[i].value, ret_text, size);
}
