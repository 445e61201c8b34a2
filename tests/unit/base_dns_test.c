// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <string.h>

#include "base/dns.h"
#include "base/mdns.h"
#include "base/mem.h"

static void the_question_is_as_the_standard_says(void **state)
{
    static const unsigned char expected[] = {
        0x12, 0x34, 0,   0,   0,   1,   0,   0,   0, 0,   0,   0, // header: one question
        7,    'g',  'a', 't', 'e', 'w', 'a', 'y', 5, 'l', 'o', 'c', 'a', 'l', 0, 0, 1, 0, 1};
    unsigned char query[DNS_MAX_QUERY];
    (void)state;
    assert_int_equal(dns_write_query("gateway.local", 0x1234, query), sizeof expected);
    assert_memory_equal(query, expected, sizeof expected);
    assert_int_equal(dns_write_query("gateway.local.", 0x1234, query), sizeof expected);
    assert_memory_equal(query, expected, sizeof expected);
}

static void a_name_that_is_none_has_no_question(void **state)
{
    unsigned char query[DNS_MAX_QUERY];
    char longest[300];
    (void)state;
    assert_int_equal(dns_write_query("", 1, query), 0);
    assert_int_equal(dns_write_query(".", 1, query), 0);
    assert_int_equal(dns_write_query("a..local", 1, query), 0);
    memset(longest, 'x', sizeof longest);
    longest[64] = '\0';
    assert_int_equal(dns_write_query(longest, 1, query), 0);
    for (size_t i = 0; i < sizeof longest; i++)
        longest[i] = i % 2 ? '.' : 'x';
    longest[253] = '\0';
    assert_int_equal(dns_write_query(longest, 1, query), 12 + 255 + 4);
    longest[253] = 'x';
    longest[254] = '\0';
    assert_int_equal(dns_write_query(longest, 1, query), 0);
}

#define HEADER(flags, questions, answers, more)                                                \
    0x12, 0x34, (flags), 0, 0, (questions), 0, (answers), 0, 0, 0, (more)
#define GATEWAY                     7, 'G', 'a', 't', 'e', 'w', 'a', 'y', 5, 'l', 'o', 'c', 'a', 'l', 0
#define OTHER                       5, 'o', 't', 'h', 'e', 'r', 0xC0, 20
#define A_RECORD(class, a, b, c, d) 0, 1, (class), 1, 0, 0, 0, 10, 0, 4, (a), (b), (c), (d)

struct answer {
    bool is_found;
    unsigned char bytes[120];
    size_t length;
};

#define ANSWER(found, ...)                                                                     \
    {                                                                                          \
        found, {__VA_ARGS__}, sizeof((unsigned char[]){__VA_ARGS__})                           \
    }

static void the_address_is_found(void **state)
{
    static const struct answer answers[] = {
        // with the question repeated and the name as a pointer to it, as responders do
        ANSWER(true, HEADER(0x84, 1, 1, 0), GATEWAY, 0, 1, 0, 1, 0xC0, 12,
               A_RECORD(0, 192, 168, 1, 7)),
        // without a question, with the cache-flush bit
        ANSWER(true, HEADER(0x84, 0, 1, 0), GATEWAY, A_RECORD(0x80, 192, 168, 1, 7)),
        // behind another host's and another kind of record
        ANSWER(true, HEADER(0x84, 0, 2, 1), GATEWAY, 0, 16, 0, 1, 0, 0, 0, 10, 0, 2, 1, 'x',
               OTHER, A_RECORD(0, 10, 0, 0, 1), 0xC0, 12, A_RECORD(0, 192, 168, 1, 7)),
        ANSWER(false, HEADER(0x04, 0, 1, 0), GATEWAY,
               A_RECORD(0, 192, 168, 1, 7)), // a question
        ANSWER(false, HEADER(0x84, 0, 1, 0), OTHER, A_RECORD(0, 192, 168, 1, 7)),
        ANSWER(false, HEADER(0x84, 0, 0, 0), GATEWAY, A_RECORD(0, 192, 168, 1, 7)),
        ANSWER(false, HEADER(0x84, 0, 1, 0), GATEWAY, 0, 1, 0, 3, 0, 0, 0, 10, 0, 4, 1, 2, 3,
               4),
        ANSWER(false, HEADER(0x84, 0, 1, 0), GATEWAY, 0, 1, 0, 1, 0, 0, 0, 10, 0, 3, 1, 2, 3),
        // a pointer to itself
        ANSWER(false, HEADER(0x84, 0, 1, 0), 0xC0, 12, A_RECORD(0, 192, 168, 1, 7)),
        // a record longer than the message
        ANSWER(false, HEADER(0x84, 0, 1, 0), GATEWAY, 0, 1, 0, 1, 0, 0, 0, 10, 0, 200, 1, 2),
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(answers); i++) {
        struct in_addr address = {0};
        bool is_found = dns_find_address(answers[i].bytes, answers[i].length, "gateway.local",
                                         0x1234, &address);
        if (is_found != answers[i].is_found)
            print_error("answer %zu\n", i);
        assert_int_equal(is_found, answers[i].is_found);
        assert_true(!is_found || ntohl(address.s_addr) == 0xC0A80107);
        // Cut anywhere, it never says something else.
        for (size_t length = 0; length < answers[i].length; length++) {
            if (dns_find_address(answers[i].bytes, length, "gateway.local", 0x1234, &address))
                assert_int_equal(ntohl(address.s_addr), 0xC0A80107);
        }
        assert_false(dns_find_address(answers[i].bytes, answers[i].length, "gateway.local",
                                      0x1235, &address));
    }
}

static void local_names_are_told(void **state)
{
    (void)state;
    assert_true(mdns_is_local("gateway.local"));
    assert_true(mdns_is_local("Gateway.LOCAL."));
    assert_false(mdns_is_local("gateway.localdomain"));
    assert_false(mdns_is_local(".local"));
    assert_false(mdns_is_local("local"));
    assert_false(mdns_is_local("example.com"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_question_is_as_the_standard_says),
        cmocka_unit_test(a_name_that_is_none_has_no_question),
        cmocka_unit_test(the_address_is_found),
        cmocka_unit_test(local_names_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
