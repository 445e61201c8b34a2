// SPDX-License-Identifier: MIT
#include "disk/wording.h"

#include <stdio.h>

enum { LONGEST_PADDING = 600 };

const char wording_topic[] = "v1/from/HW/meter/v1/telemetry";
const char wording_note_kind[] = "hole";

int wording_connection(int row)
{
    return row % 3 == 0;
}

void wording_payload(int row, char ret_payload[WORDING_SIZE])
{
    (void)snprintf(ret_payload, WORDING_SIZE, "{\"row\":%d,\"padding\":\"%0*d\"}", row,
                   1 + row * 37 % LONGEST_PADDING, row);
}

void wording_response(int command, char ret_response[WORDING_SIZE])
{
    (void)snprintf(ret_response, WORDING_SIZE, "{\"id\":\"%d\",\"state\":\"completed\"}",
                   command);
}

void wording_command(int command, struct wording_command *ret_words)
{
    struct wording_command *words = ret_words;
    (void)snprintf(words->id, sizeof words->id, "%d", command);
    (void)snprintf(words->digest, sizeof words->digest, "digest%d", command);
    (void)snprintf(words->request, sizeof words->request, "{\"id\":\"%d\",\"name\":\"set\"}",
                   command);
    wording_response(command, words->response);
    words->command = (struct journal_command){
        .device = "HW/meter",
        .id = words->id,
        .digest = words->digest,
        .request = words->request,
        .response = words->response,
    };
}

void wording_note(int number, int value, struct wording_note *ret_words)
{
    struct wording_note *words = ret_words;
    (void)snprintf(words->key, sizeof words->key, "%d", number);
    (void)snprintf(words->text, sizeof words->text, "%d", value);
    words->note = (struct note){wording_note_kind, "meter", words->key, words->text};
}
