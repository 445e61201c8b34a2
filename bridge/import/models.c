// SPDX-License-Identifier: MIT
#include "import/models.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "import/sheet.h"
#include "model/sunspec.h"

enum columns {
    COLUMN_MODEL,
    COLUMN_GROUP,
    COLUMN_OFFSET,
    COLUMN_SIZE,
    COLUMN_POINT,
    COLUMN_TYPE,
    COLUMN_COUNT,
    COLUMN_SF,
    COLUMN_UNIT,
    COLUMN_ACCESS,
    COLUMN_SECTION,
    COLUMN_KEY,
    COLUMN_LABELS,
    COLUMN_SET,
    COLUMN_NAME,
    COLUMNS,
};

static const struct sheet_column columns[COLUMNS] = {
    [COLUMN_MODEL] = {"model", NULL, true},     [COLUMN_GROUP] = {"group", NULL, true},
    [COLUMN_OFFSET] = {"offset", NULL, true},   [COLUMN_SIZE] = {"size", NULL, true},
    [COLUMN_POINT] = {"point", NULL, true},     [COLUMN_TYPE] = {"type", NULL, true},
    [COLUMN_COUNT] = {"count", NULL, true},     [COLUMN_SF] = {"sf", NULL, true},
    [COLUMN_UNIT] = {"unit", NULL, true},       [COLUMN_ACCESS] = {"access", NULL, true},
    [COLUMN_SECTION] = {"section", NULL, true}, [COLUMN_KEY] = {"key", NULL, true},
    [COLUMN_LABELS] = {"labels", NULL, true},   [COLUMN_SET] = {"set", NULL, true},
    [COLUMN_NAME] = {"name", NULL, true},
};

static const struct sunspec_type types[] = {
    {"int16", "i16", 1, KIND_NUMBER, ABSENT_SIGN, NULL},
    {"uint16", "u16", 1, KIND_NUMBER, ABSENT_ONES, NULL},
    {"count", "u16", 1, KIND_NUMBER, ABSENT_ONES, NULL},
    {"acc16", "u16", 1, KIND_NUMBER, ABSENT_ONES_OR_ZERO, "[0, 0xFFFF]"},
    {"enum16", "u16", 1, KIND_CODE, ABSENT_ONES, NULL},
    {"bitfield16", "u16", 1, KIND_BITS, ABSENT_ONES, NULL},
    {"sunssf", "i16", 1, KIND_SCALE_FACTOR, ABSENT_SIGN, NULL},
    {"int32", "i32", 2, KIND_NUMBER, ABSENT_SIGN, NULL},
    {"uint32", "u32", 2, KIND_NUMBER, ABSENT_ONES, NULL},
    {"acc32", "u32", 2, KIND_NUMBER, ABSENT_ONES_OR_ZERO, "[0, 0xFFFFFFFF]"},
    {"enum32", "u32", 2, KIND_CODE, ABSENT_ONES, NULL},
    {"bitfield32", "u32", 2, KIND_BITS, ABSENT_ONES, NULL},
    {"float32", "f32", 2, KIND_NUMBER, ABSENT_NAN, NULL},
    {"ipaddr", "ipv4", 2, KIND_TEXT, ABSENT_ZERO, NULL},
    {"int64", "i64", 4, KIND_NUMBER, ABSENT_SIGN, NULL},
    {"uint64", "u64", 4, KIND_NUMBER, ABSENT_ONES, NULL},
    {"acc64", "u64", 4, KIND_NUMBER, ABSENT_ONES_OR_ZERO, "[0, 0xFFFFFFFFFFFFFFFF]"},
    {"bitfield64", "u64", 4, KIND_BITS, ABSENT_ONES, NULL},
    {"float64", "f64", 4, KIND_NUMBER, ABSENT_NAN, NULL},
    {"string", "string", 0, KIND_TEXT, ABSENT_ZERO, NULL},
};

static const char *const section_names[SECTION_COUNT] = {
    [SECTION_REGISTERS] = "registers",
    [SECTION_TELEMETRY] = "telemetry",
    [SECTION_PROPERTIES] = "properties",
};

enum { MAX_FACTS = 20 * 1000, MAX_MODEL_REGISTERS = 65535 };

struct loading {
    struct arena *arena;
    struct diagnostics *diagnostics;
    const struct sheet_row *row; // the one that is read
    int folder;
    int file_count;
    struct sunspec_facts_model *models;
    size_t model_count;
    struct sunspec_group *groups;
    size_t group_count;
    struct sunspec_point *points;
    size_t point_count;
};

static const char *cell(const struct loading *loading, enum columns column)
{
    return loading->row->cells[column].text;
}

static int refuse(const struct loading *loading, enum columns column, const char *wanted)
{
    struct position at = sheet_place(loading->row, column);
    return diagnostics_error(loading->diagnostics, &at, "%s: '%s' is not %s",
                             columns[column].name, cell(loading, column), wanted);
}

static int read_number(const struct loading *loading, enum columns column, int *ret_number)
{
    int64_t number = 0;
    if (!num_parse_int(cell(loading, column), &number) || number < 0 ||
        number > MAX_MODEL_REGISTERS)
        return refuse(loading, column, "a number of registers");
    *ret_number = (int)number;
    return 0;
}

// "103" or "101..103".
static int read_ids(const struct loading *loading, uint16_t *ret_low, uint16_t *ret_high)
{
    char *text = arena_text(loading->arena, cell(loading, COLUMN_MODEL));
    char *dots = strstr(text, "..");
    int64_t low = 0;
    int64_t high = 0;
    if (dots)
        *dots = '\0';
    bool is_good = num_parse_int(text, &low) && num_parse_int(dots ? dots + 2 : text, &high);
    if (!is_good || low < 1 || high < low || high > SUNSPEC_LAST_ID)
        return refuse(loading, COLUMN_MODEL, "the id of a model, or a range such as 101..103");
    *ret_low = (uint16_t)low;
    *ret_high = (uint16_t)high;
    return 0;
}

static int read_type(const struct loading *loading, struct sunspec_point *point)
{
    struct suggestion suggestion;
    struct strbuf near = {0};
    struct position at = sheet_place(loading->row, COLUMN_TYPE);
    suggest_start(&suggestion, cell(loading, COLUMN_TYPE));
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        suggest_candidate(&suggestion, types[i].name);
        if (strcmp(types[i].name, cell(loading, COLUMN_TYPE)) == 0)
            point->type = &types[i];
    }
    suggest_append(&suggestion, &near);
    int result = 0;
    if (!point->type)
        result =
            diagnostics_error(loading->diagnostics, &at, "type: '%s' is no type of SunSpec%s",
                              cell(loading, COLUMN_TYPE), strbuf_text(&near));
    else if (point->size == 0 || (point->type->words && point->type->words != point->size))
        result = refuse(loading, COLUMN_SIZE, "the size of this type");
    strbuf_done(&near);
    return result;
}

static int read_section(const struct loading *loading, enum section *ret_section)
{
    for (int i = 0; i < SECTION_COUNT; i++) {
        if (strcmp(section_names[i], cell(loading, COLUMN_SECTION)) == 0) {
            *ret_section = (enum section)i;
            return 0;
        }
    }
    return refuse(loading, COLUMN_SECTION, "registers, telemetry or properties");
}

static int read_access(const struct loading *loading, bool *ret_is_writable)
{
    *ret_is_writable = strcmp(cell(loading, COLUMN_ACCESS), "rw") == 0;
    if (*ret_is_writable || strcmp(cell(loading, COLUMN_ACCESS), "r") == 0)
        return 0;
    return refuse(loading, COLUMN_ACCESS, "r or rw");
}

static int read_point(struct loading *loading, uint16_t low, uint16_t high)
{
    struct position labels_at = sheet_place(loading->row, COLUMN_LABELS);
    struct sunspec_point *point = &loading->points[loading->point_count];
    *point = (struct sunspec_point){
        .low = low,
        .high = high,
        .group = cell(loading, COLUMN_GROUP),
        .name = cell(loading, COLUMN_POINT),
        .sf = cell(loading, COLUMN_SF),
        .unit = cell(loading, COLUMN_UNIT),
        .key = cell(loading, COLUMN_KEY),
        .set = cell(loading, COLUMN_SET),
        .title = cell(loading, COLUMN_NAME),
        .folder = loading->folder,
    };
    if (read_number(loading, COLUMN_OFFSET, &point->offset) != 0 ||
        read_number(loading, COLUMN_SIZE, &point->size) != 0 ||
        read_type(loading, point) != 0 || read_access(loading, &point->is_writable) != 0 ||
        read_section(loading, &point->section) != 0 ||
        import_labels_parse(loading->arena, cell(loading, COLUMN_LABELS), &labels_at,
                            loading->diagnostics, &point->labels) != 0)
        return -1;
    if (point->name[0] == '\0')
        return refuse(loading, COLUMN_POINT, "the name of a point");
    if (point->key[0] == '\0')
        return refuse(loading, COLUMN_KEY, "a key");
    loading->point_count++;
    return 0;
}

static int read_group(struct loading *loading, uint16_t low, uint16_t high)
{
    struct sunspec_group *group = &loading->groups[loading->group_count];
    *group = (struct sunspec_group){
        .low = low,
        .high = high,
        .name = cell(loading, COLUMN_GROUP),
        .count = cell(loading, COLUMN_COUNT),
        .folder = loading->folder,
    };
    if (read_number(loading, COLUMN_OFFSET, &group->offset) != 0 ||
        read_number(loading, COLUMN_SIZE, &group->size) != 0)
        return -1;
    if (group->size == 0)
        return refuse(loading, COLUMN_SIZE, "the size of a group");
    if (group->count[0] == '\0')
        return refuse(loading, COLUMN_COUNT, "a point, or the word rest");
    loading->group_count++;
    return 0;
}

static const struct sunspec_facts_model *find_model(const struct sunspec_facts_model *models,
                                                    size_t count, uint16_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (models[i].id == id)
            return &models[i];
    }
    return NULL;
}

static int read_model(struct loading *loading, uint16_t low, uint16_t high)
{
    const struct sunspec_facts_model *other =
        find_model(loading->models, loading->model_count, low);
    if (low != high)
        return refuse(loading, COLUMN_MODEL, "one id: each model has a name of its own");
    if (other && other->folder == loading->folder)
        return refuse(loading, COLUMN_MODEL, "new: the model is described already");
    if (other)
        return 0; // an earlier folder has its own
    struct sunspec_facts_model *model = &loading->models[loading->model_count];
    *model = (struct sunspec_facts_model){
        .id = low,
        .key = cell(loading, COLUMN_KEY),
        .title = cell(loading, COLUMN_NAME),
        .folder = loading->folder,
    };
    if (read_number(loading, COLUMN_SIZE, &model->size) != 0)
        return -1;
    if (model->key[0] == '\0')
        return refuse(loading, COLUMN_KEY, "a key");
    loading->model_count++;
    return 0;
}

static void read_row(struct loading *loading)
{
    static const struct {
        const char *type;
        int (*read)(struct loading *loading, uint16_t low, uint16_t high);
    } readers[] = {{"model", read_model}, {"group", read_group}, {NULL, read_point}};
    uint16_t low = 0;
    uint16_t high = 0;
    size_t reader = 0;
    if (read_ids(loading, &low, &high) != 0)
        return;
    while (readers[reader].type &&
           strcmp(readers[reader].type, cell(loading, COLUMN_TYPE)) != 0)
        reader++;
    (void)readers[reader].read(loading, low, high);
}

static void read_file(struct loading *loading, const char *path)
{
    struct sheet sheet = {0};
    size_t known = loading->model_count + loading->group_count + loading->point_count;
    struct position start = {path, 1, 1};
    loading->file_count++;
    if (sheet_read(loading->arena, path, columns, COLUMNS, loading->diagnostics, &sheet) != 0)
        return;
    if (known + sheet.count > MAX_FACTS) {
        (void)diagnostics_error(loading->diagnostics, &start, "more than %d rows in all files",
                                MAX_FACTS);
        return;
    }
    for (size_t i = 0; i < sheet.count; i++) {
        loading->row = &sheet.rows[i];
        read_row(loading);
    }
}

static int is_sheet(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 4 &&
           strcmp(entry->d_name + length - 4, ".csv") == 0;
}

static void read_folder(struct loading *loading, const char *maps)
{
    struct dirent **entries = NULL;
    const char *folder = arena_printf(loading->arena, "%s/sunspec", maps);
    int count = scandir(folder, &entries, is_sheet, alphasort);
    for (int i = 0; i < count; i++) {
        read_file(loading, arena_printf(loading->arena, "%s/%s", folder, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
}

static int refuse_absence(const struct map_folders *folders, struct error *err)
{
    struct strbuf list = {0};
    for (size_t i = 0; i < folders->count; i++)
        strbuf_printf(&list, "%s%s/sunspec", i ? ", " : "", folders->items[i]);
    (void)error_set(err, ERROR_CONFIG,
                    "what SunSpec models hold is not known: there is no .csv file in %s; it "
                    "is installed with the maps",
                    strbuf_text(&list));
    strbuf_done(&list);
    return -1;
}

int sunspec_facts_load(struct arena *arena, const struct map_folders *folders,
                       struct diagnostics *diagnostics, struct sunspec_facts *ret_facts,
                       struct error *err)
{
    struct loading loading = {
        .arena = arena,
        .diagnostics = diagnostics,
        .models = ARENA_NEW_ARRAY(arena, MAX_FACTS, struct sunspec_facts_model),
        .groups = ARENA_NEW_ARRAY(arena, MAX_FACTS, struct sunspec_group),
        .points = ARENA_NEW_ARRAY(arena, MAX_FACTS, struct sunspec_point),
    };
    for (size_t i = 0; i < folders->count; i++) {
        loading.folder = (int)i;
        read_folder(&loading, folders->items[i]);
    }
    *ret_facts = (struct sunspec_facts){
        .models = loading.models,
        .model_count = loading.model_count,
        .groups = loading.groups,
        .group_count = loading.group_count,
        .points = loading.points,
        .point_count = loading.point_count,
    };
    if (loading.file_count == 0)
        return refuse_absence(folders, err);
    if (diagnostics->error_count)
        return error_set(err, ERROR_CONFIG,
                         "what SunSpec models hold cannot be read, see above");
    return 0;
}

const struct sunspec_facts_model *sunspec_facts_find(const struct sunspec_facts *facts,
                                                     uint16_t id)
{
    return find_model(facts->models, facts->model_count, id);
}

bool sunspec_point_is_of(const struct sunspec_point *point,
                         const struct sunspec_facts_model *model)
{
    return point->low <= model->id && model->id <= point->high &&
           point->folder == model->folder;
}

bool sunspec_group_is_of(const struct sunspec_group *group,
                         const struct sunspec_facts_model *model)
{
    return group->low <= model->id && model->id <= group->high &&
           group->folder == model->folder;
}

static bool is_all(const uint16_t *words, int count, uint16_t first, uint16_t others)
{
    for (int i = 0; i < count; i++) {
        if (words[i] != (i ? others : first))
            return false;
    }
    return true;
}

// IEEE 754: all bits of the exponent, and one of the fraction.
static bool is_nan(const uint16_t *words, int count)
{
    uint16_t exponent = count == 4 ? 0x7FF0 : 0x7F80;
    uint16_t fraction = words[0] & (uint16_t)(0x7FFF ^ exponent);
    for (int i = 1; i < count; i++)
        fraction |= words[i];
    return (words[0] & exponent) == exponent && fraction;
}

bool sunspec_is_absent(const struct sunspec_point *point, const uint16_t *words)
{
    int size = point->size;
    switch (point->type->absence) {
    case ABSENT_ONES:
        return is_all(words, size, 0xFFFF, 0xFFFF);
    case ABSENT_SIGN:
        return is_all(words, size, 0x8000, 0);
    case ABSENT_ONES_OR_ZERO:
        return is_all(words, size, 0xFFFF, 0xFFFF) || is_all(words, size, 0, 0);
    case ABSENT_ZERO:
        return is_all(words, size, 0, 0);
    case ABSENT_NAN:
        return is_nan(words, size);
    }
    return false;
}
