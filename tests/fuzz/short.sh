#!/bin/sh
# Proves that no fuzzer finds anything in its corpus and some new inputs.
command -v clang >/dev/null || { echo "clang is not installed"; exit 77; }
MAKEFLAGS='' make -s B="$TMPDIR/build" FUZZ_RUNS="${FUZZ_RUNS:-10000}" fuzz
