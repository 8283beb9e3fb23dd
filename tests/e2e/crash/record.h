/* What `disk.c`, which stands between the program and libc, and `record.c`, which knows what is not on the disk yet, share. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

struct file { /* one file by its present name */
    char path[PATH_MAX];
    int there;
    /* Used while the disk is rolled back. */
    int settled;
    off_t base, kept_end;
    int touched;
};

enum kind { CREATED, WRITTEN, TRUNCATED, RENAMED, REMOVED };

struct change { /* something that is not on the disk yet */
    enum kind kind;
    int file;
    off_t at, old_size, new_size;
    size_t len, old_len;
    unsigned char *old; /* the bytes that were at `at` */
    int replaced;       /* RENAMED: the file that lay there, or -1 */
    char *from, *saved; /* the former name; a second name of what was removed */
};

/* Nothing of this is for the program. */
#pragma GCC visibility push(hidden)

/* Every file that was seen. */
extern struct file *files;
/* The folder whose disk fails. */
extern const char *dir;
/* What the next word of chance is made of. */
extern uint64_t chance;

extern int (*real_openat)(int, const char *, int, ...);
extern int (*real_close)(int);
extern ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
extern int (*real_ftruncate)(int, off_t);
extern int (*real_renameat)(int, const char *, int, const char *);
extern int (*real_unlinkat)(int, const char *, int);

/* The file of this name, as an index. */
int file_of(const char *path);
/* Records a change of a file. It is valid until the next one. */
struct change *add(enum kind kind, int file);
/* What lies in the file, or where `folder` is given the names in it, is on the disk from now on. */
void made_to_last(int file, const char *folder);
/* A second name for a file that is about to go, outside of the folder. */
char *save(const char *path);
/* Takes back every change that is not on the disk yet: all of it, or where `tear`, any part. */
void roll_back(int tear);

#pragma GCC visibility pop
