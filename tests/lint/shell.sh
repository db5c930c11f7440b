#!/bin/sh
# Proves that every shell script in the tree passes shellcheck.
command -v shellcheck >/dev/null || { echo "shellcheck is not installed"; exit 77; }
git ls-files '*.sh' .ci/run | xargs shellcheck -x -s sh -e SC1090,SC1091,SC2034
