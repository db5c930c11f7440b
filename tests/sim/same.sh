#!/bin/sh
# Proves that a seed gives the same run, byte for byte, whatever has compiled
# it: gcc, clang, and both of them's sanitizers, or as many as there are.
#
# SEEDS=FROM-TO plays others.
seeds=${SEEDS:-1-300}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
bad=0

# digests NAME CC OPT...: into $tmp/NAME.
digests() {
	name=$1 cc=$2
	shift 2
	if ! make -s B="$tmp/$name.d" OUT="$tmp/$name.d" CC="$cc" "$@" \
	    "$tmp/$name.d/tests/sim/sim" >"$tmp/log" 2>&1 ||
	    ! "$tmp/$name.d/tests/sim/sim" -d "$seeds" >"$tmp/$name" 2>"$tmp/log"; then
		tail -n 5 "$tmp/log"
		echo "$name: failed"
		exit 1
	fi
	rm -rf "$tmp/$name.d"
	if [ "$name" != gcc ] && ! cmp -s "$tmp/gcc" "$tmp/$name"; then
		echo "$name: other runs than gcc, the first of them:"
		diff "$tmp/gcc" "$tmp/$name" | sed -n 2p
		bad=1
	fi
}

for cc in gcc clang; do
	command -v $cc >/dev/null || { echo "$cc is not installed"; exit 77; }
done
digests gcc gcc
digests gcc-O0 gcc OPT=-O0
digests clang clang
digests clang-asan clang OPT='-O1 -g' \
    SAN='-fsanitize=address,undefined -fno-sanitize-recover=all'
[ $bad = 0 ] && echo "seeds $seeds: the same by gcc, gcc -O0, clang, and" \
    "clang with sanitizers"
exit $bad
