/*
 * A disk that fails, for one process and the files below one folder. Loaded with LD_PRELOAD; it stands between
 * the program and libc.
 *
 *   RECADO_DISK_DIR      the folder
 *   RECADO_DISK_CONTROL  a file of one line, `KIND AT SEED`: at the AT-th call from now on that changes something
 *                        below the folder, KIND happens. It is read again whenever it is replaced; a missing
 *                        file and the kind `none` mean a sound disk.
 *   RECADO_DISK_LIES     where it is set, an fsync does nothing and says that it did
 *   RECADO_DISK_REPORT   where `KIND AT CALL PATH` is written once it has happened
 *
 * Kinds: eio, full and short happen once; eio-on and full-on from then on; kill ends the process with all that
 * it wrote; cut does what a power cut does to a disk that had written nothing that was not synced; tear keeps any
 * part of it, in sectors of 512 bytes.
 *
 * For the last two, `record.c` records every change until it is synced. SQLite's `-shm` is left out: it is rebuilt.
 */
#include "record.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FD 4096

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
const char *dir;
static const char *control, *report;
static size_t dir_len;
static int lies;
static int fd_file[MAX_FD]; /* index + 1 */
static char *fd_dir[MAX_FD];
static char fault[16] = "none";
static long fault_at, calls;
static int fired;
static struct stat control_seen;

int (*real_openat)(int, const char *, int, ...);
int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
int (*real_renameat)(int, const char *, int, const char *);
int (*real_unlinkat)(int, const char *, int);

/* A copy: PostgreSQL writes its processes' titles over the environment. */
static const char *kept(const char *name) {
    const char *value = getenv(name);
    return value ? strdup(value) : NULL;
}

__attribute__((constructor)) static void start(void) {
    if (real_openat) return;
    dir = kept("RECADO_DISK_DIR");
    control = kept("RECADO_DISK_CONTROL");
    report = kept("RECADO_DISK_REPORT");
    dir_len = dir ? strlen(dir) : 0;
    lies = getenv("RECADO_DISK_LIES") != NULL;
    real_close = dlsym(RTLD_NEXT, "close");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_renameat = dlsym(RTLD_NEXT, "renameat");
    real_unlinkat = dlsym(RTLD_NEXT, "unlinkat");
    real_openat = dlsym(RTLD_NEXT, "openat");
}

/* Whether the path lies below the folder; `whole` gets it as an absolute one. */
static int ours(int at, const char *path, char *whole) {
    if (!dir_len) return 0;
    if (path[0] == '/') {
        snprintf(whole, PATH_MAX, "%s", path);
    } else {
        char link[64], base[PATH_MAX];
        if (at == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
        else snprintf(link, sizeof link, "/proc/self/fd/%d", at);
        ssize_t len = readlink(link, base, sizeof base - 1);
        if (len < 0) return 0;
        base[len] = 0;
        if (snprintf(whole, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) return 0;
    }
    size_t len = strlen(whole);
    if (strncmp(whole, dir, dir_len) != 0 || (whole[dir_len] != '/' && whole[dir_len] != 0)) return 0;
    return len < 4 || strcmp(whole + len - 4, "-shm") != 0;
}

static void read_control(void) {
    struct stat meta;
    if (!control) return;
    if (stat(control, &meta) != 0) {
        strcpy(fault, "none");
        memset(&control_seen, 0, sizeof control_seen);
        return;
    }
    if (meta.st_ino == control_seen.st_ino && meta.st_mtim.tv_nsec == control_seen.st_mtim.tv_nsec
        && meta.st_mtim.tv_sec == control_seen.st_mtim.tv_sec) return;
    control_seen = meta;
    char line[128] = {0};
    int fd = real_openat(AT_FDCWD, control, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (read(fd, line, sizeof line - 1) < 0) line[0] = 0;
        real_close(fd);
    }
    unsigned long long seed = 0;
    if (sscanf(line, "%15s %ld %llu", fault, &fault_at, &seed) != 3) strcpy(fault, "none");
    chance = seed;
    calls = 0;
    fired = 0;
}

static void tell(const char *call, const char *path) {
    char line[PATH_MAX + 64];
    int len = snprintf(line, sizeof line, "%s %ld %s %s\n", fault, calls, call, path);
    int fd = report ? real_openat(AT_FDCWD, report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (fd >= 0) {
        if (real_write(fd, line, (size_t)len) < 0) abort();
        real_close(fd);
    }
}

/* Counts a call. What comes back is 0, an error for it, or -1 for a short write. */
static int due(const char *call, const char *path) {
    read_control();
    if (strcmp(fault, "none") == 0) return 0;
    calls++;
    int goes_on = fired && strlen(fault) > 3 && strcmp(fault + strlen(fault) - 3, "-on") == 0;
    if (!goes_on && (fired || calls < fault_at)) return 0;
    int writes = strcmp(call, "write") == 0;
    /* Room is used up by writing and by new names; only a write can be short. */
    if (strncmp(fault, "full", 4) == 0 && !writes && strcmp(call, "open") != 0) return 0;
    if (strcmp(fault, "short") == 0 && !writes) return 0;
    if (!fired) tell(call, path);
    fired = 1;
    if (strncmp(fault, "eio", 3) == 0) return EIO;
    if (strncmp(fault, "full", 4) == 0) return ENOSPC;
    if (strcmp(fault, "short") == 0) return -1;
    if (strcmp(fault, "cut") == 0) roll_back(0);
    if (strcmp(fault, "tear") == 0) roll_back(1);
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static int open_file(int at, const char *path, int flags, mode_t mode) {
    char whole[PATH_MAX];
    start();
    if (!ours(at, path, whole)) return real_openat(at, path, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat meta;
    int known = lstat(whole, &meta) == 0;
    int error = 0, fd = -1;
    if ((flags & O_CREAT && !known) || flags & O_TRUNC) error = due("open", whole);
    if (error > 0) {
        errno = error;
    } else {
        struct change cut = {0};
        if (known && flags & O_TRUNC && meta.st_size > 0) {
            cut.old = malloc((size_t)meta.st_size);
            int old = real_openat(AT_FDCWD, whole, O_RDONLY | O_CLOEXEC);
            ssize_t len = pread(old, cut.old, (size_t)meta.st_size, 0);
            cut.old_len = len > 0 ? (size_t)len : 0;
            real_close(old);
        }
        /* What is overwritten has to be read first. */
        if ((flags & O_ACCMODE) == O_WRONLY) flags = (flags & ~O_ACCMODE) | O_RDWR;
        fd = real_openat(at, path, flags, mode);
        if (fd >= 0 && fd < MAX_FD && fstat(fd, &meta) == 0) {
            free(fd_dir[fd]);
            fd_dir[fd] = S_ISDIR(meta.st_mode) ? strdup(whole) : NULL;
            fd_file[fd] = 0;
            if (S_ISREG(meta.st_mode)) {
                int file = file_of(whole);
                fd_file[fd] = file + 1;
                if (!known) add(CREATED, file);
                if (cut.old) {
                    struct change *change = add(TRUNCATED, file);
                    change->old = cut.old;
                    change->old_len = cut.old_len;
                    change->old_size = (off_t)cut.old_len;
                }
            }
        }
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

static ssize_t write_at(int fd, const void *bytes, size_t len, off_t at, int moves) {
    start();
    int file = fd >= 0 && fd < MAX_FD ? fd_file[fd] - 1 : -1;
    if (file < 0) return moves ? real_write(fd, bytes, len) : real_pwrite(fd, bytes, len, at);
    pthread_mutex_lock(&lock);
    ssize_t written = -1;
    int error = due("write", files[file].path);
    if (error == -1 && len > 1) len /= 2;
    if (error > 0) {
        errno = error;
    } else {
        struct stat meta;
        fstat(fd, &meta);
        if (moves) at = fcntl(fd, F_GETFL) & O_APPEND ? meta.st_size : lseek(fd, 0, SEEK_CUR);
        unsigned char *old = malloc(len ? len : 1);
        ssize_t old_len = pread(fd, old, len, at);
        written = moves ? real_write(fd, bytes, len) : real_pwrite(fd, bytes, len, at);
        if (written > 0) {
            struct change *change = add(WRITTEN, file);
            change->at = at;
            change->len = (size_t)written;
            change->old_size = meta.st_size;
            change->old = old;
            change->old_len = old_len > 0 ? (size_t)(old_len < written ? old_len : written) : 0;
        } else {
            free(old);
        }
    }
    pthread_mutex_unlock(&lock);
    return written;
}

static int cut_off(int fd, off_t size) {
    start();
    int file = fd >= 0 && fd < MAX_FD ? fd_file[fd] - 1 : -1;
    if (file < 0) return real_ftruncate(fd, size);
    pthread_mutex_lock(&lock);
    int result = -1, error = due("truncate", files[file].path);
    if (error > 0) {
        errno = error;
    } else {
        struct stat meta;
        fstat(fd, &meta);
        size_t tail = meta.st_size > size ? (size_t)(meta.st_size - size) : 0;
        unsigned char *old = malloc(tail ? tail : 1);
        ssize_t old_len = pread(fd, old, tail, size);
        result = real_ftruncate(fd, size);
        if (result == 0) {
            struct change *change = add(TRUNCATED, file);
            change->at = size;
            change->old_size = meta.st_size;
            change->new_size = size;
            change->old = old;
            change->old_len = old_len > 0 ? (size_t)old_len : 0;
        } else {
            free(old);
        }
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static int sync_fd(int fd, int (*real)(int)) {
    start();
    int file = fd >= 0 && fd < MAX_FD ? fd_file[fd] - 1 : -1;
    const char *folder = fd >= 0 && fd < MAX_FD ? fd_dir[fd] : NULL;
    if (file < 0 && !folder) return real(fd);
    pthread_mutex_lock(&lock);
    int result = 0, error = due("sync", folder ? folder : files[file].path);
    if (error > 0) {
        errno = error;
        result = -1;
    } else if (!lies) {
        /* Nothing here outlives the machine, so the real disk is spared the work. */
        made_to_last(file, folder);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static int rename_at(int at, const char *from, int to_at, const char *to) {
    char old[PATH_MAX], new[PATH_MAX];
    start();
    if (!ours(at, from, old) || !ours(to_at, to, new)) return real_renameat(at, from, to_at, to);
    pthread_mutex_lock(&lock);
    int result = -1, error = due("rename", old);
    if (error > 0) {
        errno = error;
    } else {
        char *saved = save(new);
        result = real_renameat(at, from, to_at, to);
        if (result == 0) {
            int replaced = saved ? file_of(new) : -1;
            if (replaced >= 0) files[replaced].there = 0;
            int file = file_of(old);
            snprintf(files[file].path, PATH_MAX, "%s", new);
            struct change *change = add(RENAMED, file);
            change->from = strdup(old);
            change->saved = saved;
            change->replaced = replaced;
        } else if (saved) {
            real_unlinkat(AT_FDCWD, saved, 0);
            free(saved);
        }
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static int remove_at(int at, const char *path, int flags) {
    char whole[PATH_MAX];
    start();
    if (flags & AT_REMOVEDIR || !ours(at, path, whole)) return real_unlinkat(at, path, flags);
    pthread_mutex_lock(&lock);
    int result = -1, error = due("remove", whole);
    if (error > 0) {
        errno = error;
    } else {
        char *saved = save(whole);
        result = real_unlinkat(at, path, flags);
        if (result == 0 && saved) {
            int file = file_of(whole);
            files[file].there = 0;
            add(REMOVED, file)->saved = saved;
        } else if (saved) {
            real_unlinkat(AT_FDCWD, saved, 0);
            free(saved);
        }
    }
    pthread_mutex_unlock(&lock);
    return result;
}

#define MODE_OF(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *path, int flags, ...) { MODE_OF(flags) return open_file(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE_OF(flags) return open_file(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE_OF(flags) return open_file(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE_OF(flags) return open_file(at, path, flags, mode); }
ssize_t write(int fd, const void *bytes, size_t len) { return write_at(fd, bytes, len, 0, 1); }
ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at) { return write_at(fd, bytes, len, at, 0); }
ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at) { return write_at(fd, bytes, len, at, 0); }
int ftruncate(int fd, off_t size) { return cut_off(fd, size); }
int ftruncate64(int fd, off_t size) { return cut_off(fd, size); }
int fsync(int fd) { return sync_fd(fd, real_fsync); }
int fdatasync(int fd) { return sync_fd(fd, real_fdatasync); }
int rename(const char *from, const char *to) { return rename_at(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int at, const char *from, int to_at, const char *to) { return rename_at(at, from, to_at, to); }
int unlink(const char *path) { return remove_at(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return remove_at(at, path, flags); }

int close(int fd) {
    start();
    if (fd >= 0 && fd < MAX_FD && (fd_file[fd] || fd_dir[fd])) {
        pthread_mutex_lock(&lock);
        fd_file[fd] = 0;
        free(fd_dir[fd]);
        fd_dir[fd] = NULL;
        pthread_mutex_unlock(&lock);
    }
    return real_close(fd);
}
