// SPDX-License-Identifier: MIT
#include "import/register_map.h"

#include <string.h>

#include "config/title.h"
#include "import/draft.h"
#include "import/keys.h"

struct writing {
    struct arena *arena;
    const struct register_sheet *sheet;
    struct yaml_out out;
    struct import_keys alerts;
};

// "meter" of "/home/me/meter.csv".
static const char *stem_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return arena_copy(arena, name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
}

static void write_head(struct writing *writing)
{
    struct yaml_out *out = &writing->out;
    const struct register_sheet *sheet = writing->sheet;
    yaml_comment(out, arena_printf(writing->arena,
                                   "Made by `modbridge import csv` from %s, to be edited:",
                                   sheet->path));
    yaml_comment(out,
                 "- Say who makes the device and what it is called, and with which "
                 "document it was made.\n"
                 "- Where a vendor's manual allows it say modbus: {merge_gap: auto}: fewer "
                 "requests.\n"
                 "- What stands under registers is not published: move what should be to "
                 "telemetry or properties, and remove what nobody needs.\n"
                 "- Commands are comments. Before you use one, read in the manual what it "
                 "does, and give it limits.");
    yaml_put_plain(out, "modbridge", "map/1");
    yaml_put_text(out, "vendor", "Unknown");
    yaml_put_text(out, "model", stem_of(writing->arena, sheet->path));
    if (sheet->addressing->first == 0 && !sheet->addressing->is_modicon)
        return;
    yaml_gap(out);
    yaml_begin(out, "modbus");
    yaml_put_text(out, "addressing", sheet->addressing->name);
    yaml_end(out);
}

static bool has_type(const struct register_row *row)
{
    return row->table->table == TABLE_HOLDING || row->table->table == TABLE_INPUT;
}

static void write_row(struct writing *writing, const struct register_row *row)
{
    const struct draft_entry entry = {
        .key = row->key,
        .table = row->table->name,
        .address = arena_printf(writing->arena, "%lld", (long long)row->address),
        .type = has_type(row) ? row->type->map_type : NULL,
        .length = row->type->words ? 0 : row->words,
        .word_order = row->word_order,
        .bits = row->type->bits,
        .scale = row->scale,
        .offset = row->offset,
        .unit = row->unit,
        .labels = row->type->has_bits ? (struct import_labels){0} : row->labels,
        .access = row->access->access,
        .remark = row->remark,
    };
    draft_entry(&writing->out, writing->arena, &entry);
}

// An alert has a name of its own in the whole map.
static const char *alert_key(struct writing *writing, const struct register_row *row,
                             const struct import_label *label)
{
    const char *short_key = import_key(writing->arena, label->text);
    const char *long_key = arena_printf(writing->arena, "%s_%s", row->key, label->key);
    const char *key = short_key;
    if (import_keys_add(&writing->alerts, key))
        return key;
    key = long_key;
    for (int number = 2; !import_keys_add(&writing->alerts, key); number++)
        key = arena_printf(writing->arena, "%s_%d", long_key, number);
    return key;
}

static void write_alerts(struct writing *writing, const struct register_row *row,
                         struct draft_section *section)
{
    for (size_t i = 0; row->type->has_bits && i < row->labels.count; i++) {
        const struct import_label *label = &row->labels.items[i];
        const struct draft_alert alert = {
            .key = alert_key(writing, row, label),
            .from = row->key,
            .kind = "bit",
            .code = import_label_code(writing->arena, label),
            .severity = label->severity ? label->severity : row->severity,
            .display_name = title_of(writing->arena, label->text),
        };
        draft_open(section);
        draft_alert(&writing->out, &alert);
    }
}

static void write_command(struct writing *writing, const struct register_row *row,
                          struct draft_section *section)
{
    const struct draft_command command = {.entry = row->key};
    if (!row->access->is_writable)
        return;
    draft_open(section);
    draft_command(&writing->out, writing->arena, &command);
}

static void write_entries(struct writing *writing, enum section section, const char *name)
{
    struct draft_section draft = {.out = &writing->out, .name = name};
    for (size_t i = 0; i < writing->sheet->count; i++) {
        if (writing->sheet->rows[i].section != section)
            continue;
        draft_open(&draft);
        write_row(writing, &writing->sheet->rows[i]);
    }
    draft_close(&draft);
}

void register_map_write(struct arena *arena, const struct register_sheet *sheet,
                        struct strbuf *out)
{
    struct writing writing = {.arena = arena, .sheet = sheet, .out = {.text = out}};
    struct draft_section alerts = {.out = &writing.out, .name = "alerts"};
    struct draft_section commands = {.out = &writing.out, .name = "commands"};
    write_head(&writing);
    write_entries(&writing, SECTION_REGISTERS, "registers");
    write_entries(&writing, SECTION_TELEMETRY, "telemetry");
    write_entries(&writing, SECTION_PROPERTIES, "properties");
    for (size_t i = 0; i < sheet->count; i++)
        write_alerts(&writing, &sheet->rows[i], &alerts);
    draft_close(&alerts);
    for (size_t i = 0; i < sheet->count; i++)
        write_command(&writing, &sheet->rows[i], &commands);
    draft_close(&commands);
    import_keys_done(&writing.alerts);
}
