// SPDX-License-Identifier: MIT
// Replays one transcript (*.wire) against the real link, in virtual time. README.md has the
// format.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/time_units.h"
#include "bus/link.h"
#include "wire/frame.h"
#include "wire/script.h"

enum { MAX_WORDS = 600, LINE_SIZE = 4096 };

struct replay {
    const char *path;
    int line;
    struct bus_settings settings;
    struct link *link;
    int64_t timeout_ms;
    struct request request;
    bool is_open;   // an "ask" that has not been carried out
    bool was_asked; // there is an outcome to look at
    enum fault fault;
    struct answer answer;
    int64_t began_us;
    uint8_t expected[SCRIPT_BYTES]; // the request's bytes
    size_t expected_length;
};

// A line taken apart.
struct words {
    char *items[MAX_WORDS];
    size_t count;
};

__attribute__((noreturn, format(printf, 2, 3))) static void fail(const struct replay *replay,
                                                                 const char *format, ...)
{
    va_list args;
    (void)printf("%s:%d: ", replay->path, replay->line);
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    (void)printf("\n");
    exit(1);
}

static long number(const struct replay *replay, const char *word)
{
    char *end = NULL;
    long value = strtol(word, &end, 10);
    if (end == word || *end)
        fail(replay, "'%s' is not a number", word);
    return value;
}

static uint16_t hex(const struct replay *replay, const char *word)
{
    char *end = NULL;
    unsigned long value = strtoul(word, &end, 16);
    if (end == word || *end || value > 0xFFFF)
        fail(replay, "'%s' is not hexadecimal", word);
    return (uint16_t)value;
}

static const char *word_at(const struct replay *replay, const struct words *words, size_t at)
{
    if (at >= words->count)
        fail(replay, "something is missing at the end of this line");
    return words->items[at];
}

// Bytes in hexadecimal; "crc" stands for the CRC of those before, "badcrc" for a wrong one, and
// "|" is where a frame begins that is not at the beginning.
static size_t read_bytes(const struct replay *replay, const struct words *words, size_t first,
                         size_t last, uint8_t *ret_bytes)
{
    size_t length = 0;
    size_t begin = 0;
    for (size_t i = first; i < last; i++) {
        bool is_bad = strcmp(words->items[i], "badcrc") == 0;
        if (length + 2 > SCRIPT_BYTES)
            fail(replay, "too many bytes");
        if (is_bad || strcmp(words->items[i], "crc") == 0) {
            uint16_t crc =
                (uint16_t)(rtu_crc(ret_bytes + begin, length - begin) ^ (is_bad ? 0x5500 : 0));
            ret_bytes[length++] = (uint8_t)crc;
            ret_bytes[length++] = (uint8_t)(crc >> 8);
        } else if (strcmp(words->items[i], "|") == 0) {
            begin = length;
        } else {
            ret_bytes[length++] = (uint8_t)hex(replay, words->items[i]);
        }
    }
    return length;
}

// link rtu BAUD PARITY STOP_BITS | link tcp | link rtu_over_tcp
static void do_link(struct replay *replay, const struct words *words)
{
    struct error err;
    const char *kind = word_at(replay, words, 1);
    replay->settings = (struct bus_settings){
        .name = "line", .host = "127.0.0.1", .port = 502, .path = "/dev/null"};
    replay->settings.transport = strcmp(kind, "tcp") == 0            ? TRANSPORT_TCP
                                 : strcmp(kind, "rtu_over_tcp") == 0 ? TRANSPORT_RTU_OVER_TCP
                                                                     : TRANSPORT_RTU;
    if (replay->settings.transport == TRANSPORT_RTU) {
        const char *parity = word_at(replay, words, 3);
        replay->settings.baud = (int)number(replay, word_at(replay, words, 2));
        replay->settings.parity = parity[0] == 'n'   ? PARITY_NONE
                                  : parity[0] == 'e' ? PARITY_EVEN
                                                     : PARITY_ODD;
        replay->settings.stop_bits = (int)number(replay, word_at(replay, words, 4));
    }
    script.settings = &replay->settings;
    replay->link = link_new(&replay->settings, -1, &err);
    if (!replay->link)
        fail(replay, "%s", err.text);
}

static void do_timeout(struct replay *replay, const struct words *words)
{
    replay->timeout_ms = number(replay, word_at(replay, words, 1));
}

static void carry_out(struct replay *replay);

// ask UNIT FUNCTION ADDRESS COUNT [WORDS in hexadecimal]
static void do_ask(struct replay *replay, const struct words *words)
{
    carry_out(replay);
    replay->request = (struct request){
        .unit_id = (uint8_t)number(replay, word_at(replay, words, 1)),
        .function = (uint8_t)number(replay, word_at(replay, words, 2)),
        .address = (uint16_t)number(replay, word_at(replay, words, 3)),
        .count = (uint16_t)number(replay, word_at(replay, words, 4)),
    };
    for (size_t i = 5; i < words->count; i++)
        replay->request.words[i - 5] = hex(replay, words->items[i]);
    replay->is_open = true;
    replay->was_asked = false;
    replay->expected_length = 0;
}

static void do_expect_bytes(struct replay *replay, const struct words *words)
{
    replay->expected_length = read_bytes(replay, words, 1, words->count, replay->expected);
}

// +MS < BYTES [every MS] | +MS < close
static void do_answer(struct replay *replay, const struct words *words)
{
    uint8_t bytes[SCRIPT_BYTES];
    void (*say)(int64_t, const uint8_t *, size_t) =
        replay->is_open ? script_answer : script_say;
    int64_t after_us = number(replay, words->items[0] + 1) * US_PER_MS;
    int64_t every_us = 0;
    size_t last = words->count;
    if (strcmp(word_at(replay, words, 1), "<") != 0)
        fail(replay, "expected '<' and bytes");
    if (strcmp(word_at(replay, words, 2), "close") == 0) {
        say(after_us, bytes, 0);
        return;
    }
    if (last > 4 && strcmp(words->items[last - 2], "every") == 0) {
        every_us = number(replay, words->items[last - 1]) * US_PER_MS;
        last -= 2;
    }
    size_t length = read_bytes(replay, words, 2, last, bytes);
    for (size_t i = 0; every_us && i < length; i++)
        say(after_us + (int64_t)i * every_us, &bytes[i], 1);
    if (!every_us)
        say(after_us, bytes, length);
}

// wait MS: time passes without a request.
static void do_wait(struct replay *replay, const struct words *words)
{
    carry_out(replay);
    int64_t until_us = script.now_us + number(replay, word_at(replay, words, 1)) * US_PER_MS;
    (void)clock_wait(NULL, 0, until_us);
}

static void check_request(const struct replay *replay)
{
    char sent[3 * SCRIPT_BYTES];
    frame_format(script.sent, script.sent_length, sent, sizeof sent);
    if (script.sent_count != 1)
        fail(replay, "%u frames left for this request", script.sent_count);
    if (replay->expected_length &&
        (replay->expected_length != script.sent_length ||
         memcmp(replay->expected, script.sent, script.sent_length) != 0))
        fail(replay, "the request was %s", sent);
    if (script.broke_silence)
        fail(replay, "the request left before the line was silent for 3.5 characters");
}

static void carry_out(struct replay *replay)
{
    struct error err;
    if (!replay->is_open)
        return;
    if (!replay->link || link_open(replay->link, 1000, &err) != 0)
        fail(replay, "there is no link: begin with 'link'");
    replay->is_open = false;
    replay->was_asked = true;
    replay->began_us = script.now_us;
    replay->answer = (struct answer){.exception = 99};
    script.sent_count = 0;
    replay->fault =
        link_transact(replay->link, &replay->request, replay->timeout_ms, &replay->answer);
    if (script.sent_count || replay->expected_length)
        check_request(replay);
}

static void check_words(const struct replay *replay, const struct words *words)
{
    const struct pdu_function *function = pdu_find_function(replay->request.function);
    bool is_write = function->is_write;
    if (replay->answer.exception)
        fail(replay, "exception %u", replay->answer.exception);
    if (!function->is_list && replay->answer.count != replay->request.count)
        fail(replay, "%u instead of %u came", replay->answer.count, replay->request.count);
    if (function->is_list &&
        pdu_answer_words(&replay->request, &replay->answer) != words->count - 2)
        fail(replay, "a list of %u bytes came", replay->answer.count);
    for (size_t i = 2; !is_write && i < words->count; i++) {
        uint16_t expected = hex(replay, words->items[i]);
        if (replay->answer.words[i - 2] != expected)
            fail(replay, "word %zu is %04X, not %04X", i - 2, replay->answer.words[i - 2],
                 expected);
    }
}

// = ok [WORDS] | = exception CODE | = timeout | = garbled | = link
static void do_outcome(struct replay *replay, const struct words *words)
{
    const char *expected = word_at(replay, words, 1);
    carry_out(replay);
    if (!replay->was_asked)
        fail(replay, "nothing was asked");
    const char *found = replay->fault == FAULT_NONE ? "ok" : fault_names[replay->fault];
    if (strcmp(found, expected) != 0)
        fail(replay, "the outcome is %s (%s)", found, link_last_note(replay->link)->text);
    if (replay->fault == FAULT_NONE)
        check_words(replay, words);
    else if (replay->fault == FAULT_EXCEPTION &&
             replay->answer.exception != number(replay, word_at(replay, words, 2)))
        fail(replay, "exception %u", replay->answer.exception);
    else if (replay->fault != FAULT_EXCEPTION && replay->answer.exception != 99)
        fail(replay, "an answer was written in spite of the fault");
}

// foreign N, noise N: frames and bytes that were skipped in the last transaction.
static void do_foreign(struct replay *replay, const struct words *words)
{
    unsigned found = link_last_note(replay->link)->foreign;
    if ((long)found != number(replay, word_at(replay, words, 1)))
        fail(replay, "%u foreign frames", found);
}

static void do_noise(struct replay *replay, const struct words *words)
{
    size_t found = link_last_note(replay->link)->noise;
    if ((long)found != number(replay, word_at(replay, words, 1)))
        fail(replay, "%zu bytes of noise", found);
}

// took FROM TO: how long the transaction was, in ms.
static void do_took(struct replay *replay, const struct words *words)
{
    int64_t took_ms = (script.now_us - replay->began_us) / US_PER_MS;
    if (took_ms < number(replay, word_at(replay, words, 1)) ||
        took_ms > number(replay, word_at(replay, words, 2)))
        fail(replay, "it took %lld ms", (long long)took_ms);
}

static void do_closed(struct replay *replay, const struct words *words)
{
    (void)words;
    if (link_is_open(replay->link))
        fail(replay, "the link is open");
}

static void do_open(struct replay *replay, const struct words *words)
{
    (void)words;
    if (!link_is_open(replay->link))
        fail(replay, "the link is closed");
}

static const struct verb {
    const char *name;
    void (*perform)(struct replay *replay, const struct words *words);
} verbs[] = {
    {"link", do_link},   {"timeout", do_timeout}, {"ask", do_ask},   {">", do_expect_bytes},
    {"wait", do_wait},   {"=", do_outcome},       {"took", do_took}, {"foreign", do_foreign},
    {"noise", do_noise}, {"closed", do_closed},   {"open", do_open},
};

static void perform(struct replay *replay, const struct words *words)
{
    if (words->items[0][0] == '+') {
        do_answer(replay, words);
        return;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++) {
        if (strcmp(verbs[i].name, words->items[0]) == 0) {
            verbs[i].perform(replay, words);
            return;
        }
    }
    fail(replay, "a line may not begin with '%s'", words->items[0]);
}

static void replay_file(struct replay *replay, FILE *file)
{
    char line[LINE_SIZE];
    while (fgets(line, sizeof line, file)) {
        struct words words = {0};
        char *rest = NULL;
        replay->line++;
        line[strcspn(line, "#\n")] = '\0';
        for (char *word = strtok_r(line, " \t", &rest); word && words.count < MAX_WORDS;
             word = strtok_r(NULL, " \t", &rest))
            words.items[words.count++] = word;
        if (words.count)
            perform(replay, &words);
    }
    if (replay->is_open || !replay->link)
        fail(replay, "the transcript ends without an outcome");
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: wire_replay FILE\n");
        return 2;
    }
    struct replay replay = {.path = argv[1], .timeout_ms = 500};
    FILE *file = fopen(argv[1], "re");
    if (!file) {
        perror(argv[1]);
        return 2;
    }
    replay_file(&replay, file);
    (void)fclose(file);
    link_free(replay.link);
    (void)printf("%s holds\n", argv[1]);
    return 0;
}
