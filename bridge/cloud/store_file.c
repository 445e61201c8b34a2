// SPDX-License-Identifier: MIT
#include "cloud/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/lock_file.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "cloud/store_salvage.h"
#include "model/site.h"

enum {
    PAGE_BYTES = 4096,
    WAL_PAGES = 256,          // between checkpoints
    HEADROOM_BYTES = 4 << 20, // beside the outbox: journal, notes, tables
    CHECKED_BYTES = 16 << 20, // a larger file is not read through at the start
    ATTEMPTS = 3,             // to open
};

// Ids of rows are given by the main thread: AUTOINCREMENT would cost a page more per commit.
// A `boot` names when the system was started; `at_ms` is on its clock.
static const char schema[] =
    "BEGIN;"
    "CREATE TABLE boots(id INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE, offset_ms INTEGER);"
    "CREATE TABLE clouds(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE responses(id INTEGER PRIMARY KEY, cloud INTEGER NOT NULL, kind INTEGER NOT "
    "NULL,"
    " boot INTEGER NOT NULL, at_ms INTEGER, crc INTEGER NOT NULL, topic TEXT NOT NULL,"
    " payload TEXT NOT NULL);"
    "CREATE TABLE outbox(id INTEGER PRIMARY KEY, cloud INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " boot INTEGER NOT NULL, at_ms INTEGER, crc INTEGER NOT NULL, topic TEXT NOT NULL,"
    " payload TEXT NOT NULL);"
    "CREATE TABLE commands(serial INTEGER PRIMARY KEY, device TEXT NOT NULL, id TEXT NOT NULL,"
    " fingerprint TEXT NOT NULL, state INTEGER NOT NULL, boot INTEGER NOT NULL,"
    " at_ms INTEGER NOT NULL, request TEXT, response TEXT, crc INTEGER NOT NULL,"
    " UNIQUE(device, id));"
    "CREATE TABLE notes(kind TEXT NOT NULL, device TEXT NOT NULL, key TEXT NOT NULL,"
    " text TEXT NOT NULL, PRIMARY KEY(kind, device, key));"
    "PRAGMA user_version = 1;"
    "COMMIT;";

static char *joined(const char *folder, const char *name)
{
    struct strbuf path = {0};
    strbuf_printf(&path, "%s/%s", folder, name);
    return strbuf_take(&path);
}

static void tell(struct store_file *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void tell(struct store_file *file, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t used = strlen(file->trouble);
    if (used && used + 2 < sizeof file->trouble) {
        memcpy(file->trouble + used, "; ", 3);
        used += 2;
    }
    (void)vsnprintf(file->trouble + used, sizeof file->trouble - used, format, args);
    va_end(args);
}

// Folders
// --------------------------------------------------------------------------------------

// 0, 1 when the folder cannot be used, -1 with err when another process uses it.
static int lock_folder(struct store_file *file, struct error *err)
{
    struct error why;
    char *path = joined(file->folder, "lock");
    enum lock_result result = lock_file_take(path, &file->lock, &why);
    free(path);
    if (result == LOCK_HELD)
        return error_set(err, ERROR_FAILED,
                         "the state folder %s is in use by another modbridge; each needs its "
                         "own: %s",
                         file->folder, why.text);
    return result == LOCK_TAKEN ? 0 : 1;
}

// Opening
// --------------------------------------------------------------------------------------

static enum sql_result set_pragmas(struct store_file *file)
{
    // None of these is kept in the file, apart from the journal mode: they are set at each
    // open.
    char text[512];
    (void)snprintf(text, sizeof text,
                   "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                   "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = %d;"
                   "PRAGMA journal_size_limit = %d; PRAGMA cache_size = -256;"
                   "PRAGMA temp_store = MEMORY; PRAGMA secure_delete = FAST;"
                   "PRAGMA max_page_count = %lld;",
                   WAL_PAGES, WAL_PAGES * PAGE_BYTES,
                   (long long)((file->max_bytes + HEADROOM_BYTES) / PAGE_BYTES));
    return sql_run(file->sql, text);
}

static enum sql_result check_sound(struct store_file *file)
{
    struct stat status;
    if (stat(file->path, &status) != 0 || status.st_size > CHECKED_BYTES)
        return SQL_DONE; // what is damaged is found when it is read
    // quick_check gives the row "ok", or a text about what is wrong; one about a page that the
    // disk did not give says nothing of the page. Source: btree.c of SQLite, checkAppendMsg.
    static const char check[] =
        "SELECT CASE WHEN quick_check = 'ok' THEN 0 WHEN quick_check LIKE '%get page %' OR "
        "(quick_check LIKE '%error code=%' AND quick_check NOT LIKE '%error code=11') THEN 1 "
        "ELSE 2 END FROM pragma_quick_check(1)";
    enum { SOUND, UNREADABLE, UNSOUND };
    int64_t verdict = SOUND;
    enum sql_result result = sql_number(file->sql, check, &verdict);
    if (result != SQL_DONE || verdict == SOUND)
        return result;
    return verdict == UNREADABLE ? SQL_FAILED : SQL_DAMAGED;
}

static enum sql_result check_tables(struct store_file *file)
{
    static const char *const reads[] = {
        "SELECT id, boot, offset_ms FROM boots LIMIT 1",
        "SELECT id, name FROM clouds LIMIT 1",
        "SELECT id, cloud, kind, boot, at_ms, crc, topic, payload FROM responses LIMIT 1",
        "SELECT id, cloud, kind, boot, at_ms, crc, topic, payload FROM outbox LIMIT 1",
        "SELECT serial, device, id, fingerprint, state, boot, at_ms, crc FROM commands LIMIT 1",
        "SELECT request, response FROM commands LIMIT 1",
        "SELECT kind, device, key, text FROM notes LIMIT 1",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(reads); i++) {
        enum sql_result result = sql_run(file->sql, reads[i]);
        if (result != SQL_DONE)
            return result == SQL_MISFIT ? SQL_DAMAGED : result;
    }
    return SQL_DONE;
}

// Opens what is there, or makes it. `ret_error` says why not.
static enum sql_result open_database(struct store_file *file, const char *path,
                                     int64_t *ret_version, char *ret_error)
{
    enum sql_result result = sql_open(path, &file->sql, ret_error);
    if (result != SQL_DONE)
        return result;
    result = set_pragmas(file);
    if (result == SQL_DONE)
        result = sql_number(file->sql, "PRAGMA user_version", ret_version);
    if (result == SQL_DONE && *ret_version > STORE_VERSION)
        return SQL_DONE;
    if (result == SQL_DONE && file->folder)
        result = check_sound(file);
    int64_t tables = 0;
    if (result == SQL_DONE)
        result = sql_number(file->sql, "SELECT count(*) FROM sqlite_schema", &tables);
    if (result == SQL_DONE && *ret_version == 0 && tables == 0)
        result = sql_run(file->sql, schema);
    if (result == SQL_DONE)
        result = check_tables(file);
    if (result == SQL_DONE)
        return SQL_DONE;
    (void)snprintf(ret_error, SQL_ERROR_SIZE, "%s", sql_error(file->sql));
    sql_close(file->sql);
    file->sql = NULL;
    return result;
}

static void open_in_memory(struct store_file *file)
{
    char reason[SQL_ERROR_SIZE];
    int64_t version = 0;
    free(file->folder);
    free(file->path);
    file->folder = NULL;
    file->path = NULL;
    if (file->max_bytes > STORE_MEMORY_BYTES)
        file->max_bytes = STORE_MEMORY_BYTES;
    if (open_database(file, SITE_STATE_IN_MEMORY, &version, reason) != SQL_DONE) {
        (void)fputs("modbridge: out of memory\n", stderr);
        abort(); // base/mem.h
    }
}

static void fall_back(struct store_file *file, const char *reason)
{
    tell(file,
         "the state folder %s cannot be used: %s; until the next start, what is not yet "
         "acknowledged and the ids of commands are kept in memory only",
         file->folder, reason);
    file->is_degraded = true;
    open_in_memory(file);
}

// Setting aside
// --------------------------------------------------------------------------------

// "modbridge-damaged-20260131T120000.db" in the folder; one of the same second makes way.
static char *damaged_path(const struct store_file *file)
{
    char name[64];
    time_t now = time(NULL);
    struct tm parts;
    (void)gmtime_r(&now, &parts);
    (void)strftime(name, sizeof name, "modbridge-damaged-%Y%m%dT%H%M%S.db", &parts);
    return joined(file->folder, name);
}

static void rename_with(const char *from, const char *to, const char *suffix)
{
    struct strbuf old = {0};
    struct strbuf new = {0};
    strbuf_printf(&old, "%s%s", from, suffix);
    strbuf_printf(&new, "%s%s", to, suffix);
    if (rename(strbuf_text(&old), strbuf_text(&new)) != 0)
        (void)unlink(strbuf_text(&old)); // what cannot be moved must not spoil the new file
    strbuf_done(&old);
    strbuf_done(&new);
}

static void set_aside(struct store_file *file, const char *reason)
{
    sql_close(file->sql);
    file->sql = NULL;
    file->damaged++;
    char *aside = damaged_path(file);
    rename_with(file->path, aside, "");
    rename_with(file->path, aside, "-wal");
    rename_with(file->path, aside, "-shm");
    char error[SQL_ERROR_SIZE];
    int64_t version = 0;
    if (open_database(file, file->path, &version, error) == SQL_DONE) {
        struct store_salvage found = store_salvage(file->sql, aside);
        file->salvaged += found.rows;
        tell(file,
             "the store was damaged (%s): it was set aside as %s and a new one was started "
             "with %llu rows that could be read; check the disk",
             reason, aside, (unsigned long long)found.rows);
    } else {
        fall_back(file, error);
    }
    free(aside);
}

void store_file_replace(struct store_file *file)
{
    char reason[SQL_ERROR_SIZE];
    (void)snprintf(reason, sizeof reason, "%s", sql_error(file->sql));
    file->trouble[0] = '\0';
    if (file->folder) {
        set_aside(file, reason);
        return;
    }
    sql_close(file->sql);
    file->damaged++;
    tell(file, "the store in memory was damaged (%s): its content is lost", reason);
    open_in_memory(file);
}

static int refuse_later(struct store_file *file, int64_t version, struct error *err)
{
    (void)error_set(err, ERROR_FAILED,
                    "the state folder %s was written by a later modbridge (format %lld, this "
                    "one knows %d): install that one again, or name another folder",
                    file->folder, (long long)version, STORE_VERSION);
    store_file_close(file);
    return -1;
}

static bool is_empty(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && status.st_size == 0;
}

static int open_on_disk(struct store_file *file, struct error *err)
{
    char reason[SQL_ERROR_SIZE] = "";
    int64_t version = 0;
    bool was_empty = is_empty(file->path);
    enum sql_result result = SQL_FAILED;
    // A disk may refuse once: working in memory is the last resort.
    for (int attempt = 0; attempt < ATTEMPTS && result == SQL_FAILED; attempt++)
        result = open_database(file, file->path, &version, reason);
    if (result == SQL_DONE && version > STORE_VERSION)
        return refuse_later(file, version, err);
    if (result == SQL_DAMAGED)
        set_aside(file, reason);
    else if (result != SQL_DONE)
        fall_back(file, reason);
    else if (was_empty) {
        file->damaged++;
        tell(file, "the store %s was empty: what it held is lost; check the disk", file->path);
    }
    if (file->folder && !store_file_take_reserve(file))
        tell(file, "the disk of %s is nearly full", file->folder);
    return 0;
}

int store_file_open(struct store_file *file, const char *folder, int64_t max_bytes,
                    struct error *err)
{
    *file = (struct store_file){.lock = -1, .max_bytes = max_bytes};
    if (strcmp(folder, SITE_STATE_IN_MEMORY) == 0) {
        open_in_memory(file);
        return 0;
    }
    file->folder = mem_copy_text(folder);
    file->path = joined(folder, "modbridge.db");
    int failed = folder_make(folder) != 0 ? 1 : lock_folder(file, err);
    if (failed < 0) {
        store_file_close(file);
        return -1;
    }
    if (failed) {
        fall_back(file, error_reason(errno));
        return 0;
    }
    return open_on_disk(file, err);
}

void store_file_close(struct store_file *file)
{
    sql_close(file->sql);
    if (file->lock >= 0)
        (void)close(file->lock);
    free(file->folder);
    free(file->path);
    *file = (struct store_file){.lock = -1};
}

// Transactions
// ---------------------------------------------------------------------------------

enum sql_result store_file_begin(struct store_file *file)
{
    return sql_run(file->sql, "BEGIN IMMEDIATE");
}

enum sql_result store_file_commit(struct store_file *file)
{
    return sql_run(file->sql, "COMMIT");
}

void store_file_rollback(struct store_file *file)
{
    // After some failures there is none left to roll back, which is an error without meaning.
    (void)sql_run(file->sql, "ROLLBACK");
}

// The reserve
// ----------------------------------------------------------------------------------

void store_file_release_reserve(struct store_file *file)
{
    if (!file->folder || !file->has_reserve)
        return;
    char *path = joined(file->folder, "reserve");
    (void)unlink(path);
    free(path);
    file->has_reserve = false;
}

bool store_file_take_reserve(struct store_file *file)
{
    if (!file->folder || file->has_reserve)
        return true;
    char *path = joined(file->folder, "reserve");
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    file->has_reserve =
        descriptor >= 0 && posix_fallocate(descriptor, 0, STORE_RESERVE_BYTES) == 0;
    if (descriptor >= 0)
        (void)close(descriptor);
    if (!file->has_reserve)
        (void)unlink(path); // half a reserve only takes room away
    free(path);
    return file->has_reserve;
}
