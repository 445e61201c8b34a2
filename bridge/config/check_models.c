// SPDX-License-Identifier: MIT
// One SunSpec model under two names: model(103) and model(101..103) are the same one on some
// devices, and the bridge does not know it.
#include "base/num.h"
#include "config/load.h"

static const struct point *find_user(const struct loader *loader, size_t model)
{
    for (size_t i = 0; i < loader->count; i++) {
        const struct point *point = &loader->points[i];
        if (point->source == SOURCE_WORDS && point->model == model + 1)
            return point;
    }
    return NULL;
}

static const char *name_of(struct loader *loader, const struct sunspec_model *model)
{
    struct arena *arena = loader->reader.arena;
    const char *ids = model->low == model->high
                          ? arena_printf(arena, "%u", model->low)
                          : arena_printf(arena, "%u..%u", model->low, model->high);
    return model->instance == 1 ? arena_printf(arena, "model(%s)", ids)
                                : arena_printf(arena, "model(%s, %u)", ids, model->instance);
}

// Those of one id only count apart; with ranges the first of one may be the second of another.
static bool may_be_one(const struct sunspec_model *a, const struct sunspec_model *b)
{
    bool is_single = a->low == a->high && b->low == b->high;
    return !is_single && a->low <= b->high && b->low <= a->high;
}

static void report(struct loader *loader, size_t first, size_t second)
{
    const struct point *a = find_user(loader, first);
    const struct point *b = find_user(loader, second);
    if (!a || !b)
        return; // in conditions only: to ask which it is
    diagnostics_warning(loader->reader.diagnostics, b > a ? &b->at : &a->at,
                        "'%s' is in %s and '%s' in %s, which may be one model: name it in one "
                        "way in the whole map, or requests and holds do not know of each other",
                        b->key, name_of(loader, &loader->models[second]), a->key,
                        name_of(loader, &loader->models[first]));
}

void check_models(struct loader *loader)
{
    for (size_t i = 0; i < loader->map.model_count; i++) {
        for (size_t k = i + 1; k < loader->map.model_count; k++) {
            const struct sunspec_model *a = &loader->models[i];
            const struct sunspec_model *b = &loader->models[k];
            bool is_same_range = a->low == b->low && a->high == b->high;
            if (!is_same_range && may_be_one(a, b))
                report(loader, i, k);
        }
    }
}
