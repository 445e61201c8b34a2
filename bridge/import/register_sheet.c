// SPDX-License-Identifier: MIT
#include "import/register_sheet.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "config/names.h"
#include "config/ucum.h"
#include "import/keys.h"

enum register_column {
    REGISTER_ADDRESS,
    REGISTER_NAME,
    REGISTER_TABLE,
    REGISTER_TYPE,
    REGISTER_COUNT,
    REGISTER_UNIT,
    REGISTER_SCALE,
    REGISTER_OFFSET,
    REGISTER_WORD_ORDER,
    REGISTER_ACCESS,
    REGISTER_LABELS,
    REGISTER_SEVERITY,
    REGISTER_SECTION,
    REGISTER_KEY,
    REGISTER_DESCRIPTION,
    REGISTER_NOTES,
    REGISTER_COLUMNS,
};

static const struct sheet_column columns[REGISTER_COLUMNS] = {
    [REGISTER_ADDRESS] = {"address", "register addr", true},
    [REGISTER_NAME] = {"name", "parameter signal", true},
    [REGISTER_TABLE] = {"table", "register_type function", false},
    [REGISTER_TYPE] = {"type", "format data_type", false},
    [REGISTER_COUNT] = {"count", "length size registers words", false},
    [REGISTER_UNIT] = {"unit", "units", false},
    [REGISTER_SCALE] = {"scale", "factor gain", false},
    [REGISTER_OFFSET] = {"offset", NULL, false},
    [REGISTER_WORD_ORDER] = {"word_order", NULL, false},
    [REGISTER_ACCESS] = {"access", "r/w rw mode", false},
    [REGISTER_LABELS] = {"labels", "enum enum_or_bits codes values bits", false},
    [REGISTER_SEVERITY] = {"severity", NULL, false},
    [REGISTER_SECTION] = {"section", NULL, false},
    [REGISTER_KEY] = {"key", "suggested_key", false},
    [REGISTER_DESCRIPTION] = {"description", "meaning", false},
    [REGISTER_NOTES] = {"notes", "note remarks remark comment", false},
};

static const char *const section_names[SECTION_COUNT] = {
    [SECTION_REGISTERS] = "registers",
    [SECTION_TELEMETRY] = "telemetry",
    [SECTION_PROPERTIES] = "properties",
};

enum { MAX_TEXT_REGISTERS = 125 };

struct register_reader {
    struct arena *arena;
    struct diagnostics *diagnostics;
    const struct register_addressing *addressing;
    const struct sheet_row *row; // the one that is read
    struct import_keys keys;
    struct register_row *rows;
    size_t count;
};

static const char *cell(const struct register_reader *reader, enum register_column column)
{
    return reader->row->cells[column].text;
}

static const char *cell_or_null(const struct register_reader *reader,
                                enum register_column column)
{
    return cell(reader, column)[0] ? cell(reader, column) : NULL;
}

static int refuse(const struct register_reader *reader, enum register_column column,
                  const char *wanted)
{
    struct position at = sheet_place(reader->row, column);
    return diagnostics_error(reader->diagnostics, &at, "%s: '%s' is not %s",
                             columns[column].name, cell(reader, column), wanted);
}

static int complain(const struct register_reader *reader, enum register_column column,
                    const char *text)
{
    struct position at = sheet_place(reader->row, column);
    return diagnostics_error(reader->diagnostics, &at, "%s: %s", columns[column].name, text);
}

static int refuse_word(const struct register_reader *reader, enum register_column column,
                       const struct suggestion *suggestion)
{
    struct position at = sheet_place(reader->row, column);
    struct strbuf near = {0};
    suggest_append(suggestion, &near);
    int result =
        diagnostics_error(reader->diagnostics, &at, "%s: '%s' is not known%s",
                          columns[column].name, cell(reader, column), strbuf_text(&near));
    strbuf_done(&near);
    return result;
}

static int read_address(const struct register_reader *reader, struct register_row *row)
{
    const char *text = cell(reader, REGISTER_ADDRESS);
    if (reader->addressing->is_modicon)
        text += strspn(text, "0") - (strspn(text, "0") == strlen(text) && text[0]);
    if (!num_parse_int(text, &row->address))
        return refuse(reader, REGISTER_ADDRESS, "an address: write 40083 or 0x9C93");
    return 0;
}

static int read_table(const struct register_reader *reader, struct register_row *row)
{
    struct suggestion suggestion;
    const char *text = cell(reader, REGISTER_TABLE);
    suggest_start(&suggestion, text);
    const char *said = register_addressing_table(reader->addressing, row->address);
    const char *name = text[0] ? text : said ? said : "holding";
    row->table = register_table_find(name, &suggestion);
    return row->table ? 0 : refuse_word(reader, REGISTER_TABLE, &suggestion);
}

static bool is_of_bits(const struct register_row *row)
{
    return row->table->table == TABLE_COIL || row->table->table == TABLE_DISCRETE;
}

static int read_count(const struct register_reader *reader, int *ret_count)
{
    int64_t count = 0;
    *ret_count = 0;
    if (cell(reader, REGISTER_COUNT)[0] == '\0')
        return 0;
    if (!num_parse_int(cell(reader, REGISTER_COUNT), &count) || count < 1 ||
        count > MAX_TEXT_REGISTERS)
        return refuse(reader, REGISTER_COUNT, "a number of registers, 1 to 125");
    *ret_count = (int)count;
    return 0;
}

static int read_type(const struct register_reader *reader, struct register_row *row)
{
    struct suggestion suggestion;
    int count = 0;
    const char *text = cell(reader, REGISTER_TYPE);
    if (read_count(reader, &count) != 0)
        return -1;
    suggest_start(&suggestion, text);
    if (text[0])
        row->type = register_type_find(text, &suggestion);
    else if (is_of_bits(row))
        row->type = register_type_find("bool", &suggestion);
    else
        row->type = register_type_of_size(count ? count : 1);
    if (!row->type)
        return text[0] ? refuse_word(reader, REGISTER_TYPE, &suggestion)
                       : complain(reader, REGISTER_TYPE,
                                  "is missing, and so many registers may be anything");
    if (row->type->words && count && count != row->type->words)
        return refuse(reader, REGISTER_COUNT, "the size of this type");
    if (row->type->words == 0 && count == 0)
        return complain(reader, REGISTER_COUNT,
                        "is missing, and this type has no size of its own");
    if (is_of_bits(row) && strcmp(row->type->map_type, "bool") != 0)
        return complain(reader, REGISTER_TYPE, "a coil or discrete input is a bool");
    row->words = row->type->words ? row->type->words : count;
    return 0;
}

// Whether it has no number that could be scaled or have labels.
static bool is_text(const struct register_row *row)
{
    static const char *const texts[] = {"string", "uuid", "ipv4", "event_list"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        if (strcmp(row->type->map_type, texts[i]) == 0)
            return true;
    }
    return false;
}

// A number as it is written, where it says something.
static int read_decimal(const struct register_reader *reader, const struct register_row *row,
                        enum register_column column, const char **ret_text)
{
    struct decimal number;
    const char *text = cell(reader, column);
    int64_t nothing = column == REGISTER_SCALE; // what changes no number
    *ret_text = NULL;
    if (text[0] == '\0')
        return 0;
    if (!num_parse_decimal(text, &number))
        return refuse(reader, column, "a number");
    if (number.mantissa == 0 && nothing != 0)
        return refuse(reader, column, "a factor");
    bool says_something = number.mantissa != nothing || number.exponent != 0;
    bool is_number = !is_text(row) && strcmp(row->type->map_type, "bool") != 0;
    if (says_something && !is_number)
        return complain(reader, column, "this type is no number");
    if (says_something)
        *ret_text = text;
    return 0;
}

static int read_word_order(const struct register_reader *reader, struct register_row *row)
{
    const char *text = cell(reader, REGISTER_WORD_ORDER);
    bool is_known = !text[0] || strcmp(text, "big") == 0 || strcmp(text, "little") == 0;
    if (!is_known)
        return refuse(reader, REGISTER_WORD_ORDER, "big (the high word first) or little");
    row->word_order = text[0] && row->type->words > 1 ? text : NULL;
    return 0;
}

static int read_access(const struct register_reader *reader, struct register_row *row)
{
    struct suggestion suggestion;
    const char *text = cell(reader, REGISTER_ACCESS);
    suggest_start(&suggestion, text);
    row->access = register_access_find(text[0] ? text : "r", &suggestion);
    if (!row->access)
        return refuse_word(reader, REGISTER_ACCESS, &suggestion);
    if (row->access->is_writable &&
        (row->table->table == TABLE_INPUT || row->table->table == TABLE_DISCRETE))
        return complain(reader, REGISTER_ACCESS, "this table is read-only");
    return 0;
}

// Whether the key is one of those that describe the device.
static bool is_nameplate(const char *key)
{
    static const char *const words[] = {"serial", "version", "firmware",
                                        "model",  "vendor",  "manufacturer"};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (strstr(key, words[i]))
            return true;
    }
    return false;
}

// What has a unit, a scale or labels, or is a float, is a value worth being published.
static enum section likely_section(const struct register_row *row)
{
    bool is_value =
        row->unit || row->scale || row->labels.count || row->type->map_type[0] == 'f';
    if (!row->access->is_readable || row->type->has_bits)
        return SECTION_REGISTERS;
    if (is_text(row) || is_nameplate(row->key))
        return SECTION_PROPERTIES;
    return is_value ? SECTION_TELEMETRY : SECTION_REGISTERS;
}

static int read_section(const struct register_reader *reader, struct register_row *row)
{
    const char *text = cell(reader, REGISTER_SECTION);
    row->section = likely_section(row);
    if (text[0] == '\0')
        return 0;
    for (int i = 0; i < SECTION_COUNT; i++) {
        if (strcmp(section_names[i], text) == 0) {
            row->section = (enum section)i;
            return 0;
        }
    }
    return refuse(reader, REGISTER_SECTION, "registers, telemetry or properties");
}

static int check_label(const struct register_reader *reader, const struct register_row *row,
                       size_t index)
{
    struct position at = sheet_place(reader->row, REGISTER_LABELS);
    const struct import_label *label = &row->labels.items[index];
    int bits = 16 * row->words;
    if (row->type->has_bits &&
        (label->low != label->high || label->low < 0 || label->low >= bits))
        return diagnostics_error(reader->diagnostics, &at,
                                 "labels: '%s' is of bit %lld, and the bits are 0 to %d",
                                 label->text, (long long)label->low, bits - 1);
    for (size_t i = 0; i < index; i++) {
        const struct import_label *other = &row->labels.items[i];
        if (label->low <= other->high && other->low <= label->high)
            return diagnostics_error(reader->diagnostics, &at, "labels: %lld is '%s' and '%s'",
                                     (long long)label->low, other->text, label->text);
    }
    return 0;
}

static int read_labels(const struct register_reader *reader, struct register_row *row)
{
    struct position at = sheet_place(reader->row, REGISTER_LABELS);
    if (import_labels_parse(reader->arena, cell(reader, REGISTER_LABELS), &at,
                            reader->diagnostics, &row->labels) != 0)
        return -1;
    if (row->labels.count && (is_text(row)))
        return complain(reader, REGISTER_LABELS, "this type has no codes");
    for (size_t i = 0; i < row->labels.count; i++) {
        if (check_label(reader, row, i) != 0)
            return -1;
    }
    return 0;
}

static int read_severity(const struct register_reader *reader, struct register_row *row)
{
    const char *text = cell(reader, REGISTER_SEVERITY);
    row->severity = text[0] ? text : "warning";
    if (import_is_severity(row->severity))
        return 0;
    return refuse(reader, REGISTER_SEVERITY, "error, warning or info");
}

// The key that is given, its first word, or one made of the name.
static const char *written_key(const struct register_reader *reader)
{
    const char *given = cell(reader, REGISTER_KEY);
    if (given[0])
        return arena_copy(reader->arena, given, strcspn(given, " "));
    return import_key(reader->arena, cell(reader, REGISTER_NAME));
}

static int read_key(struct register_reader *reader, struct register_row *row)
{
    const char *key = written_key(reader);
    enum register_column column = cell(reader, REGISTER_KEY)[0] ? REGISTER_KEY : REGISTER_NAME;
    struct position at = sheet_place(reader->row, column);
    const struct reader names = {.arena = reader->arena, .diagnostics = reader->diagnostics};
    if (key[0] == '\0')
        return complain(reader, column, "no key can be made of it: give one in the column key");
    if (names_check_form(&names, key, &at) < 0 || names_check_reserved(&names, key, &at) < 0)
        return -1;
    row->key = key;
    for (int number = 2; !import_keys_add(&reader->keys, row->key); number++)
        row->key = arena_printf(reader->arena, "%s_%d", key, number);
    if (row->key != key)
        diagnostics_warning(reader->diagnostics, &at,
                            "'%s' is the key of a row above: this one is '%s'", key, row->key);
    return 0;
}

static const char *remark_of(const struct register_reader *reader,
                             const struct register_row *row)
{
    const char *name = cell(reader, REGISTER_NAME);
    const char *description = cell(reader, REGISTER_DESCRIPTION);
    const char *notes = cell(reader, REGISTER_NOTES);
    struct strbuf remark = {0};
    const char *const parts[] = {strcmp(name, row->key) == 0 ? "" : name,
                                 strcasecmp(description, name) == 0 ? "" : description, notes};
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        if (parts[i][0])
            strbuf_printf(&remark, "%s%s", remark.length ? "; " : "", parts[i]);
    }
    const char *text = arena_text(reader->arena, strbuf_text(&remark));
    strbuf_done(&remark);
    return text;
}

static void read_unit(const struct register_reader *reader, struct register_row *row)
{
    const char *unit = cell_or_null(reader, REGISTER_UNIT);
    struct position at = sheet_place(reader->row, REGISTER_UNIT);
    row->unit = unit ? register_unit(unit) : NULL;
    if (row->unit && !ucum_is_valid(row->unit))
        diagnostics_warning(reader->diagnostics, &at,
                            "unit: '%s' is no UCUM code: Enapter Cloud shows it as it is",
                            row->unit);
}

static int read_row(struct register_reader *reader)
{
    struct register_row *row = &reader->rows[reader->count];
    *row = (struct register_row){0};
    if (read_address(reader, row) != 0 || read_table(reader, row) != 0 ||
        read_type(reader, row) != 0)
        return -1;
    if (!register_addressing_fits(reader->addressing, row->table->name, row->address,
                                  row->words))
        return refuse(reader, REGISTER_ADDRESS,
                      arena_printf(reader->arena, "an address of this table (%s)",
                                   reader->addressing->name));
    read_unit(reader, row);
    if (read_decimal(reader, row, REGISTER_SCALE, &row->scale) != 0 ||
        read_decimal(reader, row, REGISTER_OFFSET, &row->offset) != 0 ||
        read_word_order(reader, row) != 0 || read_access(reader, row) != 0 ||
        read_labels(reader, row) != 0 || read_severity(reader, row) != 0 ||
        read_key(reader, row) != 0 || read_section(reader, row) != 0)
        return -1;
    row->remark = remark_of(reader, row);
    reader->count++;
    return 0;
}

int register_sheet_read(struct arena *arena, const char *path,
                        const struct register_addressing *addressing,
                        struct diagnostics *diagnostics, struct register_sheet *ret_sheet)
{
    struct sheet sheet = {0};
    int result = sheet_read(arena, path, columns, REGISTER_COLUMNS, diagnostics, &sheet);
    struct register_reader reader = {
        .arena = arena,
        .diagnostics = diagnostics,
        .addressing = addressing,
        .rows = ARENA_NEW_ARRAY(arena, sheet.count, struct register_row),
    };
    for (size_t i = 0; i < sheet.count; i++) {
        reader.row = &sheet.rows[i];
        result = read_row(&reader) != 0 ? -1 : result;
    }
    import_keys_done(&reader.keys);
    *ret_sheet = (struct register_sheet){
        .path = arena_text(arena, path),
        .addressing = addressing,
        .rows = reader.rows,
        .count = reader.count,
    };
    return result;
}
