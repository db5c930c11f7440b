#!/bin/sh
# Proves that the program for armhf serves under qemu-user, and that
# every unit test passes there.
. tests/portable/machine.sh
machine armhf arm-linux-gnueabihf-gcc arm-linux-gnueabihf-strip \
	qemu-arm /usr/arm-linux-gnueabihf
build program
serves
weighs
units arm-linux-gnueabihf
