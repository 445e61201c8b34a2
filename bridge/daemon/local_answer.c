// SPDX-License-Identifier: MIT
#include "daemon/local_answer.h"

#include <string.h>

#include "base/json.h"

enum error_code local_answer_code(const struct job_result *result)
{
    if (result->outcome == JOB_COMPLETED)
        return ERROR_NONE;
    if (result->mismatch)
        return ERROR_MISMATCH;
    return result->fault == FAULT_NONE || result->fault == FAULT_EXCEPTION ? ERROR_FAILED
                                                                           : ERROR_NO_ANSWER;
}

// As people read them, with all their decimals.
static json_t *values_json(const struct job_result *result)
{
    json_t *values = json_new_object();
    for (size_t i = 0; i < result->value_count; i++) {
        char text[256];
        value_format(&result->values[i].value, text, sizeof text);
        json_put(values, result->values[i].key, json_from_text(text, strlen(text)));
    }
    return values;
}

char *local_answer(const char *response, const struct job_result *result)
{
    enum error_code code = result ? local_answer_code(result) : ERROR_FAILED;
    json_t *answer = json_new_object();
    json_put(answer, "code", json_integer(code));
    json_put(answer, "response", json_loads(response, 0, NULL));
    if (code == ERROR_NONE)
        json_put(answer, "values", values_json(result));
    return json_print(answer);
}

char *local_answer_refused(const char *text)
{
    json_t *answer = json_new_object();
    json_put(answer, "code", json_integer(ERROR_FAILED));
    json_put(answer, "refused", json_from_text(text, strlen(text)));
    return json_print(answer);
}
