/*
 * file.h: a whole file as one piece of memory.
 */
#ifndef SYS_FILE_H
#define SYS_FILE_H

#include <stddef.h>

/*
 * Reads `path`, a file or a pipe of at most `most` bytes, into fresh memory,
 * with a zero byte behind; the caller frees `*out_text`. 0, or -errno:
 * -EFBIG when there is more.
 */
int file_read(const char *path, size_t most, char **out_text,
    size_t *out_bytes);

#endif
