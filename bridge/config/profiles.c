// SPDX-License-Identifier: MIT
#include "config/profiles.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "config/fields.h"

struct file_fields {
    const char *format;
    const struct node *profiles;
};

struct profile_fields {
    struct texts implements;
    const struct node *properties;
    const struct node *telemetry;
};

struct key_fields {
    int type;
    const char *unit;
    struct texts choices;
};

static const struct word types[] = {{"string", PUBLISH_STRING},
                                    {"integer", PUBLISH_INTEGER},
                                    {"float", PUBLISH_FLOAT},
                                    {"boolean", PUBLISH_BOOLEAN},
                                    {0}};

// clang-format off
static const struct field key_rows[] = {
    {.name = "type", .kind = FIELD_WORD, FIELD_AT(key_fields, type), .words = types, .required = true, .help = "string, integer, float or boolean"},
    {.name = "unit", .kind = FIELD_TEXT, FIELD_AT(key_fields, unit), .help = "unit in UCUM"},
    {.name = "enum", .kind = FIELD_TEXTS, FIELD_AT(key_fields, choices), .help = "the texts it may be"},
};

static const struct field_table table_key = {
    .name = "a key of a profile", .help = "what is published under that name", .rows = key_rows, .count = ARRAY_LENGTH(key_rows)};

static const struct field profile_rows[] = {
    {.name = "implements", .kind = FIELD_TEXTS, FIELD_AT(profile_fields, implements), .help = "profiles whose keys it asks for too"},
    {.name = "properties", .kind = FIELD_NODE, .each = &table_key, FIELD_AT(profile_fields, properties), .shape = "{key: {type, unit, enum}}", .help = "properties it asks for"},
    {.name = "telemetry", .kind = FIELD_NODE, .each = &table_key, FIELD_AT(profile_fields, telemetry), .shape = "{key: {type, unit, enum}}", .help = "telemetry it asks for"},
};

static const struct field_table table_profile = {
    .name = "a profile", .help = "keys that devices of one kind publish", .rows = profile_rows, .count = ARRAY_LENGTH(profile_rows)};

static const struct field file_rows[] = {
    {.name = "modbridge", .kind = FIELD_TEXT, FIELD_AT(file_fields, format), .required = true, .help = "profiles/1"},
    {.name = "profiles", .kind = FIELD_NODE, .each = &table_profile, FIELD_AT(file_fields, profiles), .required = true, .shape = "{name: profile}", .help = "the profiles"},
};

static const struct field_table table_file = {
    .name = "a file of profiles", .help = "Enapter device profiles", .rows = file_rows, .count = ARRAY_LENGTH(file_rows)};
// clang-format on

// A profile on its way: what it says itself, then with what it inherits.
struct draft {
    struct profile profile;
    const struct node *implements; // where the names stand
    struct profile_key *own;
    size_t own_count;
    struct profile_key *keys; // of the profile
    size_t folder;            // number of the folder it comes from
    bool is_resolved;
    bool is_running; // on the chain that is being resolved
};

struct loading {
    struct reader reader;
    struct draft *drafts;
    size_t count;
    size_t folder;
};

static struct draft *find_draft(const struct loading *loading, const char *name)
{
    for (size_t i = 0; i < loading->count; i++) {
        if (strcmp(loading->drafts[i].profile.name, name) == 0)
            return &loading->drafts[i];
    }
    return NULL;
}

static int read_key(const struct loading *loading, const struct child *child,
                    struct profile_key *key)
{
    struct key_fields fields = {0};
    struct layers layers = {{child->value}};
    if (fields_read(&loading->reader, &table_key, &layers, &fields) < 0)
        return -1;
    key->key = child->key;
    key->at = child->key_at;
    key->type = (enum publish)fields.type;
    key->unit = fields.unit;
    key->choices = fields.choices.items;
    key->choice_count = fields.choices.count;
    return 0;
}

static int read_keys(const struct loading *loading, struct draft *draft, enum section section,
                     const struct node *node)
{
    if (!node)
        return 0;
    if (fields_expect_mapping(&loading->reader, node,
                              section == SECTION_TELEMETRY ? "telemetry" : "properties") < 0)
        return -1;
    if (draft->own_count + node->count > MAX_PROFILE_KEYS)
        return diagnostics_error(loading->reader.diagnostics, &node->at,
                                 "a profile has at most %d keys", MAX_PROFILE_KEYS);
    for (size_t i = 0; i < node->count; i++) {
        struct profile_key *key = &draft->own[draft->own_count];
        *key = (struct profile_key){.profile = draft->profile.name, .section = section};
        if (read_key(loading, &node->children[i], key) < 0)
            return -1;
        draft->own_count++;
    }
    return 0;
}

static int read_profile(struct loading *loading, const struct child *child)
{
    const struct draft *other = find_draft(loading, child->key);
    if (other && other->folder != loading->folder)
        return 0; // an earlier folder has its own
    if (other)
        return diagnostics_error(loading->reader.diagnostics, &child->key_at,
                                 "profile '%s' was already given in %s, line %d", child->key,
                                 other->profile.at.file, other->profile.at.line);
    if (loading->count == MAX_PROFILES)
        return diagnostics_error(loading->reader.diagnostics, &child->key_at,
                                 "more than %d profiles", MAX_PROFILES);
    struct profile_fields fields = {0};
    struct layers layers = {{child->value}};
    if (fields_read(&loading->reader, &table_profile, &layers, &fields) < 0)
        return -1;
    size_t room = (fields.properties ? fields.properties->count : 0) +
                  (fields.telemetry ? fields.telemetry->count : 0);
    struct draft *draft = &loading->drafts[loading->count];
    *draft = (struct draft){
        .profile = {.name = child->key,
                    .at = child->key_at,
                    .implements = fields.implements.items,
                    .implements_count = fields.implements.count},
        .implements = tree_find(child->value, "implements"),
        .own = ARENA_NEW_ARRAY(loading->reader.arena, room, struct profile_key),
        .folder = loading->folder,
    };
    if (read_keys(loading, draft, SECTION_PROPERTIES, fields.properties) < 0 ||
        read_keys(loading, draft, SECTION_TELEMETRY, fields.telemetry) < 0)
        return -1;
    loading->count++;
    return 0;
}

static int check_format(const struct loading *loading, const struct node *root)
{
    const struct node *format = tree_find(root, "modbridge");
    if (format && format->kind == NODE_SCALAR && strcmp(format->text, "profiles/1") == 0)
        return 0;
    return diagnostics_error(loading->reader.diagnostics, format ? &format->at : &root->at,
                             "a file of profiles begins with 'modbridge: profiles/1'");
}

static void read_file(struct loading *loading, const char *path)
{
    const struct node *root = NULL;
    struct file_fields fields = {0};
    if (tree_read(loading->reader.arena, path, loading->reader.diagnostics, &root) < 0 ||
        check_format(loading, root) < 0)
        return;
    struct layers layers = {{root}};
    if (fields_read(&loading->reader, &table_file, &layers, &fields) < 0 ||
        fields_expect_mapping(&loading->reader, fields.profiles, "profiles") < 0)
        return;
    for (size_t i = 0; i < fields.profiles->count; i++)
        (void)read_profile(loading, &fields.profiles->children[i]);
}

static int is_yaml(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && config_yaml_stem(entry->d_name) > 0;
}

static void read_folder(struct loading *loading, const char *maps)
{
    struct dirent **entries = NULL;
    const char *folder = arena_printf(loading->reader.arena, "%s/profiles", maps);
    int count = scandir(folder, &entries, is_yaml, alphasort);
    for (int i = 0; i < count; i++) {
        read_file(loading,
                  arena_printf(loading->reader.arena, "%s/%s", folder, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
}

static void report_unknown(const struct loading *loading, const struct draft *draft,
                           const struct node *at, const char *name)
{
    struct strbuf text = {0};
    struct suggestion suggestion;
    suggest_start(&suggestion, name);
    for (size_t i = 0; i < loading->count; i++)
        suggest_candidate(&suggestion, loading->drafts[i].profile.name);
    strbuf_printf(&text, "profile '%s' implements '%s', which does not exist",
                  draft->profile.name, name);
    suggest_append(&suggestion, &text);
    (void)diagnostics_error(loading->reader.diagnostics, &at->at, "%s", strbuf_text(&text));
    strbuf_done(&text);
}

static bool is_same(const struct profile_key *a, const struct profile_key *b)
{
    bool same_unit = a->unit && b->unit ? strcmp(a->unit, b->unit) == 0 : a->unit == b->unit;
    bool same = a->type == b->type && same_unit && a->choice_count == b->choice_count;
    for (size_t i = 0; same && i < a->choice_count; i++)
        same = strcmp(a->choices[i], b->choices[i]) == 0;
    return same;
}

// Adds a key unless it is there; profiles that ask for it differently contradict each other.
static int add_key(const struct loading *loading, struct draft *draft,
                   const struct profile_key *key)
{
    const struct profile_key *other = profile_find_key(&draft->profile, key->section, key->key);
    if (other && is_same(other, key))
        return 0;
    if (other)
        return diagnostics_error(loading->reader.diagnostics, &key->at,
                                 "profile '%s': '%s' is another thing here than in '%s'",
                                 draft->profile.name, key->key, other->profile);
    if (draft->profile.key_count == MAX_PROFILE_KEYS)
        return diagnostics_error(loading->reader.diagnostics, &draft->profile.at,
                                 "profile '%s' has more than %d keys", draft->profile.name,
                                 MAX_PROFILE_KEYS);
    draft->keys[draft->profile.key_count++] = *key;
    return 0;
}

// What a draft implements, in turn, is resolved first. The depth is bounded by the number of
// profiles, each of which is on the chain at most once.
// NOLINTNEXTLINE(misc-no-recursion)
static int resolve(const struct loading *loading, struct draft *draft)
{
    size_t room = draft->own_count;
    int result = 0;
    if (draft->is_resolved)
        return 0;
    if (draft->is_running)
        return diagnostics_error(loading->reader.diagnostics, &draft->profile.at,
                                 "profile '%s' implements itself, directly or through others",
                                 draft->profile.name);
    draft->is_running = true;
    for (size_t i = 0; i < draft->profile.implements_count; i++) {
        const char *name = draft->profile.implements[i];
        struct draft *parent = find_draft(loading, name);
        if (!parent) {
            const struct node *node = draft->implements;
            report_unknown(loading, draft,
                           node->kind == NODE_SEQUENCE ? node->children[i].value : node, name);
            result = -1;
        } else if (resolve(loading, parent) < 0) {
            result = -1;
        } else {
            room += parent->profile.key_count;
        }
    }
    draft->is_running = false;
    draft->is_resolved = true;
    draft->keys = ARENA_NEW_ARRAY(loading->reader.arena, room, struct profile_key);
    draft->profile.keys = draft->keys;
    if (result < 0)
        return -1;
    for (size_t i = 0; i < draft->own_count; i++)
        result |= add_key(loading, draft, &draft->own[i]);
    for (size_t i = 0; i < draft->profile.implements_count; i++) {
        const struct draft *parent = find_draft(loading, draft->profile.implements[i]);
        for (size_t k = 0; parent && k < parent->profile.key_count; k++)
            result |= add_key(loading, draft, &parent->profile.keys[k]);
    }
    return result;
}

static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? arena_copy(arena, path, (size_t)(slash - path)) : ".";
}

int profiles_load(struct arena *arena, const char *beside, struct diagnostics *diagnostics,
                  const struct profiles **ret_profiles)
{
    size_t errors = diagnostics->error_count;
    struct loading loading = {
        .reader = {.arena = arena, .diagnostics = diagnostics},
        .drafts = ARENA_NEW_ARRAY(arena, MAX_PROFILES, struct draft),
    };
    struct map_folders folders;
    config_map_folders(&folders, beside ? folder_of(arena, beside) : NULL);
    for (; loading.folder < folders.count; loading.folder++)
        read_folder(&loading, folders.items[loading.folder]);
    struct profile *rows = ARENA_NEW_ARRAY(arena, loading.count, struct profile);
    for (size_t i = 0; i < loading.count; i++) {
        (void)resolve(&loading, &loading.drafts[i]);
        rows[i] = loading.drafts[i].profile;
    }
    if (diagnostics->error_count > errors)
        return -1;
    struct profiles *profiles = ARENA_NEW(arena, struct profiles);
    *profiles = (struct profiles){rows, loading.count};
    *ret_profiles = profiles;
    return 0;
}

const struct profile *profiles_find(const struct profiles *profiles, const char *name)
{
    for (size_t i = 0; i < profiles->count; i++) {
        if (strcmp(profiles->rows[i].name, name) == 0)
            return &profiles->rows[i];
    }
    return NULL;
}

const struct profile_key *profile_find_key(const struct profile *profile, enum section section,
                                           const char *key)
{
    for (size_t i = 0; i < profile->key_count; i++) {
        const struct profile_key *row = &profile->keys[i];
        if (row->section == section && strcmp(row->key, key) == 0)
            return row;
    }
    return NULL;
}

void profiles_suggest(const struct profiles *profiles, struct suggestion *suggestion)
{
    for (size_t i = 0; i < profiles->count; i++)
        suggest_candidate(suggestion, profiles->rows[i].name);
}
