#!/bin/sh
# Proves that a static program with musl serves and has at most 220 kB.
. tests/portable/machine.sh
machine x86-64-musl musl-gcc strip

# Debian's musl comes without the kernel's headers.
kernel=$there/kernel
mkdir -p "$kernel"
ln -sfn /usr/include/linux /usr/include/asm-generic "$kernel"
ln -sfn "/usr/include/$(gcc -dumpmachine)/asm" "$kernel"
cppflags="-idirafter $kernel" ldflags=-static
build program
readelf -l "$there/sallyport" | grep -q INTERP && fail "it is not static"
serves
most_bytes=220000
weighs
