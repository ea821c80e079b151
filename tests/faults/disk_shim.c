/* A callback in front of every write, sync and allocation of a process: LD_PRELOAD this.
 *
 * This file may pass calls on and ask; what happens to them is decided in disk.py. While no
 * callback is set every call goes straight through. A set callback is asked about calls on
 * regular files and directories:
 *
 *   decide(kind, descriptor, inode, size of the file, open flags, offset, data, length)
 *
 *   0          go on
 *   n > 0      a write: only its first n bytes; anything else: done already, say it worked
 *   -e         fail with errno e, and do nothing
 *   -e - 1000  do it, then fail with errno e
 *
 * It is not asked again for what it does itself. Calls of malloc and its family are asked
 * about, too, where they come from a stretch of code that was named (the module of LMDB).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, ALLOCATE = 3, TRUNCATE = 4, MALLOC = 5 };
enum { DONE_ANYWAY = 1000 };

typedef int64_t (*Decide)(int kind, int descriptor, int64_t inode, int64_t size, int flags,
                          int64_t offset, const void *data, int64_t length);

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static Decide decide;
static uintptr_t code_start, code_end;
static __thread int inside;

void disk_shim_arm(Decide callback) { decide = callback; }

void disk_shim_watch(uintptr_t start, uintptr_t end)
{
    code_start = start;
    code_end = end;
}

#define NEXT(name) ((__typeof__(&name))next(#name))

static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }

static int64_t ask(int kind, int fd, int64_t offset, const void *data, int64_t length)
{
    struct stat status;
    int flags, before = errno;
    int64_t answer;

    if (!decide || inside || fstat(fd, &status))
        return 0;
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        return 0;
    flags = fcntl(fd, F_GETFL);
    if (kind == WRITE && offset < 0)
        offset = flags & O_APPEND ? status.st_size : lseek(fd, 0, SEEK_CUR);
    inside = 1;
    answer = decide(kind, fd, (int64_t)status.st_ino, status.st_size, flags, offset, data, length);
    inside = 0;
    errno = before;
    return answer;
}

/* What a call returns after it was asked about, in the convention of -1 and errno. */
static int64_t outcome(int64_t answer, int64_t result)
{
    if (answer < 0) {
        errno = (int)(answer <= -DONE_ANYWAY ? -answer - DONE_ANYWAY : -answer);
        return -1;
    }
    return result;
}

static int goes_on(int64_t answer) { return answer == 0 || answer <= -DONE_ANYWAY; }

/* -------------------------------------------------------------- writes */

static ssize_t put(int fd, const void *data, size_t length, off_t offset)
{
    int64_t answer = ask(WRITE, fd, offset, data, (int64_t)length);
    ssize_t result = -1;

    if (answer > 0 && (size_t)answer < length)
        length = (size_t)answer;
    if (answer >= 0 || goes_on(answer))
        result = offset < 0 ? NEXT(write)(fd, data, length)
                            : NEXT(pwrite64)(fd, data, length, offset);
    return outcome(answer, result);
}

static ssize_t put_vector(int fd, const struct iovec *parts, int count, off_t offset)
{
    size_t length = 0, position = 0;
    ssize_t result;
    char *flat;

    for (int i = 0; i < count; i++)
        length += parts[i].iov_len;
    flat = __libc_malloc(length + 1);
    if (!flat) {
        errno = ENOMEM;
        return -1;
    }
    for (int i = 0; i < count; i++) {
        memcpy(flat + position, parts[i].iov_base, parts[i].iov_len);
        position += parts[i].iov_len;
    }
    result = put(fd, flat, length, offset);
    free(flat);
    return result;
}

ssize_t write(int fd, const void *data, size_t length) { return put(fd, data, length, -1); }

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset)
{
    return put(fd, data, length, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset)
{
    return put(fd, data, length, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return decide && !inside ? put_vector(fd, parts, count, -1)
                             : NEXT(writev)(fd, parts, count);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    return decide && !inside ? put_vector(fd, parts, count, offset)
                             : NEXT(pwritev)(fd, parts, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset)
{
    return pwritev(fd, parts, count, offset);
}

ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
    return decide && !inside ? put_vector(fd, parts, count, offset)
                             : NEXT(pwritev2)(fd, parts, count, offset, flags);
}

ssize_t pwritev64v2(int fd, const struct iovec *parts, int count, off64_t offset, int flags)
{
    return pwritev2(fd, parts, count, offset, flags);
}

/* -------------------------------------------------------------- syncs and sizes */

int fsync(int fd)
{
    int64_t answer = ask(SYNC, fd, 0, NULL, 0);
    return (int)outcome(answer, goes_on(answer) ? NEXT(fsync)(fd) : 0);
}

int fdatasync(int fd)
{
    int64_t answer = ask(SYNC, fd, 0, NULL, 0);
    return (int)outcome(answer, goes_on(answer) ? NEXT(fdatasync)(fd) : 0);
}

int ftruncate(int fd, off_t length)
{
    int64_t answer = ask(TRUNCATE, fd, 0, NULL, length);
    return (int)outcome(answer, goes_on(answer) ? NEXT(ftruncate)(fd, length) : 0);
}

int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

int fallocate(int fd, int mode, off_t offset, off_t length)
{
    int64_t answer = ask(ALLOCATE, fd, offset, NULL, length);
    return (int)outcome(answer, goes_on(answer) ? NEXT(fallocate)(fd, mode, offset, length) : 0);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t length)
{
    return fallocate(fd, mode, offset, length);
}

int posix_fallocate(int fd, off_t offset, off_t length)
{
    int64_t answer = ask(ALLOCATE, fd, offset, NULL, length);
    int result = goes_on(answer) ? NEXT(posix_fallocate)(fd, offset, length) : 0;
    return outcome(answer, 0) ? errno : result;
}

int posix_fallocate64(int fd, off64_t offset, off64_t length)
{
    return posix_fallocate(fd, offset, length);
}

/* -------------------------------------------------------------- memory */

static int refused(const void *caller, size_t length)
{
    int64_t answer;

    if (!decide || inside || (uintptr_t)caller < code_start || (uintptr_t)caller >= code_end)
        return 0;
    inside = 1;
    answer = decide(MALLOC, -1, 0, 0, 0, 0, NULL, (int64_t)length);
    inside = 0;
    if (answer)
        errno = ENOMEM;
    return answer != 0;
}

#define CALLER __builtin_return_address(0)

void *malloc(size_t length) { return refused(CALLER, length) ? NULL : __libc_malloc(length); }

void *calloc(size_t count, size_t length)
{
    return refused(CALLER, count * length) ? NULL : __libc_calloc(count, length);
}

void *realloc(void *block, size_t length)
{
    return refused(CALLER, length) ? NULL : __libc_realloc(block, length);
}

int posix_memalign(void **block, size_t alignment, size_t length)
{
    void *made = refused(CALLER, length) ? NULL : __libc_memalign(alignment, length);
    if (made)
        *block = made;
    return made ? 0 : ENOMEM;
}
