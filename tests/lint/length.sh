#!/bin/sh
# Proves that no C file of the programs has more than 500 lines, but the probe,
# which is one file on purpose.
cd "$(dirname "$0")/../.." || exit 1
git ls-files 'src/*.[ch]' 'contrib/*.[ch]' | xargs wc -l |
	awk '$2 != "total" && $2 != "contrib/debug/poll.c" && $1 > 500 {
		print $2 ": " $1 " lines, expected at most 500"
		long = 1
	}
	END { exit long }'
