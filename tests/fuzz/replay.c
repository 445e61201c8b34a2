// SPDX-License-Identifier: MIT
// Runs a fuzz target once over every file in the folders given: what a fuzzer once found stays
// found, with any compiler.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST_INPUT = 1 << 20 };

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return -1;
    }
    // As large as its content, so that the sanitizer sees a read past its end.
    uint8_t *all = malloc(LARGEST_INPUT);
    size_t size = all ? fread(all, 1, LARGEST_INPUT, file) : 0;
    (void)fclose(file);
    uint8_t *data = all ? realloc(all, size ? size : 1) : NULL;
    if (!data)
        abort();
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

// The number of files run, or -1.
static int run_folder(const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_visible, alphasort);
    int failed = count < 0;
    if (failed)
        perror(path);
    for (int i = 0; i < count; i++) {
        char file[4096];
        (void)snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        failed |= run_file(file) != 0;
        free(entries[i]);
    }
    free(entries);
    return failed ? -1 : count;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = run_folder(argv[i]);
        if (count < 0)
            return 1;
        total += count;
    }
    (void)printf("%d inputs\n", total);
    return total ? 0 : 1;
}
