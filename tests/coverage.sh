#!/bin/sh
# What `make check` reaches of src: for each room how many lines and branches,
# then each line that nothing reaches, with `tests/coverage.sh branches` also
# each condition that is always true or always false.
#
# The counters of clang's continuous mode (%c) are files which every process
# maps, so those count as well that are killed or may not open a file. `report`
# and `branches` tell of the last `play`, also while it plays.
set -e
cd "$(dirname "$0")/.."
. scripts/need.sh
need clang llvm libclang-rt-14-dev
B=build/coverage
profile=$PWD/$B/profile

build()
{
	make CC=clang B=$B OUT=$B OPT='-O1 -g' SAN="-fcoverage-mapping \
-fprofile-instr-generate=$profile/%c%m.profraw \
-mllvm -runtime-counter-relocation -Wno-unused-command-line-argument" "$@"
}

case ${1:-play} in
play)
	rm -rf "$profile"
	mkdir -p "$profile"
	chmod 1777 "$profile" # for tests as another user
	build all tests
	# Slowed down so, some may be late; what they reached counts.
	build check || echo "coverage.sh: not all tests have passed"
	;;
report | branches) ;;
*) echo "usage: tests/coverage.sh [play|report|branches]" && exit 64 ;;
esac

llvm-profdata merge -o $B/all.profdata "$profile"/*.profraw
# shellcheck disable=SC2046 # a word each
llvm-cov export -format=lcov -instr-profile=$B/all.profdata $B/sallyport \
	$(find $B/tests/unit $B/tests/sim -type f -perm -1 -printf '-object %p\n') \
	"$PWD/src" 2>/dev/null >$B/all.lcov
awk -F '[:,]' -v top="$PWD/" -v mode="${1:-report}" '
	function percent(part, all) { return all ? 100 * part / all : 100 }
	function row(name) {
		printf "%-10s %6d lines %5.1f %% %6d branches %5.1f %%\n", name,
			lines[name], percent(hit[name], lines[name]),
			ways[name], percent(taken[name], ways[name])
	}
	$1 == "SF" {
		file = substr($2, length(top) + 1)
		split(file, part, "/")
		room = part[2]
		if (!(room in lines))
			rooms[++count] = room
		for (n = 1; (getline text < file) > 0; n++)
			source[file, n] = text
		close(file)
	}
	$1 == "DA" {
		lines[room]++; lines["src"]++
		hit[room] += $3 > 0; hit["src"] += $3 > 0
		if ($3 == 0)
			missed[++misses] = file ":" $2 ": " source[file, $2]
	}
	$1 == "BRDA" {
		ways[room]++; ways["src"]++
		taken[room] += $5 > 0; taken["src"] += $5 > 0
		if ($5 == 0)
			missed_way[++miss_ways] = file ":" $2 ": branch " $4 ": " source[file, $2]
	}
	END {
		for (n = 1; n <= count; n++)
			row(rooms[n])
		row("src")
		for (n = 1; n <= misses; n++)
			print missed[n]
		for (n = 1; mode == "branches" && n <= miss_ways; n++)
			print missed_way[n]
	}' $B/all.lcov
