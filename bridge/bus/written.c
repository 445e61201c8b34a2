// SPDX-License-Identifier: MIT
#include "bus/written.h"

bool written_is_void(bool was_sent, enum fault fault, const struct answer *answer)
{
    if (!was_sent)
        return true;
    enum exception_on_write says = exception_on_write(answer->exception);
    return fault == FAULT_EXCEPTION && (says == WRITE_REFUSED || says == WRITE_BUSY);
}

static bool covers(const struct request *request, const struct point *words_of, int unit_id,
                   uint16_t address)
{
    int own_id = words_of->unit_id == NO_INDEX ? unit_id : words_of->unit_id;
    return request->unit_id == own_id &&
           pdu_find_function(request->function)->table == words_of->table &&
           address >= request->address && address - request->address < request->count;
}

bool written_touches(const struct map *map, int unit_id, const struct request *request,
                     uint8_t model, int point)
{
    const struct point *words_of = map_words_of(map, &map->points[point]);
    if (!words_of || words_of->model != model)
        return false;
    for (int i = 0; i < words_of->word_count; i++) {
        uint16_t address =
            words_of->part_count ? words_of->parts[i] : (uint16_t)(words_of->address + i);
        if (covers(request, words_of, unit_id, address))
            return true;
    }
    return false;
}
