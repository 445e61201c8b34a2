// SPDX-License-Identifier: MIT
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PAUSE_MS = 100, BAR = 20, LINE_SIZE = 512, USUAL_COLUMNS = 80, NARROW = 40 };

void progress_format(size_t done, size_t total, const char *text, int columns, char *ret_line,
                     size_t size)
{
    char bar[BAR + 1];
    size_t share = total ? 100 * done / total : 0;
    if (share > 100)
        share = 100;
    size_t full = share * BAR / 100;
    memset(bar, '#', full);
    memset(bar + full, '.', BAR - full);
    bar[BAR] = '\0';
    // The last column stays free: some terminals begin a new line when it is written.
    size_t width = columns > 1 ? (size_t)columns - 1 : 1;
    if (width > size - 1)
        width = size - 1;
    if (columns < NARROW)
        (void)snprintf(ret_line, width + 1, "%3zu %% %s", share, text);
    else
        (void)snprintf(ret_line, width + 1, "[%s] %3zu %%  %s", bar, share, text);
}

void progress_show(struct progress *progress, size_t done, size_t total, const char *text,
                   int64_t now_ms)
{
    char line[LINE_SIZE];
    struct winsize window = {0};
    if (progress->is_shown && now_ms - progress->shown_ms < PAUSE_MS)
        return;
    if (isatty(STDERR_FILENO) != 1)
        return;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col;
    progress_format(done, total, text, known ? window.ws_col : USUAL_COLUMNS, line,
                    sizeof line);
    // Back to the first column, and what was there before is cleared to the end of the line.
    (void)fprintf(stderr, "\r%s\033[K", line);
    (void)fflush(stderr);
    progress->is_shown = true;
    progress->shown_ms = now_ms;
}

void progress_clear(struct progress *progress)
{
    if (!progress->is_shown)
        return;
    (void)fprintf(stderr, "\r\033[K");
    (void)fflush(stderr);
    progress->is_shown = false;
}
