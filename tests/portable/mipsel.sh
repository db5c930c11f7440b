#!/bin/sh
# Proves that the program for mipsel serves under qemu-user, and that
# every unit test passes there.
. tests/portable/machine.sh
machine mipsel mipsel-linux-gnu-gcc mipsel-linux-gnu-strip \
	qemu-mipsel /usr/mipsel-linux-gnu
build program
serves
weighs
units mipsel-linux-gnu
