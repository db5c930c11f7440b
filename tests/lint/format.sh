#!/bin/sh
# Proves that C files are formatted as .clang-format says, by Debian 12's
# clang-format; --write formats them.
command -v clang-format >/dev/null || { echo "clang-format is not installed"; exit 77; }
case $(clang-format --version) in
*"version 14."*) ;;
*) echo "clang-format is not version 14"; exit 77 ;;
esac
cd "$(dirname "$0")/../.." || exit 1
# Made by a program: contrib/pollmap/automaton.h.
git ls-files '*.[ch]' ':!contrib/pollmap/automaton.h' >"${TMPDIR:=/tmp}/files"
[ "${1:-}" != --write ] || exec xargs clang-format -i <"$TMPDIR/files"
xargs clang-format --dry-run -Werror <"$TMPDIR/files"
