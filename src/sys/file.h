/*
 * file.h: a whole file as one piece of memory, and what a path is.
 */
#ifndef SYS_FILE_H
#define SYS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Reads `path`, a file or a pipe of at most `most` bytes, into fresh memory,
 * with a zero byte behind; the caller frees `*out_text`. 0, or -errno:
 * -EFBIG when there is more.
 */
int file_read(
    const char *path, size_t most, char **out_text, size_t *out_bytes);

enum file_type { FILE_NONE, FILE_SOCKET, FILE_FIFO, FILE_OTHER };

/* FILE_NONE: nothing is there, or nothing that can be seen. A symbolic link
 * is not followed, so it is FILE_OTHER. */
enum file_type file_type_of(const char *path);

/* Can `path` be written, or made if it does not exist? 0 or -errno; nothing
 * is changed. */
int file_check_writable(const char *path);

/* Is `path` a directory that can be entered? 0 or -errno. */
int file_check_directory(const char *path);

/* Can a file be made at `path`, or take the place of the one there? 0 or
 * -errno. */
int file_check_place(const char *path);

/* The number of a user, by its name or its number, and its group's. */
bool file_find_user(const char *user, uid_t *out_uid, gid_t *out_gid);

/* The number of a group, by its name or its number. */
bool file_find_group(const char *group, gid_t *out_gid);

#endif
