/* power_loss — what a disk would hold if the power went away now: a shadow of each file, as of its last fsync.
 *
 * cc -shared -fPIC -O2 -o power_loss.so power_loss.c -ldl
 * LD_PRELOAD=power_loss.so POWER_LOSS_DISK=/the/home POWER_LOSS_SHADOW=/the/shadow program
 *
 * fsync and fdatasync of a file below the disk copy it to the shadow, whole, under a lock of the shadow's own, so that
 * several processes may sync one file. What was written and not synced is not there. Removals and renames count at
 * once, as a file system with a journal orders them. The live file is read by the descriptor that is synced: to open
 * and close it would drop the POSIX locks that SQLite holds on it.
 *
 * POWER_LOSS_BOOT_ID: a file that is read in place of /proc/sys/kernel/random/boot_id; a machine that had no power has
 * booted since.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* The shadow's path for a path below the disk; 0 if it is not below it. */
static int shadow_of(const char *path, char *out) {
    const char *disk = getenv("POWER_LOSS_DISK"), *shadow = getenv("POWER_LOSS_SHADOW");
    size_t length = disk ? strlen(disk) : 0;
    if (!length || !shadow || strncmp(path, disk, length) || path[length] != '/') return 0;
    return snprintf(out, PATH_MAX, "%s%s", shadow, path + length) < PATH_MAX;
}

static void make_folders(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
}

/* Copy the live file, by its descriptor, over its shadow. */
static void keep(int fd) {
    static __thread char block[1 << 16];
    char name[64], path[PATH_MAX], shadow[PATH_MAX];
    struct stat status;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    if (!shadow_of(path, shadow) || fstat(fd, &status) || !S_ISREG(status.st_mode)) return;
    make_folders(shadow);
    int to = REAL(open)(shadow, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (to < 0) abort();
    flock(to, LOCK_EX);
    off_t at = 0;
    for (ssize_t got; (got = pread(fd, block, sizeof block, at)) > 0; at += got)
        if (pwrite(to, block, got, at) != got) abort();
    if (ftruncate(to, at)) abort();
    close(to); /* and with it the lock */
}

int fsync(int fd) {
    int done = REAL(fsync)(fd);
    if (!done) keep(fd);
    return done;
}

int fdatasync(int fd) {
    int done = REAL(fdatasync)(fd);
    if (!done) keep(fd);
    return done;
}

int unlink(const char *path) {
    char shadow[PATH_MAX];
    int done = REAL(unlink)(path);
    if (!done && shadow_of(path, shadow)) REAL(unlink)(shadow);
    return done;
}

int rename(const char *from, const char *to) {
    char one[PATH_MAX], other[PATH_MAX];
    int done = REAL(rename)(from, to);
    if (!done && shadow_of(from, one) && shadow_of(to, other)) {
        make_folders(other);
        if (REAL(rename)(one, other)) REAL(unlink)(other); /* the new content was never synced */
    }
    return done;
}

static const char *instead(const char *path) {
    const char *other = getenv("POWER_LOSS_BOOT_ID");
    return other && *other && path && !strcmp(path, BOOT_ID) ? other : path;
}

#define OPENS(name)                                                  \
    int name(const char *path, int flags, ...) {                     \
        va_list more;                                                \
        va_start(more, flags);                                       \
        mode_t mode = va_arg(more, mode_t);                          \
        va_end(more);                                                \
        return REAL(name)(instead(path), flags, mode);               \
    }
OPENS(open)
OPENS(open64)
