// SPDX-License-Identifier: MIT
// Replies of the usual kinds. Any thread.
#ifndef WEB_REPLY_H
#define WEB_REPLY_H

#include "web/http.h"

// Plain text for people.
void reply_text(struct reply *ret_reply, unsigned status, const char *text);

// JSON; takes ownership of the heap text.
void reply_json(struct reply *ret_reply, unsigned status, char *json);

// {"error": text}
void reply_error(struct reply *ret_reply, unsigned status, const char *text);

// What others have a reference to as well; the reference changes hands.
void reply_shared(struct reply *ret_reply, const char *content_type, struct shared_text *text);

#endif
