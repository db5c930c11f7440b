#!/bin/sh
# Proves that no input breaks the trace parser: libFuzzer under ASan, UBSan.
# FUZZ_RUNS says how many inputs; the corpus is tests/fuzz/corpus/tracefmt.
command -v clang >/dev/null || { echo "clang is not installed"; exit 77; }
clang -std=gnu17 -D_GNU_SOURCE -O1 -g \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	-o "$TMPDIR/fuzz" tests/fuzz/tracefmt.c tests/strace/line.c \
	tests/strace/role.c tests/strace/stream.c tests/strace/canon*.c ||
	exit 1
mkdir "$TMPDIR/new"
"$TMPDIR/fuzz" -runs="${FUZZ_RUNS:-3000}" -max_len=2000 -seed=1 \
	-artifact_prefix="$TMPDIR/" "$TMPDIR/new" tests/fuzz/corpus/tracefmt \
	>"$TMPDIR/log" 2>&1 || { tail -n 40 "$TMPDIR/log"; exit 1; }
tail -n 1 "$TMPDIR/log"
