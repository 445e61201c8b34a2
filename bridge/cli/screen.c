// SPDX-License-Identifier: MIT
#include "cli/screen.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/terminal.h"

void screen_begin(void)
{
    (void)printf("\033[2J");
}

// The bytes of a line that fill at most `columns`: escape sequences take no room, characters
// one column each.
static size_t fitting(const char *line, size_t length, int columns)
{
    bool in_escape = false;
    int column = 0;
    for (size_t i = 0; i < length; i++) {
        bool begins = ((unsigned char)line[i] & 0xC0) != 0x80;
        if (line[i] == '\033')
            in_escape = true;
        else if (!in_escape && begins && ++column > columns)
            return i;
        if (in_escape && line[i] == 'm')
            in_escape = false;
    }
    return length;
}

static int count_lines(const char *text)
{
    int count = 0;
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
        count++;
    return count;
}

void screen_draw(const char *text)
{
    int columns = 0;
    int rows = 0;
    terminal_size(&columns, &rows);
    int lines = count_lines(text);
    int shown = lines < rows ? lines : rows - 2; // the last row stays free for the cursor
    (void)printf("\033[H");
    for (int row = 0; *text && row < shown; row++) {
        size_t length = strcspn(text, "\n");
        (void)printf("%.*s\033[0m\033[K\n", (int)fitting(text, length, columns), text);
        text += length + (text[length] == '\n');
    }
    if (lines > shown && rows > 1)
        (void)printf("... %d more\033[K\n", lines - (shown > 0 ? shown : 0));
    (void)printf("\033[J");
}
