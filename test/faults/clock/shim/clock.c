/*
 * Goes between redis-server and the C library (LD_PRELOAD) and shifts the wall clock by what a mapped file says: 8 bytes, whole
 * nanoseconds, which may change while the server runs. The monotonic clock goes on as it is, as it does when an operator or NTP
 * sets the clock.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static const int64_t *offset;
static int (*real_gettime)(clockid_t, struct timespec *);

static void add(struct timespec *t, int64_t by)
{
	int64_t nanoseconds = t->tv_nsec + by % SECOND;
	t->tv_sec += by / SECOND;
	if (nanoseconds < 0)
		nanoseconds += SECOND, t->tv_sec--;
	else if (nanoseconds >= SECOND)
		nanoseconds -= SECOND, t->tv_sec++;
	t->tv_nsec = nanoseconds;
}

static int64_t shift(void) { return offset ? __atomic_load_n(offset, __ATOMIC_RELAXED) : 0; }

/* Other libraries ask for the time before ours has started. */
static int gettime(clockid_t id, struct timespec *t)
{
	return real_gettime ? real_gettime(id, t) : syscall(SYS_clock_gettime, id, t);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	int result = gettime(id, t);
	if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		add(t, shift());
	return result;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec t;
	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &t) != 0)
		return -1;
	tv->tv_sec = t.tv_sec;
	tv->tv_usec = t.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *seconds)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	if (seconds)
		*seconds = t.tv_sec;
	return t.tv_sec;
}

__attribute__((constructor)) static void start(void)
{
	const char *folder = getenv("LEAT_FAULTS_DIR");
	char path[PATH_MAX];
	void *page;
	int fd;
	real_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	if (!folder)
		return;
	if (snprintf(path, sizeof path, "%s/.clock", folder) >= (int)sizeof path)
		goto failed;
	fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	/* Now: a page that finds no room on a full disk later is SIGBUS. */
	if (fd < 0 || (errno = posix_fallocate(fd, 0, sizeof *offset)) != 0)
		goto failed;
	page = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		goto failed;
	offset = page;
	close(fd);
	return;
failed:
	fprintf(stderr, "clock: cannot map %s: %s\n", path, strerror(errno));
	_exit(71);
}
