// SPDX-License-Identifier: MIT
#include "sim/nameplate.h"

#include <string.h>

#include "model/simulation.h"
#include "wire/identification.h"

_Static_assert((int)SIMULATED_TEXT_COUNT == (int)IDENTIFICATION_NAME_COUNT,
               "a text for each object that has a name");

// The text of an object, or NULL.
static const char *text_of(const struct map *map, size_t id)
{
    const char *const defaults[SIMULATED_TEXT_COUNT] = {map->vendor, map->model, "simulated"};
    const struct simulation *simulation = map->simulation;
    if (simulation && simulation->identification && simulation->identification->texts[id])
        return simulation->identification->texts[id];
    return defaults[id];
}

void nameplate_answer(const struct map *map, const struct request *request,
                      struct answer *ret_answer)
{
    struct identification_object objects[SIMULATED_TEXT_COUNT];
    size_t count = 0;
    for (size_t id = 0; id < SIMULATED_TEXT_COUNT; id++) {
        const char *text = text_of(map, id);
        if (!text)
            continue;
        size_t length = strnlen(text, UINT8_MAX);
        objects[count++] =
            (struct identification_object){(uint8_t)id, (uint8_t)length, (const uint8_t *)text};
    }
    bool is_refused = map->simulation && map->simulation->identification &&
                      map->simulation->identification->is_refused;
    bool has_any = text_of(map, 0) || text_of(map, 1);
    if (is_refused || !has_any)
        *ret_answer = (struct answer){.exception = EXCEPTION_ILLEGAL_FUNCTION};
    else
        identification_answer(request, objects, count, ret_answer);
}
