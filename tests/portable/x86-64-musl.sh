#!/bin/sh
# Proves that a static program with musl serves and does not grow: 220 kB are the
# aim, of which 70 are the library's; it had 325 kB once it had pages and status.
. tests/portable/machine.sh
musl x86-64-musl
build program
readelf -l "$there/sallyport" | grep -q INTERP && fail "it is not static"
serves
most_bytes=296000
weighs
