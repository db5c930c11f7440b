#!/bin/sh
# Proves that clang-tidy finds nothing, functions over 60 lines included.
command -v clang-tidy >/dev/null || { echo "clang-tidy is not installed"; exit 77; }
cd "$(dirname "$0")/../.." || exit 1
git ls-files 'src/*.c' 'contrib/*.c' | xargs -n 8 sh -c '
	clang-tidy --quiet "$@" -- -std=gnu17 -D_GNU_SOURCE -iquote src \
		-DSALLYPORT_VERSION=\"0\"' tidy 2>/dev/null
