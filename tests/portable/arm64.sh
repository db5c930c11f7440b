#!/bin/sh
# Proves that the program for arm64 serves under qemu-user.
. tests/portable/machine.sh
machine arm64 aarch64-linux-gnu-gcc aarch64-linux-gnu-strip \
	qemu-aarch64 /usr/aarch64-linux-gnu
build program
serves
weighs
