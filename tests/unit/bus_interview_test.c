// SPDX-License-Identifier: MIT
// Asking a unit what it is, against units that say much, little, and nonsense.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "bus/interview.h"

// A unit: its objects, and its registers from a base on.
struct person {
    const struct identification_object *objects;
    size_t object_count;
    bool knows_function;
    bool lies; // says that more follows, for ever
    uint16_t base;
    const uint16_t *words;
    size_t word_count;
    bool is_quiet; // says nothing instead of refusing
    unsigned asked;
};

static enum fault answer_to(struct person *person, const struct request *request,
                            struct answer *ret_answer)
{
    *ret_answer = (struct answer){0};
    person->asked++;
    if (request->function == FUNCTION_READ_IDENTIFICATION && person->knows_function) {
        identification_answer(request, person->objects, person->object_count, ret_answer);
        if (person->lies)
            ret_answer->words[0] |= 0xFF;
        return FAULT_NONE;
    }
    assert_int_equal(request->unit_id, 9);
    size_t at = (size_t)request->address - person->base;
    bool is_there = request->function == FUNCTION_READ_HOLDING_REGISTERS &&
                    request->address >= person->base &&
                    at + request->count <= person->word_count;
    if (!is_there && person->is_quiet)
        return FAULT_TIMEOUT;
    if (!is_there) {
        ret_answer->exception = request->function == FUNCTION_READ_IDENTIFICATION ? 1 : 2;
        return FAULT_EXCEPTION;
    }
    ret_answer->count = request->count;
    memcpy(ret_answer->words, person->words + at, request->count * sizeof *person->words);
    return FAULT_NONE;
}

static void run(struct interview *interview, struct person *person)
{
    interview_begin(interview, 9);
    while (interview->stage != INTERVIEW_OVER) {
        struct answer answer;
        assert_true(pdu_is_valid_request(&interview->request));
        enum fault fault = answer_to(person, &interview->request, &answer);
        interview_take(interview, fault, &answer);
        assert_true(person->asked < 300);
    }
}

static void put_text(uint16_t *words, const char *text)
{
    for (size_t i = 0; text[i]; i++)
        words[i / 2] |= (uint16_t)((uint8_t)text[i] << (i % 2 ? 0 : 8));
}

static void test_says_who_it_is_both_ways(void **state)
{
    (void)state;
    static const struct identification_object objects[] = {
        {0, 4, (const uint8_t *)"Acme"},
        {1, 3, (const uint8_t *)"PM1"},
        {2, 3, (const uint8_t *)"1.2"},
        {4, 6, (const uint8_t *)" Meter"},
        {0x80, 2, (const uint8_t *)"\xFF\x00"},
        {0x81, 3,
         (const uint8_t *)"a\x07"
                          "b"},
    };
    uint16_t words[2 + 68 + 52 + 2] = {SUNSPEC_MARKER_HIGH, SUNSPEC_MARKER_LOW, 1, 66};
    put_text(words + 4, "Acme Solar");
    put_text(words + 20, "Roof 10");
    put_text(words + 44, "3.4");
    put_text(words + 52, "SN-1");
    words[70] = 103;
    words[71] = 50;
    words[122] = SUNSPEC_END_ID;
    struct person person = {.objects = objects,
                            .object_count = ARRAY_LENGTH(objects),
                            .knows_function = true,
                            .base = 50000,
                            .words = words,
                            .word_count = ARRAY_LENGTH(words)};
    struct interview interview;
    run(&interview, &person);
    const struct account *account = &interview.account;
    // What is empty once it is cleaned is not said at all.
    assert_int_equal(account->text_count, 5);
    assert_string_equal(account_find(account, 0), "Acme");
    assert_string_equal(account_find(account, 4), "Meter");
    assert_null(account_find(account, 0x80));
    assert_string_equal(account_find(account, 0x81), "a\xEF\xBF\xBD"
                                                     "b");
    assert_string_equal(account_text_name(2), "revision");
    assert_null(account_text_name(0x81));
    assert_true(account->has_sunspec);
    assert_int_equal(account->chain.base, 50000);
    assert_int_equal(account->chain.count, 2);
    assert_string_equal(account->manufacturer, "Acme Solar");
    assert_string_equal(account->model, "Roof 10");
    assert_string_equal(account->options, "");
    assert_string_equal(account->version, "3.4");
    assert_string_equal(account->serial, "SN-1");
    assert_string_equal(account_vendor(account), "Acme Solar");
}

static void test_says_nothing(void **state)
{
    (void)state;
    struct interview interview;
    struct person refuses = {.word_count = 0};
    run(&interview, &refuses);
    assert_int_equal(refuses.asked, 4);
    assert_int_equal(interview.account.text_count, 0);
    assert_false(interview.account.has_sunspec);
    assert_null(account_vendor(&interview.account));
    struct person quiet = {.is_quiet = true};
    run(&interview, &quiet);
    assert_int_equal(quiet.asked, 6);
    assert_false(interview.account.has_sunspec);
}

static void test_lists_that_never_end(void **state)
{
    (void)state;
    static const struct identification_object objects[] = {{0, 4, (const uint8_t *)"Acme"}};
    struct interview interview;
    struct person person = {
        .objects = objects, .object_count = 1, .knows_function = true, .lies = true};
    run(&interview, &person);
    assert_true(person.asked < 30);
    assert_string_equal(account_vendor(&interview.account), "Acme");
}

static void test_odd_chains(void **state)
{
    (void)state;
    struct interview interview;
    // A short common model: what it holds is taken, nothing behind it is read.
    uint16_t words[2 + 34 + 2] = {SUNSPEC_MARKER_HIGH, SUNSPEC_MARKER_LOW, 1, 32};
    put_text(words + 4, "Acme");
    words[36] = SUNSPEC_END_ID;
    struct person person = {.base = 40000, .words = words, .word_count = ARRAY_LENGTH(words)};
    run(&interview, &person);
    assert_true(interview.account.has_sunspec);
    assert_string_equal(interview.account.manufacturer, "Acme");
    assert_string_equal(interview.account.serial, "");
    // No common model.
    words[2] = 103;
    person.asked = 0;
    run(&interview, &person);
    assert_true(interview.account.has_sunspec);
    assert_string_equal(interview.account.manufacturer, "");
    // The marker and nothing behind it.
    person.word_count = 2;
    run(&interview, &person);
    assert_false(interview.account.has_sunspec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_who_it_is_both_ways),
        cmocka_unit_test(test_says_nothing),
        cmocka_unit_test(test_lists_that_never_end),
        cmocka_unit_test(test_odd_chains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
