#!/bin/sh
# Proves that the simulation can fail: the faults in tests/sim/mutants, most of
# them once real, are each put back and found by the check that should find it,
# within a minute of one core.
#
# FROM=SEED begins elsewhere; mutants.sh NAME... tries these only.
command -v patch >/dev/null || { echo "patch is not installed"; exit 77; }
from=${FROM:-1}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
tar c --exclude=./build --exclude=./.git . | tar x -C "$tmp" || exit 1
bad=0
[ $# -gt 0 ] || set -- tests/sim/mutants/*.patch

# The program with debug assertions; objects that did not change stay.
build() {
	make -s -C "$tmp" B=build OUT=build CPPFLAGS=-DDEBUG \
	    build/tests/sim/sim >"$tmp/make.log" 2>&1
}

for patch; do
	name=$(basename "$patch" .patch)
	patch=tests/sim/mutants/$name.patch
	checks=$(sed -n 's/^# found by: //p' "$patch")
	if ! patch -p1 -s -d "$tmp" <"$patch" || ! build; then
		echo "$name: cannot be made"
		bad=1
		tar c --exclude=./build --exclude=./.git . | tar x -C "$tmp"
		continue
	fi
	said=$("$tmp/build/tests/sim/sim" -t 60 "$from" 2>&1 | tail -n 1)
	found=$(echo "$said" | sed -n 's/^sim: seed [0-9]*: \([a-z-]*\):.*/\1/p')
	case $said in
	"bug at "*) found=bug ;;
	esac
	case " $checks " in
	*" ${found:-nothing} "*) echo "$name: $said" ;;
	*)
		echo "$name: not found by $checks: $said"
		bad=1
		;;
	esac
	patch -p1 -s -R -d "$tmp" <"$patch"
done
exit $bad
