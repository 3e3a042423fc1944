/*
 * Goes between redis-server and the C library (LD_PRELOAD) and keeps book of what would survive a power loss: how many bytes of
 * each file were there when the last successful fsync or fdatasync of it began, which names were known to the disk, and what has
 * happened to names since. The book is a mapped file in the server's folder, so it survives SIGKILL; power.Cut reads it.
 *
 * Names are kept as ext4 keeps them: a sync of any file or folder makes every earlier rename and removal durable, and a rename that
 * replaces a file what the new one holds. Until then a file that was removed or replaced has a second, hidden name, under which
 * Cut finds it.
 *
 * The layout of struct book is known to book.go. calls.c is compiled behind this file, in one piece.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BOOK ".power"     /* the book */
#define KEPT ".power-%u"  /* what was removed or replaced, until that is durable */
#define MAGIC 0x3352574f50544c31ULL
#define FILES 512
#define CHANGES 128
#define NAME 256

enum { RENAMED = 1, REMOVED = 2 };

struct file {
	uint64_t inode; /* 0: free */
	uint64_t durable;
};

struct change {
	uint32_t kind;
	uint32_t kept; /* number of KEPT, or 0 */
	uint64_t inode, size; /* of the file, when it was renamed */
	char from[NAME], to[NAME]; /* below the folder */
};

struct book {
	uint64_t magic;
	uint64_t syncs;
	uint64_t settled; /* changes of names that are durable and no longer listed */
	uint32_t created; /* names may have come since the last sync */
	uint32_t changes;
	uint32_t last_kept;
	uint32_t lost; /* files that found no place in the book */
	uint64_t slow; /* microseconds that a sync takes longer; Slow writes it */
	char lock[64];
	struct file file[FILES];
	struct change change[CHANGES];
};

static struct book *book;
static char root[PATH_MAX];
static dev_t device;

static pthread_mutex_t *mutex(void) { return (pthread_mutex_t *)book->lock; }

/* The server's threads and the children that it forks write into one book, and a child may be killed while it does. */
static void enter(void)
{
	if (pthread_mutex_lock(mutex()) == EOWNERDEAD)
		pthread_mutex_consistent(mutex());
}

static void leave(void) { pthread_mutex_unlock(mutex()); }

static struct file *find(uint64_t inode)
{
	for (int i = 0; i < FILES; i++)
		if (book->file[i].inode == inode)
			return &book->file[i];
	return NULL;
}

/* note says that the name of the file is durable, and at least so many bytes of it. */
static void note(uint64_t inode, uint64_t durable)
{
	struct file *f = find(inode);
	if (!f && (f = find(0))) {
		f->durable = 0;
		f->inode = inode;
	}
	if (!f)
		book->lost++;
	else if (durable > f->durable)
		f->durable = durable;
}

static void forget(uint64_t inode)
{
	struct file *f = find(inode);
	if (f)
		f->inode = 0;
}

/* note_name, note_all and cut_down are what list does with every file of the folder. */
static void note_name(const struct stat *st) { note(st->st_ino, 0); }
static void note_all(const struct stat *st) { note(st->st_ino, st->st_size); }

/* cut_down: what was cut off does not come back as durable when the file grows again. */
static void cut_down(const struct stat *st)
{
	struct file *f = find(st->st_ino);
	if (f && f->durable > (uint64_t)st->st_size)
		f->durable = st->st_size;
}

static void list(const char *folder, void (*visit)(const struct stat *), int depth)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	if (!d)
		return;
	while ((e = readdir(d))) {
		char path[PATH_MAX];
		struct stat st;
		if (e->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= (int)sizeof path || lstat(path, &st) != 0)
			continue;
		if (S_ISREG(st.st_mode))
			visit(&st);
		else if (S_ISDIR(st.st_mode) && depth > 0)
			list(path, visit, depth - 1);
	}
	closedir(d);
}

/* settle makes the first n changes of names durable: what they removed is gone for good. */
static void settle(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct change *c = &book->change[i];
		char path[PATH_MAX + 32];
		struct stat st;
		if (!c->kept)
			continue;
		if (c->kind == RENAMED)
			note(c->inode, c->size);
		snprintf(path, sizeof path, "%s/" KEPT, root, c->kept);
		if (lstat(path, &st) != 0)
			continue;
		syscall(SYS_unlinkat, AT_FDCWD, path, 0);
		if (st.st_nlink == 1)
			forget(st.st_ino); /* the number will be another file's */
	}
	memmove(book->change, book->change + n, (book->changes - n) * sizeof(struct change));
	book->changes -= n;
	book->settled += n;
}

/* begin writes the first page of a new book: what is there now was there before the server. */
static void begin(void)
{
	pthread_mutexattr_t a;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(mutex(), &a);
	list(root, note_all, 2);
	book->magic = MAGIC;
}

/* attach maps the book, and begins a new one if need be. The shared lock on the file lasts as long as the server and the children
 * that it forks: Cut waits for all of them. */
static int attach(const char *path)
{
	int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct book *b;
	if (fd < 0 || flock(fd, LOCK_SH) != 0)
		return -1;
	/* All of it now: a page that finds no room on a full disk later is SIGBUS. */
	if ((errno = posix_fallocate(fd, 0, sizeof *b)) != 0)
		return -1;
	b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (b == MAP_FAILED)
		return -1;
	book = b;
	if (book->magic == MAGIC) {
		/* Somebody may have torn a file while no server ran. */
		enter();
		list(root, cut_down, 2);
		leave();
		return 0;
	}
	flock(fd, LOCK_UN);
	if (flock(fd, LOCK_EX) != 0)
		return -1;
	if (book->magic != MAGIC)
		begin();
	return flock(fd, LOCK_SH);
}

__attribute__((constructor)) static void start(void)
{
	const char *folder = getenv("LEAT_FAULTS_DIR");
	char path[PATH_MAX + 16];
	struct stat st;
	_Static_assert(sizeof(pthread_mutex_t) <= sizeof book->lock, "room for the lock");
	if (!folder || !realpath(folder, root) || stat(root, &st) != 0)
		return;
	device = st.st_dev;
	snprintf(path, sizeof path, "%s/" BOOK, root);
	if (attach(path) == 0)
		return;
	/* Without a book a power loss would look harmless: better no server. */
	fprintf(stderr, "power: cannot keep book in %s: %s\n", path, strerror(errno));
	_exit(71);
}
