#!/bin/sh
# Proves that FUZZ_RUNS inputs make one fuzzer find nothing: run.sh PROGRAM.
# What it finds is left beside the program as NAME-crash-..., to be debugged.
name=$(basename "$1")
here=tests/fuzz top=$PWD
dict=
[ -f "$here/$name.dict" ] && dict="-dict=$here/$name.dict"
rm -rf "$1-seeds"
mkdir -p "$1-corpus" "$1-seeds"
(cd "$1-seeds" && ar x "$top/$here/corpus/$name.a") || exit 1
"$1" -runs="${FUZZ_RUNS:-10000}" -seed=1 -max_len=2048 -verbosity=0 \
	-print_final_stats=1 -artifact_prefix="$1-" ${dict:+"$dict"} \
	"$1-corpus" "$1-seeds" >"$1.log" 2>&1 || {
	tail -n 100 "$1.log"
	exit 1
}
echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$1.log")" \
	"inputs, nothing found"
