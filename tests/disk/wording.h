// SPDX-License-Identifier: MIT
// What rows, commands and notes say, by their number alone: so that anything else that the
// store brings back is known at once.
#ifndef TESTS_DISK_WORDING_H
#define TESTS_DISK_WORDING_H

#include "cloud/journal.h"
#include "cloud/store.h"

enum { WORDING_SIZE = 800 };

extern const char wording_topic[];
extern const char wording_note_kind[];

int wording_connection(int row);
void wording_payload(int row, char ret_payload[WORDING_SIZE]);
void wording_response(int command, char ret_response[WORDING_SIZE]);

// The texts are in the struct itself.
struct wording_command {
    struct journal_command command; // with its response
    char id[16];
    char digest[JOURNAL_DIGEST_SIZE];
    char request[64];
    char response[WORDING_SIZE];
};
void wording_command(int command, struct wording_command *ret_words);

struct wording_note {
    struct note note;
    char key[16];
    char text[16];
};
void wording_note(int number, int value, struct wording_note *ret_words);

#endif
