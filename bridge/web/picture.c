// SPDX-License-Identifier: MIT
#include "web/picture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

struct picture {
    pthread_mutex_t lock;
    struct shared_text *parts[PICTURE_PARTS];
    bool answers;
    char reason[PICTURE_REASON_SIZE];
};

struct picture *picture_new(void)
{
    struct picture *picture = mem_new(1, sizeof *picture);
    (void)pthread_mutex_init(&picture->lock, NULL);
    (void)snprintf(picture->reason, sizeof picture->reason, "modbridge was not asked yet");
    return picture;
}

void picture_free(struct picture *picture)
{
    for (size_t i = 0; i < PICTURE_PARTS; i++)
        shared_text_unref(picture->parts[i]);
    (void)pthread_mutex_destroy(&picture->lock);
    free(picture);
}

void picture_set(struct picture *picture, enum picture_part part, struct shared_text *text)
{
    (void)pthread_mutex_lock(&picture->lock);
    struct shared_text *old = picture->parts[part];
    picture->parts[part] = text;
    (void)pthread_mutex_unlock(&picture->lock);
    shared_text_unref(old);
}

struct shared_text *picture_get(struct picture *picture, enum picture_part part)
{
    (void)pthread_mutex_lock(&picture->lock);
    struct shared_text *text = picture->parts[part];
    if (text)
        (void)shared_text_ref(text);
    (void)pthread_mutex_unlock(&picture->lock);
    return text;
}

void picture_set_state(struct picture *picture, bool answers, const char *reason)
{
    (void)pthread_mutex_lock(&picture->lock);
    picture->answers = answers;
    (void)snprintf(picture->reason, sizeof picture->reason, "%s", reason);
    (void)pthread_mutex_unlock(&picture->lock);
}

bool picture_answers(struct picture *picture, char ret_reason[PICTURE_REASON_SIZE])
{
    (void)pthread_mutex_lock(&picture->lock);
    bool answers = picture->answers;
    if (!answers)
        (void)snprintf(ret_reason, PICTURE_REASON_SIZE, "%s", picture->reason);
    (void)pthread_mutex_unlock(&picture->lock);
    return answers;
}
