// SPDX-License-Identifier: MIT
#include "import/draft.h"

#include <ctype.h>
#include <string.h>

#include "base/strbuf.h"

static void put_labels(struct yaml_out *out, struct arena *arena,
                       const struct import_labels *labels)
{
    if (labels->count == 0)
        return;
    yaml_begin_flow(out, "enum");
    for (size_t i = 0; i < labels->count; i++)
        yaml_put_label(out, import_label_code(arena, &labels->items[i]), labels->items[i].key);
    yaml_end_flow(out, NULL);
}

void draft_entry(struct yaml_out *out, struct arena *arena, const struct draft_entry *entry)
{
    yaml_begin_flow(out, entry->key);
    yaml_put_text(out, "use", entry->use);
    yaml_put_plain(out, "repeat", entry->repeat);
    if (entry->table)
        (isdigit((unsigned char)entry->address[0]) ? yaml_put_plain : yaml_put_text)(
            out, entry->table, entry->address);
    yaml_put_text(out, "from", entry->from);
    yaml_put_text(out, "type", entry->type);
    if (entry->length)
        yaml_put_plain(out, "length", arena_printf(arena, "%d", entry->length));
    yaml_put_text(out, "word_order", entry->word_order);
    yaml_put_plain(out, "bits", entry->bits);
    yaml_put_plain(out, "invalid", entry->invalid);
    yaml_put_plain(out, "scale", entry->scale);
    yaml_put_text(out, "sf", entry->sf);
    yaml_put_plain(out, "offset", entry->offset);
    yaml_put_text(out, "unit", entry->unit);
    put_labels(out, arena, &entry->labels);
    yaml_put_text(out, "access", entry->access);
    yaml_put_text(out, "display_name", entry->display_name);
    yaml_end_flow(out, entry->remark);
}

void draft_alert(struct yaml_out *out, const struct draft_alert *alert)
{
    yaml_begin_flow(out, alert->key);
    yaml_put_plain(out, "repeat", alert->repeat);
    yaml_put_text(out, "from", alert->from);
    yaml_put_plain(out, alert->kind, alert->code);
    yaml_put_text(out, "severity", alert->severity);
    yaml_put_text(out, "display_name", alert->display_name);
    yaml_end_flow(out, NULL);
}

static void put_command(struct yaml_out *out, struct arena *arena,
                        const struct draft_command *command)
{
    yaml_begin_flow(out, arena_printf(arena, "set_%s", command->entry));
    yaml_put_plain(out, "repeat", command->repeat);
    yaml_put_text(out, "set", command->entry);
    yaml_put_plain(out, "min", command->min);
    yaml_put_plain(out, "max", command->max);
    yaml_end_flow(out, NULL);
}

void draft_command(struct yaml_out *out, struct arena *arena,
                   const struct draft_command *command)
{
    if (command->is_active) {
        put_command(out, arena, command);
        return;
    }
    struct strbuf text = {0};
    struct yaml_out line = {.text = &text};
    put_command(&line, arena, command);
    yaml_comment(out, strbuf_text(&text));
    strbuf_done(&text);
}

void draft_open(struct draft_section *section)
{
    if (section->is_open)
        return;
    yaml_gap(section->out);
    yaml_begin(section->out, section->name);
    section->is_open = true;
}

void draft_heading(struct draft_section *section, const char *text)
{
    draft_open(section);
    yaml_comment(section->out, text);
}

void draft_close(struct draft_section *section)
{
    if (section->is_open)
        yaml_end(section->out);
    section->is_open = false;
}
