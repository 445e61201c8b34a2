// SPDX-License-Identifier: MIT
#include "bus/interview.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "registers/codec.h"

enum {
    MAX_LISTS = 16, // answers, before a list that never ends is left
    MAX_SILENCES = 2,
    COMMON_MODEL = 1,
};

// Where the chain may begin: SunSpec Device Information Model Specification 1.1.
static const uint16_t bases[] = {40000, 50000, 0};

static const char *const names[IDENTIFICATION_NAME_COUNT] = {
    [IDENTIFICATION_VENDOR_NAME] = "vendor_name",
    [IDENTIFICATION_PRODUCT_CODE] = "product_code",
    [IDENTIFICATION_REVISION] = "revision",
    [IDENTIFICATION_VENDOR_URL] = "vendor_url",
    [IDENTIFICATION_PRODUCT_NAME] = "product_name",
    [IDENTIFICATION_MODEL_NAME] = "model_name",
    [IDENTIFICATION_APPLICATION_NAME] = "application_name",
};

// The texts of the common model, offsets from its id: SunSpec model 1.
static const struct common_row {
    uint16_t offset;
    uint16_t words;
    size_t place; // in struct account
} common_rows[] = {
    {2, 16, offsetof(struct account, manufacturer)}, {18, 16, offsetof(struct account, model)},
    {34, 8, offsetof(struct account, options)},      {42, 8, offsetof(struct account, version)},
    {50, 16, offsetof(struct account, serial)},
};

const char *account_text_name(uint8_t id)
{
    return id < IDENTIFICATION_NAME_COUNT ? names[id] : NULL;
}

const char *account_find(const struct account *account, uint8_t id)
{
    for (size_t i = 0; i < account->text_count; i++) {
        if (account->texts[i].id == id)
            return account->texts[i].text;
    }
    return NULL;
}

const char *account_vendor(const struct account *account)
{
    if (account->manufacturer[0])
        return account->manufacturer;
    return account_find(account, IDENTIFICATION_VENDOR_NAME);
}

// A text in registers as the codec reads it, "" when there is none.
static void take_text(const uint16_t *words, uint16_t count, char *ret_text, size_t size)
{
    struct codec_space space = {0};
    const struct point point = {
        .table = TABLE_HOLDING, .type = TYPE_STRING, .word_count = count, .bit_low = NO_INDEX};
    struct value value = codec_decode_raw(&point, words, &space);
    size_t length = value.kind == VALUE_TEXT ? value.text.length : 0;
    if (length > size - 1)
        length = size - 1;
    if (length)
        memcpy(ret_text, value.text.bytes, length);
    ret_text[length] = '\0';
    utf8_mend_end(ret_text);
}

static void take_object(struct account *account, const struct identification_object *object)
{
    uint16_t words[UINT8_MAX / 2 + 1] = {0};
    struct account_text taken = {.id = object->id};
    for (size_t i = 0; i < object->length; i++)
        words[i / 2] |= (uint16_t)(object->bytes[i] << (i % 2 ? 0 : 8));
    take_text(words, (uint16_t)((object->length + 1U) / 2U), taken.text, sizeof taken.text);
    bool is_new = !account_find(account, object->id);
    if (!taken.text[0] || !is_new || account->text_count == MAX_ACCOUNT_TEXTS)
        return;
    size_t at = account->text_count++;
    for (; at > 0 && account->texts[at - 1].id > taken.id; at--)
        account->texts[at] = account->texts[at - 1];
    account->texts[at] = taken;
}

static void ask_chain(struct interview *interview)
{
    struct interview *to = interview;
    if (to->walk.state == SUNSPEC_READ) {
        to->stage = INTERVIEW_SUNSPEC;
        to->request = (struct request){.unit_id = to->request.unit_id,
                                       .function = FUNCTION_READ_HOLDING_REGISTERS,
                                       .address = to->walk.address,
                                       .count = SUNSPEC_READ_COUNT};
        return;
    }
    to->stage = INTERVIEW_OVER;
    to->account.has_sunspec = to->walk.has_begun && to->walk.chain.count > 0;
    to->account.chain = to->walk.chain;
    const struct sunspec_link *first = &to->walk.chain.links[0];
    if (!to->account.has_sunspec || first->id != COMMON_MODEL)
        return;
    const struct common_row *last = &common_rows[ARRAY_LENGTH(common_rows) - 1];
    uint16_t all = (uint16_t)(last->offset + last->words);
    uint16_t whole = (uint16_t)(first->place.length + SUNSPEC_HEADER_WORDS);
    to->stage = INTERVIEW_COMMON;
    to->request.address = first->place.address;
    to->request.count = whole < all ? whole : all;
}

static void begin_chain(struct interview *interview)
{
    sunspec_begin(&interview->walk, bases, ARRAY_LENGTH(bases));
    ask_chain(interview);
}

void interview_begin(struct interview *interview, uint8_t unit_id)
{
    *interview = (struct interview){
        .request = identification_request(unit_id, IDENTIFICATION_BASIC, 0),
    };
}

static void take_identification(struct interview *interview, const struct answer *answer)
{
    struct identification list;
    uint8_t asked = (uint8_t)(interview->request.address >> 8);
    interview->parts++;
    if (!answer || answer->exception || !identification_unpack(answer, &list)) {
        begin_chain(interview);
        return;
    }
    for (size_t i = 0; i < list.object_count; i++)
        take_object(&interview->account, &list.objects[i]);
    uint8_t highest = list.conformity & (uint8_t)~IDENTIFICATION_ADDRESSABLE;
    bool has_higher = highest > asked && highest <= IDENTIFICATION_EXTENDED;
    uint8_t unit_id = interview->request.unit_id;
    bool is_over = !list.more_follows && !has_higher;
    if (is_over || interview->parts == MAX_LISTS)
        begin_chain(interview);
    else if (list.more_follows)
        interview->request =
            identification_request(unit_id, (enum identification_code)asked, list.next_object);
    else
        interview->request =
            identification_request(unit_id, (enum identification_code)highest, 0);
}

static void take_chain(struct interview *interview, const struct answer *answer)
{
    if (!answer)
        sunspec_refuse(&interview->walk, EXCEPTION_ILLEGAL_ADDRESS);
    else if (answer->exception)
        sunspec_refuse(&interview->walk, answer->exception);
    else
        sunspec_take(&interview->walk, answer->words);
    ask_chain(interview);
}

static void take_common(struct interview *interview, const struct answer *answer)
{
    char *account = (char *)&interview->account;
    interview->stage = INTERVIEW_OVER;
    for (size_t i = 0; answer && !answer->exception && i < ARRAY_LENGTH(common_rows); i++) {
        const struct common_row *row = &common_rows[i];
        if (row->offset + row->words <= interview->request.count)
            take_text(answer->words + row->offset, row->words, account + row->place,
                      SUNSPEC_TEXT_SIZE);
    }
}

void interview_take(struct interview *interview, enum fault fault, const struct answer *answer)
{
    bool is_answer = fault == FAULT_NONE || fault == FAULT_EXCEPTION;
    bool is_guess = interview->stage == INTERVIEW_SUNSPEC && !interview->walk.has_begun &&
                    interview->walk.base > 0;
    if (!is_answer && !is_guess && ++interview->silences < MAX_SILENCES)
        return;
    interview->silences = 0;
    const struct answer *taken = is_answer ? answer : NULL;
    if (interview->stage == INTERVIEW_IDENTIFICATION)
        take_identification(interview, taken);
    else if (interview->stage == INTERVIEW_SUNSPEC)
        take_chain(interview, taken);
    else if (interview->stage == INTERVIEW_COMMON)
        take_common(interview, taken);
}
