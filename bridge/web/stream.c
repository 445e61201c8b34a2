// SPDX-License-Identifier: MIT
#include "web/stream.h"

#include <string.h>

static void begin(struct stream *stream, const struct broadcast *broadcast, int64_t now_ms)
{
    stream->current = shared_text_ref(broadcast->latest);
    stream->sent = 0;
    stream->seen = broadcast->count;
    stream->began_ms = now_ms;
}

size_t stream_read(struct stream *stream, const struct broadcast *broadcast, char *bytes,
                   size_t size, int64_t now_ms)
{
    if (stream->current && stream->sent == shared_text_length(stream->current))
        stream_done(stream);
    if (!stream->current) {
        if (!broadcast->latest || stream->seen == broadcast->count)
            return 0;
        begin(stream, broadcast, now_ms);
    }
    size_t length = shared_text_length(stream->current) - stream->sent;
    if (length > size)
        length = size;
    memcpy(bytes, shared_text_bytes(stream->current) + stream->sent, length);
    stream->sent += length;
    return length;
}

bool stream_is_stuck(const struct stream *stream, int64_t now_ms)
{
    return stream->current && stream->sent < shared_text_length(stream->current) &&
           now_ms - stream->began_ms > STREAM_PATIENCE_MS;
}

void stream_done(struct stream *stream)
{
    shared_text_unref(stream->current);
    stream->current = NULL;
}
