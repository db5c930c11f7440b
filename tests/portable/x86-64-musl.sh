#!/bin/sh
# Proves that a static program with musl serves and has at most 220 kB.
. tests/portable/machine.sh
musl x86-64-musl
build program
readelf -l "$there/sallyport" | grep -q INTERP && fail "it is not static"
serves
most_bytes=220000
weighs
