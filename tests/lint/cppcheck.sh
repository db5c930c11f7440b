#!/bin/sh
# Proves that cppcheck finds no error, no doubt and no waste in the programs.
command -v cppcheck >/dev/null || { echo "cppcheck is not installed"; exit 77; }
cd "$(dirname "$0")/../.." || exit 1
cppcheck --enable=warning,performance,portability --std=c11 --quiet \
	--inline-suppr --error-exitcode=1 --suppress=missingIncludeSystem \
	--suppress=ctuuninitvar -Isrc -D_GNU_SOURCE \
	-DSALLYPORT_VERSION='"0"' src contrib
