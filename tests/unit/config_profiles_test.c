// SPDX-License-Identifier: MIT
#include "config_support.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/profiles.h"

#define HEAD "modbridge: profiles/1\nprofiles:\n"

// A folder with a map's place and its profiles/, removed again with the files in it.
struct folder {
    char path[64];
    char map[96];
    char *files[4];
    size_t count;
};

static void folder_init(struct folder *folder)
{
    char profiles[96];
    *folder = (struct folder){.path = "/tmp/profiles-test-XXXXXX"};
    assert_non_null(mkdtemp(folder->path));
    (void)snprintf(folder->map, sizeof folder->map, "%s/some_map.yaml", folder->path);
    (void)snprintf(profiles, sizeof profiles, "%s/profiles", folder->path);
    assert_int_equal(mkdir(profiles, 0700), 0);
}

static void folder_write(struct folder *folder, const char *name, const char *text)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/profiles/%s", folder->path, name) > 0);
    folder->files[folder->count++] = path;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void folder_done(struct folder *folder)
{
    char profiles[96];
    for (size_t i = 0; i < folder->count; i++) {
        assert_int_equal(unlink(folder->files[i]), 0);
        free(folder->files[i]);
    }
    (void)snprintf(profiles, sizeof profiles, "%s/profiles", folder->path);
    assert_int_equal(rmdir(profiles), 0);
    assert_int_equal(rmdir(folder->path), 0);
}

// The only finding of a load, without its path.
static const char *only_finding(struct desk *desk)
{
    assert_int_equal(desk->diagnostics.count, 1);
    return desk->diagnostics.findings[0].text;
}

static void the_shipped_profiles_load(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct profiles *profiles = NULL;
    assert_int_equal(profiles_load(desk->arena, NULL, &desk->diagnostics, &profiles), 0);
    desk_expect(desk, "");
    // Each published profile is there: counted from the vendor's repository.
    assert_true(profiles->count >= 50);
    for (size_t i = 0; i < profiles->count; i++)
        assert_true(profiles->rows[i].key_count > 0);
    desk_free(desk);
}

// All keys of a profile come, each once, with what is asked of it.
static void keys_are_inherited(void **state)
{
    (void)state;
    static const struct profile_key expected[] = {
        {.key = "vendor", .section = SECTION_PROPERTIES, .type = PUBLISH_STRING},
        {.key = "inverter_nameplate_capacity",
         .section = SECTION_PROPERTIES,
         .type = PUBLISH_INTEGER,
         .unit = "VA"},
        {.key = "ac_frequency",
         .section = SECTION_TELEMETRY,
         .type = PUBLISH_FLOAT,
         .unit = "Hz"},
        {.key = "ac_total_power",
         .section = SECTION_TELEMETRY,
         .type = PUBLISH_FLOAT,
         .unit = "W"},
        {.key = "inverter_status",
         .section = SECTION_TELEMETRY,
         .type = PUBLISH_STRING,
         .choice_count = 8},
    };
    struct desk *desk = desk_new();
    const struct profiles *profiles = NULL;
    assert_int_equal(profiles_load(desk->arena, NULL, &desk->diagnostics, &profiles), 0);
    const struct profile *profile = profiles_find(profiles, "energy.pv_inverter.1_phase");
    assert_non_null(profile);
    assert_int_equal(profile->key_count, 11);
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        const struct profile_key *key =
            profile_find_key(profile, expected[i].section, expected[i].key);
        assert_non_null(key);
        assert_int_equal(key->type, expected[i].type);
        assert_int_equal(key->choice_count, expected[i].choice_count);
        assert_string_equal(key->unit ? key->unit : "",
                            expected[i].unit ? expected[i].unit : "");
    }
    assert_string_equal(profile_find_key(profile, SECTION_PROPERTIES, "vendor")->profile,
                        "lib.device.nameplate");
    assert_null(profile_find_key(profile, SECTION_TELEMETRY, "vendor"));
    assert_null(profiles_find(profiles, "energy.pv_inverter"));
    desk_free(desk);
}

static void folders_come_in_order(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct profiles *profiles = NULL;
    struct folder folder;
    folder_init(&folder);
    folder_write(&folder, "a.yaml",
                 HEAD "  my.pump:\n    implements: [my.base, lib.device.nameplate]\n"
                      "    telemetry: {flow: {type: float, unit: L/min}}\n");
    folder_write(&folder, "b.yaml",
                 HEAD "  my.base: {telemetry: {flow: {type: float, unit: L/min}}}\n"
                      "  lib.device.nameplate: {properties: {vendor: {type: string}}}\n");
    folder_write(&folder, ".hidden.yaml", "nonsense\n");
    folder_write(&folder, "notes.txt", "nonsense\n");
    assert_int_equal(profiles_load(desk->arena, folder.map, &desk->diagnostics, &profiles), 0);
    desk_expect(desk, "");
    const struct profile *pump = profiles_find(profiles, "my.pump");
    assert_non_null(pump);
    assert_int_equal(pump->key_count, 2); // flow once; the nearer nameplate has the vendor only
    assert_non_null(profiles_find(profiles, "energy.battery")); // the library is there too
    folder_done(&folder);
    desk_free(desk);
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *finding;
    } cases[] = {
        {HEAD "  a: {implements: [b]}\n  b: {implements: [c]}\n  c: {implements: [a]}\n",
         "profile 'a' implements itself, directly or through others"},
        {HEAD "  a: {implements: [a]}\n",
         "profile 'a' implements itself, directly or through others"},
        {HEAD "  a: {implements: [lib.device.nameplat]}\n",
         "profile 'a' implements 'lib.device.nameplat', which does not exist; did you mean "
         "'lib.device.nameplate'?"},
        {HEAD "  a: {telemetry: {x: {type: float, unit: W}}}\n"
              "  b: {implements: a, telemetry: {x: {type: float, unit: kW}}}\n",
         "profile 'b': 'x' is another thing here than in 'b'"},
        {HEAD "  a: {telemetry: {x: {type: text}}}\n",
         "type: 'text' is not one of string, integer, float or boolean; did you mean "
         "'string'?"},
        {HEAD "  a: {telemetry: {x: {unit: W}}}\n",
         "a key of a profile needs 'type': string, integer, float or boolean"},
        {HEAD "  a: {telemetries: {}}\n",
         "a profile has no key 'telemetries'; did you mean 'telemetry'?"},
        {HEAD "  a: {telemetry: [x]}\n", NULL},
        {"modbridge: map/1\nprofiles: {}\n",
         "a file of profiles begins with 'modbridge: profiles/1'"},
        {"modbridge: profiles/1\n", "a file of profiles needs 'profiles': the profiles"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct desk *desk = desk_new();
        const struct profiles *profiles = NULL;
        struct folder folder;
        folder_init(&folder);
        folder_write(&folder, "a.yaml", cases[i].text);
        assert_int_equal(profiles_load(desk->arena, folder.map, &desk->diagnostics, &profiles),
                         -1);
        if (cases[i].finding)
            assert_string_equal(only_finding(desk), cases[i].finding);
        folder_done(&folder);
        desk_free(desk);
    }
}

static void a_name_is_given_once_in_a_folder(void **state)
{
    (void)state;
    struct desk *desk = desk_new();
    const struct profiles *profiles = NULL;
    struct folder folder;
    folder_init(&folder);
    folder_write(&folder, "a.yaml", HEAD "  my.pump: {}\n");
    folder_write(&folder, "b.yaml", HEAD "  my.pump: {}\n");
    assert_int_equal(profiles_load(desk->arena, folder.map, &desk->diagnostics, &profiles), -1);
    assert_non_null(strstr(only_finding(desk), "profile 'my.pump' was already given in "));
    assert_non_null(strstr(only_finding(desk), "a.yaml, line 3"));
    folder_done(&folder);
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_profiles_load),
        cmocka_unit_test(keys_are_inherited),
        cmocka_unit_test(folders_come_in_order),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_name_is_given_once_in_a_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
