/*
 * What was changed below the folder and is not on the disk yet, and how it is lost. Every change is recorded until an
 * fsync makes it last: a file's contents by an fsync of the file, a new, renamed or removed name by an fsync of its
 * folder.
 */
#include "record.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512

struct file *files;
uint64_t chance;
static int file_count;
static struct change *changes;
static int change_count, change_room;
static long saved_names;

static uint64_t below(uint64_t bound) { /* SplitMix64 */
    uint64_t word = chance += 0x9E3779B97F4A7C15u;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9u;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EBu;
    return (word ^ (word >> 31)) % bound;
}

int file_of(const char *path) {
    for (int i = 0; i < file_count; i++)
        if (files[i].there && strcmp(files[i].path, path) == 0) return i;
    files = realloc(files, sizeof *files * (size_t)(file_count + 1));
    memset(&files[file_count], 0, sizeof *files);
    snprintf(files[file_count].path, PATH_MAX, "%s", path);
    files[file_count].there = 1;
    return file_count++;
}

struct change *add(enum kind kind, int file) {
    if (change_count == change_room) {
        change_room = change_room ? change_room * 2 : 64;
        changes = realloc(changes, sizeof *changes * (size_t)change_room);
    }
    struct change *change = &changes[change_count++];
    memset(change, 0, sizeof *change);
    change->kind = kind;
    change->file = file;
    change->replaced = -1;
    return change;
}

static int is_name(const struct change *change) {
    return change->kind == CREATED || change->kind == RENAMED || change->kind == REMOVED;
}

static void let_go(struct change *change) {
    if (change->saved) real_unlinkat(AT_FDCWD, change->saved, 0);
    free(change->old);
    free(change->from);
    free(change->saved);
}

static int in_folder(const char *path, const char *folder) {
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && path[len] == '/' && !strchr(path + len + 1, '/');
}

void made_to_last(int file, const char *folder) {
    int kept = 0;
    for (int i = 0; i < change_count; i++) {
        struct change *change = &changes[i];
        int lasts = folder ? is_name(change) && in_folder(files[change->file].path, folder)
                           : !is_name(change) && change->file == file;
        if (lasts) let_go(change);
        else changes[kept++] = *change;
    }
    change_count = kept;
}

char *save(const char *path) {
    char name[PATH_MAX];
    struct stat meta;
    if (lstat(path, &meta) != 0) return NULL;
    snprintf(name, sizeof name, "%s.disk-%d-%ld", dir, (int)getpid(), saved_names++);
    return link(path, name) == 0 ? strdup(name) : NULL;
}

static void put_back(const struct file *file, off_t at, const unsigned char *bytes, size_t len) {
    int fd = real_openat(AT_FDCWD, file->path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    if (bytes && real_pwrite(fd, bytes, len, at) < 0) abort();
    if (!bytes && real_ftruncate(fd, at) < 0) abort();
    real_close(fd);
}

/* Takes back one write: all of it, or where `tear`, some of its sectors. */
static void take_back(struct file *file, const struct change *change, int tear) {
    static const unsigned char zeros[SECTOR];
    for (size_t done = 0; done < change->len;) {
        off_t at = change->at + (off_t)done;
        size_t len = SECTOR - (size_t)(at % SECTOR);
        if (len > change->len - done) len = change->len - done;
        size_t old = done < change->old_len ? change->old_len - done : 0;
        if (old > len) old = len;
        if (tear && below(2)) {
            if (at + (off_t)len > file->kept_end) file->kept_end = at + (off_t)len;
        } else {
            if (old) put_back(file, at, change->old + done, old);
            if (old < len) put_back(file, at + (off_t)old, zeros, len - old);
        }
        done += len;
    }
}

void roll_back(int tear) {
    int names = 0;
    for (int i = 0; i < change_count; i++) names += is_name(&changes[i]);
    /* A folder's changes reach the disk in their order. */
    int kept_names = tear ? (int)below((uint64_t)names + 1) : 0;
    for (int i = change_count - 1; i >= 0; i--) {
        struct change *change = &changes[i];
        struct file *file = &files[change->file];
        if (is_name(change)) {
            if (--names < kept_names) continue;
            if (change->kind == CREATED) {
                real_unlinkat(AT_FDCWD, file->path, 0);
                file->there = 0;
            } else if (change->kind == RENAMED) {
                real_renameat(AT_FDCWD, file->path, AT_FDCWD, change->from);
                if (change->saved) {
                    real_renameat(AT_FDCWD, change->saved, AT_FDCWD, file->path);
                    files[change->replaced].there = 1;
                }
                snprintf(file->path, PATH_MAX, "%s", change->from);
            } else if (change->saved) {
                real_renameat(AT_FDCWD, change->saved, AT_FDCWD, file->path);
                file->there = 1;
            }
        } else if (file->there && !file->settled) {
            file->touched = 1;
            file->base = change->old_size;
            if (change->kind == WRITTEN) {
                take_back(file, change, tear);
            } else if (tear && below(2)) {
                /* It was truncated after all, and so what came before it has come to an end. */
                file->base = change->new_size;
                file->settled = 1;
            } else if (change->old) {
                put_back(file, change->at, change->old, change->old_len);
            }
        }
    }
    for (int i = 0; i < file_count; i++) {
        struct file *file = &files[i];
        if (!file->touched || !file->there) continue;
        put_back(file, file->kept_end > file->base ? file->kept_end : file->base, NULL, 0);
    }
    for (int i = 0; i < change_count; i++) let_go(&changes[i]);
}
