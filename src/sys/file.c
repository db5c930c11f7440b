/*
 * file.c: open, read to the end, close; and a look at a path.
 */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads until the end or until `room` is used up. Bytes read, or -errno. */
static ssize_t read_to_end(int fd, char *buffer, size_t room)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, buffer + len, room - len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			len += (size_t)n;
	} while (n != 0 && len < room);
	return (ssize_t)len;
}

int file_read(const char *path, size_t most, char **out_text, size_t *out_bytes)
{
	/* The open of a FIFO would wait for a writer; a read does not, when
	 * there is none, but it does for one that is slow. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *text;
	ssize_t len;

	if (fd < 0 || fcntl(fd, F_SETFL, 0) < 0)
		return -errno;
	text = malloc(most + 2);
	len = text ? read_to_end(fd, text, most + 1) : -ENOMEM;
	close(fd);
	if (len < 0 || (size_t)len > most) {
		free(text);
		return len < 0 ? (int)len : -EFBIG;
	}
	text[len] = '\0';
	*out_text = text;
	*out_bytes = (size_t)len;
	return 0;
}

enum file_type file_type_of(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return FILE_NONE;
	return S_ISSOCK(st.st_mode)   ? FILE_SOCKET
	       : S_ISFIFO(st.st_mode) ? FILE_FIFO
				      : FILE_OTHER;
}

/* Can names be added to the directory that `path` stands in? */
static int check_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	int err;

	if (!slash)
		dir = strdup(".");
	else
		dir = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!dir)
		return -ENOMEM;
	err = access(dir, W_OK | X_OK) < 0 ? -errno : 0;
	free(dir);
	return err;
}

int file_check_writable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? check_parent(path) : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return access(path, W_OK) < 0 ? -errno : 0;
}

int file_check_directory(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return access(path, X_OK) < 0 ? -errno : 0;
}

int file_check_place(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return -EISDIR;
	return check_parent(path);
}

/* Of users and groups alike; -1 is nobody. */
static bool read_number(const char *text, uint32_t *out)
{
	unsigned long number;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno != 0 || *end != '\0' || number >= UINT32_MAX)
		return false;
	*out = (uint32_t)number;
	return true;
}

bool file_find_user(const char *user, uid_t *out_uid, gid_t *out_gid)
{
	const struct passwd *found = getpwnam(user);
	uint32_t number;

	if (!found) {
		if (!read_number(user, &number))
			return false;
		found = getpwuid(number);
		*out_uid = number;
		*out_gid = found ? found->pw_gid : number;
		return true;
	}
	*out_uid = found->pw_uid;
	*out_gid = found->pw_gid;
	return true;
}

bool file_find_group(const char *group, gid_t *out_gid)
{
	const struct group *found = getgrnam(group);
	uint32_t number;

	if (found) {
		*out_gid = found->gr_gid;
		return true;
	}
	if (!read_number(group, &number))
		return false;
	*out_gid = number;
	return true;
}
