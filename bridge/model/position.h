// SPDX-License-Identifier: MIT
// Where in a file something was written, for messages. Const after load; any thread.
#ifndef MODEL_POSITION_H
#define MODEL_POSITION_H

struct position {
    const char *file; // as the user named it; NULL for what no file says
    int line;         // from 1
    int column;       // from 1
};

#endif
