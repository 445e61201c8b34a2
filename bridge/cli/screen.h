// SPDX-License-Identifier: MIT
// A page that is drawn again and again in one place of the terminal. Main thread.
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

// Empties the terminal.
void screen_begin(void);

// Draws the text over what stands there, as far as it fits: lines are cut at the right, and the
// last row says how many more there are.
void screen_draw(const char *text);

#endif
