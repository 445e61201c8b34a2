// SPDX-License-Identifier: MIT
// Folders that the program keeps its own files in. Any thread.
#ifndef BASE_FOLDER_H
#define BASE_FOLDER_H

// Makes a folder for its user alone, and if need be the one it lies in; fine when it is there
// already. -1 with errno.
int folder_make(const char *path);

#endif
