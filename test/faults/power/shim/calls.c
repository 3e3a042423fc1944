/* What a server calls of the C library to change files: each call is carried out and written down in the book of book.c. */
#include <dlfcn.h>
#include <stdarg.h>

/* inside returns the part of a path below the folder, or NULL. The file itself need not be there. */
static const char *inside(const char *path, char *buffer)
{
	char parent[PATH_MAX];
	const char *name = strrchr(path, '/');
	size_t n = strlen(root);
	if (name && (size_t)(name - path) >= sizeof parent)
		return NULL;
	if (!name)
		strcpy(parent, ".");
	else if (name == path)
		strcpy(parent, "/");
	else
		memcpy(parent, path, name - path), parent[name - path] = 0;
	if (!realpath(parent, buffer) || strncmp(buffer, root, n) != 0 || (buffer[n] != 0 && buffer[n] != '/'))
		return NULL;
	name = name ? name + 1 : path;
	if (strlen(buffer) + strlen(name) + 2 > PATH_MAX)
		return NULL;
	strcat(strcat(buffer, "/"), name);
	return strlen(buffer + n + 1) < NAME ? buffer + n + 1 : NULL;
}

/* ours tells whether an open file is one of the folder's. */
static int ours(int fd, const struct stat *st)
{
	char link[64], path[PATH_MAX];
	ssize_t n;
	size_t length = strlen(root);
	if (st->st_dev != device || !(S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)))
		return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n < (ssize_t)length)
		return 0;
	path[n] = 0;
	return strncmp(path, root, length) == 0 && (path[length] == 0 || path[length] == '/');
}

/* linger is a slow disk. It looks again and again, so that a disk that is fast again does not keep anybody waiting. */
static void linger(void)
{
	const uint64_t step = 10000;
	for (uint64_t waited = 0; waited < __atomic_load_n(&book->slow, __ATOMIC_RELAXED); waited += step)
		usleep(step);
}

static int sync_file(int fd, long number)
{
	struct stat before, after;
	int result, saved, watched;
	uint64_t earlier = 0; /* changes of names before this call */
	watched = book && fstat(fd, &before) == 0 && ours(fd, &before);
	if (watched) {
		enter();
		earlier = book->settled + book->changes;
		leave();
	}
	if (watched)
		linger();
	result = syscall(number, fd);
	if (!watched || result != 0)
		return result;
	saved = errno;
	enter();
	book->syncs++;
	if (S_ISREG(before.st_mode) && fstat(fd, &after) == 0 && after.st_nlink > 0)
		note(before.st_ino, before.st_size < after.st_size ? before.st_size : after.st_size);
	if (earlier > book->settled)
		settle(earlier - book->settled);
	if (book->created) {
		book->created = 0;
		list(root, note_name, 2);
	}
	leave();
	errno = saved;
	return result;
}

int fsync(int fd) { return sync_file(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_file(fd, SYS_fdatasync); }

static void shorten(const struct stat *st)
{
	if (st->st_dev != device)
		return;
	enter();
	cut_down(st);
	leave();
}

int ftruncate(int fd, off_t length)
{
	struct stat st;
	int result = syscall(SYS_ftruncate, fd, length);
	if (result == 0 && book && fstat(fd, &st) == 0)
		shorten(&st);
	return result;
}

int truncate(const char *path, off_t length)
{
	struct stat st;
	int result = syscall(SYS_truncate, path, length);
	if (result == 0 && book && stat(path, &st) == 0)
		shorten(&st);
	return result;
}

/* keep gives the file another, hidden name and returns its number; 0 when there is no such file. */
static uint32_t keep(const char *path)
{
	char kept[PATH_MAX + 32];
	struct stat st;
	if (lstat(path, &st) != 0)
		return 0;
	snprintf(kept, sizeof kept, "%s/" KEPT, root, ++book->last_kept);
	if (syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, kept, 0) == 0)
		return book->last_kept;
	/* It cannot come back after a power loss, so this is durable at once, and so is what came before. */
	settle(book->changes);
	forget(st.st_ino);
	return 0;
}

static int carry_out(const char *from, const char *to)
{
	return to ? syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to) : syscall(SYS_unlinkat, AT_FDCWD, from, 0);
}

/* change carries out a rename (to is given) or a removal and writes it down. */
static int change(const char *from, const char *to)
{
	char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
	const char *a, *b = "";
	struct stat st;
	int result, saved;
	uint32_t kept;
	if (!book || !(a = inside(from, from_buffer)) || (to && !(b = inside(to, to_buffer))) || lstat(from, &st) != 0 || !S_ISREG(st.st_mode))
		return carry_out(from, to);
	enter();
	if (book->changes == CHANGES)
		settle(1); /* a journal does not wait for ever either */
	kept = keep(to ? to : from);
	result = carry_out(from, to);
	saved = errno;
	if (kept || to) {
		struct change *c = &book->change[book->changes++];
		c->kind = to ? RENAMED : REMOVED;
		c->kept = kept;
		c->inode = st.st_ino;
		c->size = st.st_size;
		strcpy(c->from, a);
		strcpy(c->to, b);
		if (result != 0) /* nothing to undo but the hidden name */
			c->kind = 0;
	}
	leave();
	errno = saved;
	return result;
}

int rename(const char *from, const char *to) { return change(from, to); }
int unlink(const char *path) { return change(path, NULL); }

/* opened: names may have come, and a file that was emptied has nothing durable in it. */
static void opened(int fd, int creates, int empties)
{
	struct stat st;
	if (fd < 0 || !book)
		return;
	if (creates)
		book->created = 1;
	if (empties && fstat(fd, &st) == 0)
		shorten(&st);
}

static int open_file(const char *path, int flags, mode_t mode)
{
	int fd = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	opened(fd, flags & O_CREAT, flags & O_TRUNC);
	return fd;
}

static mode_t mode_of(int flags, va_list args) 
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = mode_of(flags, args);
	va_end(args);
	return open_file(path, flags, mode);
}

static FILE *stream_opened(FILE *f, const char *mode)
{
	if (f)
		opened(fileno(f), mode[0] != 'r', mode[0] == 'w');
	return f;
}

FILE *fopen(const char *path, const char *mode)
{
	static FILE *(*real)(const char *, const char *);
	if (!real)
		real = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen");
	return stream_opened(real(path, mode), mode);
}

#ifdef __GLIBC__ /* elsewhere these are the ones above under another name */
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }
int truncate64(const char *path, off64_t length) { return truncate(path, length); }

int open64(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = mode_of(flags, args);
	va_end(args);
	return open_file(path, flags | O_LARGEFILE, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
	static FILE *(*real)(const char *, const char *);
	if (!real)
		real = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen64");
	return stream_opened(real(path, mode), mode);
}
#endif
