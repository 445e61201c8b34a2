// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "cli/grid.h"
#include "cli/probe.h"
#include "cli/terminal.h"
#include "registers/guess.h"

enum {
    CELL_SIZE = 64,
    TEXT_SIZE = 400,
    BITS_A_LINE = 16,
    WORTH_ALWAYS = 100,
    MAX_TEXT_WORDS = 60,
    CERTAIN_TEXT = 6, // bytes: what is shorter may be numbers all the same
    SAME_ROWS = 3,    // that say the same become one
};

// How it is printed.
struct sheet {
    const struct probe *probe;
    bool *is_text; // by place: part of a text that is one for certain
    struct strbuf *out;
    size_t width; // 0: any
    bool in_colour;
};

static void add_title(const struct sheet *sheet)
{
    const struct probe *probe = sheet->probe;
    const struct probe_range *range = &probe->range;
    const struct sounding *sounding = &probe->sounding;
    strbuf_printf(sheet->out, "%s %u", table_names[range->table], range->first);
    if (range->count > 1)
        strbuf_printf(sheet->out, "..%u", range->first + (unsigned)range->count - 1);
    strbuf_printf(sheet->out, " of unit %d", probe->target->device->unit_id);
    if (sounding->limited.count)
        strbuf_printf(sheet->out, ": %u at once are granted, %u are not",
                      (unsigned)sounding->granted, (unsigned)sounding->refused);
    else if (range->count > 1 && sounding->granted)
        strbuf_printf(sheet->out, ": %u at once are granted", (unsigned)sounding->granted);
    strbuf_add(sheet->out, "\n");
}

static void format_time(int64_t second, char *ret_text, size_t size)
{
    struct tm parts;
    time_t at = (time_t)second;
    ret_text[0] = '\0';
    if (gmtime_r(&at, &parts))
        (void)strftime(ret_text, size, "%Y-%m-%d %H:%M:%S", &parts);
}

static void format_guess(const struct guess_way *way, const struct guess *guess, char *ret_text,
                         size_t size)
{
    if (way->is_time)
        format_time((int64_t)value_number(&guess->value), ret_text, size);
    else
        value_format(&guess->value, ret_text, size);
}

static void set_guess(struct grid *grid, size_t row, size_t column, const struct guess_way *way,
                      const uint16_t *words)
{
    char text[CELL_SIZE];
    struct guess guess = guess_make(way, words);
    if (guess.credit == CREDIT_ABSURD)
        return;
    format_guess(way, &guess, text, sizeof text);
    grid_set(grid, row, column, text, guess.credit == CREDIT_DOUBTFUL);
}

static void set_bits(struct grid *grid, size_t row, size_t column, uint16_t word)
{
    char text[CELL_SIZE];
    size_t used = 0;
    for (int bit = 15; bit >= 0; bit--) {
        text[used++] = word >> bit & 1 ? '1' : '0';
        if (bit % 4 == 0 && bit > 0)
            text[used++] = ' ';
    }
    text[used] = '\0';
    grid_set(grid, row, column, text, word == 0);
}

static void set_letters(struct grid *grid, size_t row, size_t column, uint16_t word)
{
    uint8_t bytes[] = {(uint8_t)(word >> 8), (uint8_t)word};
    char text[3] = "";
    bool any = false;
    for (size_t i = 0; i < 2; i++) {
        bool is_readable = bytes[i] >= ' ' && bytes[i] < 0x7F;
        text[i] = '.';
        if (is_readable)
            text[i] = (char)bytes[i];
        any |= is_readable;
    }
    if (any)
        grid_set(grid, row, column, text, false);
}

// The columns of single registers, in the order of the ways: one that is signed shares the
// column of its unsigned brother where only one of them is to be believed.
static const struct {
    const char *title;
    const char *ways[2];
    int worth;
} single_columns[] = {
    {"u16", {"u16", NULL}, WORTH_ALWAYS},        {"i16", {"i16", NULL}, 9},
    {"x0.1", {"u16 x0.1", "i16 x0.1"}, 8},       {"x0.01", {"u16 x0.01", "i16 x0.01"}, 6},
    {"x0.001", {"u16 x0.001", "i16 x0.001"}, 3}, {"bcd", {"bcd16", NULL}, 2},
};
enum { SINGLE_COLUMNS = sizeof single_columns / sizeof single_columns[0] };

static const struct guess_way *find_way(const char *name)
{
    size_t count = 0;
    const struct guess_way *ways = guess_ways(&count);
    for (size_t i = 0; name && i < count; i++) {
        if (strcmp(ways[i].name, name) == 0)
            return &ways[i];
    }
    return NULL;
}

static void set_singles(struct grid *grid, size_t row, size_t column, const uint16_t *word)
{
    for (size_t i = 0; i < SINGLE_COLUMNS; i++) {
        for (size_t k = 0; k < 2; k++) {
            const struct guess_way *way = find_way(single_columns[i].ways[k]);
            if (way)
                set_guess(grid, row, column + i, way, word);
        }
    }
}

static void add_address(struct grid *grid, size_t row, const struct probe *probe,
                        uint32_t place, uint32_t count)
{
    char text[CELL_SIZE];
    unsigned first = probe->range.first + (unsigned)place;
    if (count > 1)
        (void)snprintf(text, sizeof text, "%u..%u", first, first + (unsigned)count - 1);
    else
        (void)snprintf(text, sizeof text, "%u", first);
    grid_set(grid, row, 0, text, false);
}

// How many registers from here on hold the same word.
static uint32_t count_same(const struct probe *probe, uint32_t place)
{
    uint32_t count = 1;
    while (sounding_has_read(&probe->sounding, place + count, 1) &&
           probe->words[place + count] == probe->words[place])
        count++;
    return count;
}

static void add_singles(const struct sheet *sheet)
{
    struct grid grid = {0};
    (void)grid_add_column(&grid, "address", WORTH_ALWAYS, false);
    size_t hex = grid_add_column(&grid, "hex", WORTH_ALWAYS, false);
    for (size_t i = 0; i < SINGLE_COLUMNS; i++)
        (void)grid_add_column(&grid, single_columns[i].title, single_columns[i].worth, false);
    size_t bits = grid_add_column(&grid, "bits 15..0", 5, true);
    size_t letters = grid_add_column(&grid, "text", 4, true);
    size_t notes = grid_add_column(&grid, "", 7, true);
    for (uint32_t place = 0; place < sheet->probe->range.count; place++) {
        if (!sounding_has_read(&sheet->probe->sounding, place, 1))
            continue;
        const uint16_t *word = &sheet->probe->words[place];
        char text[CELL_SIZE];
        size_t row = grid_add_row(&grid);
        uint32_t same = count_same(sheet->probe, place);
        add_address(&grid, row, sheet->probe, place, same >= SAME_ROWS ? same : 1);
        place += same >= SAME_ROWS ? same - 1 : 0;
        (void)snprintf(text, sizeof text, "%04X", *word);
        grid_set(&grid, row, hex, text, false);
        set_singles(&grid, row, hex + 1, word);
        set_bits(&grid, row, bits, *word);
        set_letters(&grid, row, letters, *word);
        if (guess_sentinel(word, 1))
            grid_set(&grid, row, notes, guess_sentinel(word, 1), true);
    }
    if (grid.row_count)
        grid_print(&grid, sheet->width, sheet->in_colour, sheet->out);
    grid_done(&grid);
}

// Whether something can be believed of the words at a place, of this many.
static bool says_anything(const uint16_t *words, uint16_t count)
{
    size_t way_count = 0;
    const struct guess_way *ways = guess_ways(&way_count);
    for (size_t i = 0; i < way_count; i++) {
        if (ways[i].words == count && guess_make(&ways[i], words).credit != CREDIT_ABSURD)
            return true;
    }
    return guess_sentinel(words, count) != NULL;
}

static bool is_inside_text(const struct sheet *sheet, uint32_t place, uint32_t count)
{
    bool is = true;
    for (uint32_t i = 0; i < count; i++)
        is = is && sheet->is_text[place + i];
    return is;
}

// Numbers of several registers, from each address on.
static void add_wide(const struct sheet *sheet, uint16_t count)
{
    size_t way_count = 0;
    const struct guess_way *ways = guess_ways(&way_count);
    struct grid grid = {0};
    (void)grid_add_column(&grid, count == 2 ? "two from" : "four from", WORTH_ALWAYS, false);
    // Those that come first in the table of ways are the likelier ones.
    for (size_t i = 0; i < way_count; i++) {
        if (ways[i].words == count)
            (void)grid_add_column(&grid, ways[i].name, (int)(way_count - i), false);
    }
    size_t notes = grid_add_column(&grid, "", WORTH_ALWAYS - 1, true);
    for (uint32_t place = 0; place < sheet->probe->range.count; place++) {
        const uint16_t *words = &sheet->probe->words[place];
        if (!sounding_has_read(&sheet->probe->sounding, place, count) ||
            is_inside_text(sheet, place, count) || !says_anything(words, count))
            continue;
        size_t row = grid_add_row(&grid);
        size_t column = 1;
        add_address(&grid, row, sheet->probe, place, 1);
        for (size_t i = 0; i < way_count; i++) {
            if (ways[i].words == count)
                set_guess(&grid, row, column++, &ways[i], words);
        }
        if (guess_sentinel(words, count))
            grid_set(&grid, row, notes, guess_sentinel(words, count), true);
    }
    if (grid.row_count) {
        strbuf_add(sheet->out, "\n");
        grid_print(&grid, sheet->width, sheet->in_colour, sheet->out);
    }
    grid_done(&grid);
}

// The end of what can be read from a place on.
static uint32_t run_end(const struct probe *probe, uint32_t place)
{
    while (sounding_has_read(&probe->sounding, place, 1))
        place++;
    return place;
}

// The text that begins at a place, in one byte order; returns how many registers it has.
static uint32_t text_at(const struct probe *probe, uint32_t place, enum order order,
                        char *ret_text)
{
    uint32_t count = run_end(probe, place) - place;
    if (count > MAX_TEXT_WORDS)
        count = MAX_TEXT_WORDS;
    guess_text(probe->words + place, count, order, ret_text, TEXT_SIZE);
    return (uint32_t)(strlen(ret_text) + 1) / 2;
}

// Texts, each from where it begins: not again from inside. `out` NULL: they are only marked.
static void add_texts(const struct sheet *sheet, struct strbuf *out)
{
    const struct probe *probe = sheet->probe;
    for (uint32_t place = 0; place < probe->range.count; place++) {
        char straight[TEXT_SIZE];
        char swapped[TEXT_SIZE];
        uint32_t count = text_at(probe, place, ORDER_BIG, straight);
        uint32_t other = text_at(probe, place, ORDER_LITTLE, swapped);
        count = other > count ? other : count;
        if (count == 0)
            continue;
        unsigned first = probe->range.first + (unsigned)place;
        if (out && straight[0])
            strbuf_printf(out, "\ntext from %u: \"%s\"\n", first, straight);
        if (out && swapped[0])
            strbuf_printf(out, "%s%u, bytes swapped: \"%s\"\n",
                          straight[0] ? "     from " : "\ntext from ", first, swapped);
        for (uint32_t i = 0; i < count && 2 * count >= CERTAIN_TEXT; i++)
            sheet->is_text[place + i] = true;
        place += count - 1;
    }
}

static void add_bits(const struct sheet *sheet)
{
    const struct probe *probe = sheet->probe;
    for (uint32_t place = 0; place < probe->range.count;) {
        if (!sounding_has_read(&probe->sounding, place, 1)) {
            place++;
            continue;
        }
        strbuf_printf(sheet->out, "  %5u ", probe->range.first + (unsigned)place);
        for (size_t i = 0; i < BITS_A_LINE && sounding_has_read(&probe->sounding, place, 1);
             i++, place++)
            strbuf_printf(sheet->out, "%s%u", i % 4 ? "" : " ", probe->words[place]);
        strbuf_add(sheet->out, "\n");
    }
}

// What could not be read, one line a range.
static void add_refusals(const struct sheet *sheet)
{
    const struct probe *probe = sheet->probe;
    const struct sounding *sounding = &probe->sounding;
    for (uint32_t place = 0; place < probe->range.count;) {
        uint8_t state = sounding->states[place];
        uint8_t exception = sounding->exceptions[place];
        uint32_t end = sounding_end_of_same(sounding, place);
        unsigned first = probe->range.first + (unsigned)place;
        unsigned last = probe->range.first + (unsigned)end - 1;
        if (state == SOUNDING_REFUSED)
            strbuf_printf(sheet->out, "%u..%u: %s (exception %u)\n", first, last,
                          exception_name(exception), exception);
        else if (state != SOUNDING_READ)
            strbuf_printf(sheet->out, "%u..%u: %s\n", first, last,
                          state == SOUNDING_SILENT ? "no answer" : "not asked");
        place = end;
    }
}

void probe_print_text(const struct probe *probe)
{
    struct strbuf out = {0};
    int columns = 0;
    int rows = 0;
    terminal_size(&columns, &rows);
    const struct sheet sheet = {
        .probe = probe,
        .is_text = mem_new(probe->range.count + MAX_TEXT_WORDS, sizeof(bool)),
        .out = &out,
        .width = terminal_is_there() ? (size_t)columns : 0,
        .in_colour = terminal_in_colour(),
    };
    add_title(&sheet);
    if (table_is_bits(probe->range.table)) {
        add_bits(&sheet);
    } else {
        add_texts(&sheet, NULL);
        add_singles(&sheet);
        add_wide(&sheet, 2);
        add_wide(&sheet, 4);
        add_texts(&sheet, &out);
    }
    add_refusals(&sheet);
    (void)printf("%s", strbuf_text(&out));
    free(sheet.is_text);
    strbuf_done(&out);
}
