#!/bin/sh
# Proves that gcc builds a program that serves.
. tests/portable/machine.sh
machine x86-64-gcc gcc strip
build program
serves
weighs
