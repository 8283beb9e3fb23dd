/* Writes a file twice, and syncs what its arguments name, to show that the failing disk fails where it should. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* probe FOLDER first-sync second-sync */
int main(int count, char **arguments) {
    char path[4096];
    if (count != 4) return 2;
    snprintf(path, sizeof path, "%s/file", arguments[1]);
    int folder = open(arguments[1], O_RDONLY | O_DIRECTORY);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    if (pwrite(fd, "first", 5, 0) != 5) return 3;
    if (strchr(arguments[2], 'f') && fsync(fd) != 0) return 4;
    if (strchr(arguments[2], 'd') && fsync(folder) != 0) return 5;
    if (pwrite(fd, "other and longer", 16, 0) != 16) return 6;
    if (strchr(arguments[3], 'f') && fsync(fd) != 0) return 7;
    /* Here the power fails, if it is to fail at the next call. */
    if (rename(path, path) != 0) return 8;
    return 0;
}
