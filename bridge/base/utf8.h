// SPDX-License-Identifier: MIT
// UTF-8 in texts of limited size. Pure, any thread.
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

// Removes the character at the end of a text of valid UTF-8 that a cut left incomplete: half a
// character would make the JSON it ends up in invalid.
void utf8_mend_end(char *text);

#endif
