// SPDX-License-Identifier: MIT
// The VFS: passes calls on, writes them down, fails them. Source: SQLite, "The SQLite OS
// Interface or VFS".
#include "disk/disk.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "disk/disk_history.h"

struct disk_file {
    sqlite3_file base;
    int incarnation; // NO_INCARNATION: of no interest
    sqlite3_file *real;
};

const char *const disk_call_names[DISK_CALL_COUNT] = {
    [DISK_OPEN] = "open", [DISK_READ] = "read",         [DISK_WRITE] = "write",
    [DISK_SYNC] = "sync", [DISK_TRUNCATE] = "truncate", [DISK_LOCK] = "lock",
    [DISK_SIZE] = "size", [DISK_DELETE] = "delete",     [DISK_ACCESS] = "access",
};

static sqlite3_vfs *below;

static struct fault {
    enum disk_call call;
    int code; // SQLITE_OK: none
    uint64_t nth;
    bool lasts;
    bool has_failed;
    uint64_t calls[DISK_CALL_COUNT];
} fault;

void disk_fail(enum disk_call call, int code, uint64_t nth, bool lasts)
{
    fault = (struct fault){.call = call, .code = code, .nth = nth, .lasts = lasts};
}

void disk_mend(void)
{
    fault = (struct fault){.code = SQLITE_OK};
}

uint64_t disk_calls(enum disk_call call)
{
    return fault.calls[call];
}

bool disk_has_failed(void)
{
    return fault.has_failed;
}

// The code that a call fails with; SQLITE_OK: it does not.
static int fails(enum disk_call call)
{
    uint64_t count = ++fault.calls[call];
    if (!fault.code || call != fault.call || count < fault.nth ||
        (count > fault.nth && !fault.lasts))
        return SQLITE_OK;
    fault.has_failed = true;
    return fault.code;
}

// Files
// ---------------------------------------------------------------------------------------

static struct disk_file *of(sqlite3_file *file)
{
    return (struct disk_file *)file;
}

static int close_file(sqlite3_file *file)
{
    return of(file)->real->pMethods->xClose(of(file)->real);
}

static int read_file(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset)
{
    int code = fails(DISK_READ);
    return code ? code : of(file)->real->pMethods->xRead(of(file)->real, bytes, length, offset);
}

static int write_file(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
    int failed = fails(DISK_WRITE);
    int written = failed ? length / 2 : length;
    int code = SQLITE_OK;
    if (written)
        code = of(file)->real->pMethods->xWrite(of(file)->real, bytes, written, offset);
    if (code == SQLITE_OK)
        disk_note_write(of(file)->incarnation, bytes, (size_t)written, offset);
    return failed ? failed : code;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    int code = fails(DISK_TRUNCATE);
    if (!code)
        code = of(file)->real->pMethods->xTruncate(of(file)->real, size);
    if (!code)
        disk_note_truncate(of(file)->incarnation, size);
    return code;
}

// The folder is of memory: there is nothing to wait for.
static int sync_file(sqlite3_file *file, int flags)
{
    (void)flags;
    int code = fails(DISK_SYNC);
    if (!code)
        disk_note_sync(of(file)->incarnation);
    return code;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    int code = fails(DISK_SIZE);
    return code ? code : of(file)->real->pMethods->xFileSize(of(file)->real, ret_size);
}

static int lock_file(sqlite3_file *file, int kind)
{
    int code = fails(DISK_LOCK);
    return code ? code : of(file)->real->pMethods->xLock(of(file)->real, kind);
}

static int unlock_file(sqlite3_file *file, int kind)
{
    return of(file)->real->pMethods->xUnlock(of(file)->real, kind);
}

static int check_reserved(sqlite3_file *file, int *ret_is_reserved)
{
    return of(file)->real->pMethods->xCheckReservedLock(of(file)->real, ret_is_reserved);
}

static int control_file(sqlite3_file *file, int operation, void *argument)
{
    return of(file)->real->pMethods->xFileControl(of(file)->real, operation, argument);
}

static int sector_size(sqlite3_file *file)
{
    return of(file)->real->pMethods->xSectorSize(of(file)->real);
}

static int characteristics(sqlite3_file *file)
{
    return of(file)->real->pMethods->xDeviceCharacteristics(of(file)->real);
}

static int map_shared(sqlite3_file *file, int region, int size, int extend,
                      void volatile **ret_region)
{
    return of(file)->real->pMethods->xShmMap(of(file)->real, region, size, extend, ret_region);
}

static int lock_shared(sqlite3_file *file, int offset, int count, int flags)
{
    return of(file)->real->pMethods->xShmLock(of(file)->real, offset, count, flags);
}

static void barrier_shared(sqlite3_file *file)
{
    of(file)->real->pMethods->xShmBarrier(of(file)->real);
}

static int unmap_shared(sqlite3_file *file, int is_to_be_deleted)
{
    return of(file)->real->pMethods->xShmUnmap(of(file)->real, is_to_be_deleted);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = map_shared,
    .xShmLock = lock_shared,
    .xShmBarrier = barrier_shared,
    .xShmUnmap = unmap_shared,
};

// The disk
// -------------------------------------------------------------------------------------

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                     int *ret_flags)
{
    (void)vfs;
    struct disk_file *mine = of(file);
    *mine = (struct disk_file){.incarnation = NO_INCARNATION,
                               .real = (sqlite3_file *)(void *)(mine + 1)};
    int code = fails(DISK_OPEN);
    if (!code)
        code = below->xOpen(below, path, mine->real, flags, ret_flags);
    if (code)
        return code;
    file->pMethods = &methods;
    if (path)
        mine->incarnation = disk_note_open(path);
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int is_folder_synced)
{
    (void)vfs;
    int code = fails(DISK_DELETE);
    if (!code)
        code = below->xDelete(below, path, 0);
    if (!code)
        disk_note_delete(path, is_folder_synced);
    return code;
}

static int access_file(sqlite3_vfs *vfs, const char *path, int flags, int *ret_is_there)
{
    (void)vfs;
    int code = fails(DISK_ACCESS);
    return code ? code : below->xAccess(below, path, flags, ret_is_there);
}

// Who waits for another one's lock: nobody else is there to give it back.
static int sleep_never(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

void disk_install(void)
{
    static sqlite3_vfs disk;
    below = sqlite3_vfs_find(NULL);
    disk = *below; // what is not of a file stays as it is
    disk.zName = "disk";
    disk.pNext = NULL;
    disk.szOsFile = (int)sizeof(struct disk_file) + below->szOsFile;
    disk.xOpen = open_file;
    disk.xDelete = delete_file;
    disk.xAccess = access_file;
    disk.xSleep = sleep_never;
    if (sqlite3_vfs_register(&disk, 1) != SQLITE_OK)
        abort();
}
