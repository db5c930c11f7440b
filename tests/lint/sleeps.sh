#!/bin/sh
# Proves that tests wait for conditions: whoever lets time pass for longer than
# the moment between two looks says beside it, or in the line above, why.
cd "$(dirname "$0")/../.." || exit 1
# shellcheck disable=SC2016 # awk's own
git ls-files 'tests/*.py' 'tests/*.sh' 'tests/*.c' ':!tests/fuzz' \
	':!tests/strace/strangers' | xargs awk '
	FNR == 1 { before = "" }
	/(^|[ \t;])sleep [0-9.]+|(time|asyncio)\.sleep\(|[^a-z_](usleep|sleep)\(/ &&
	!/^[ \t]*(#|\*|\/\*)/ {
		span = $0
		sub(/.*sleep[ (]/, "", span)
		short = span + 0 > 0 && span + 0 <= 0.1 || span ~ /^1000\)/
		if (!short && $0 !~ /#|\/\*/ && before !~ /^[ \t]*(#|\/\*|\*)/) {
			print FILENAME ":" FNR ": " $0
			bare = 1
		}
	}
	{ before = $0 }
	END { exit bare }'
