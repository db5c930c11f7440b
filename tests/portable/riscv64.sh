#!/bin/sh
# Proves that the program for riscv64 serves under qemu-user.
. tests/portable/machine.sh
machine riscv64 riscv64-linux-gnu-gcc riscv64-linux-gnu-strip \
	qemu-riscv64 /usr/riscv64-linux-gnu
build program
serves
weighs
