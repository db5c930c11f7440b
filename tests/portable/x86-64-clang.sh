#!/bin/sh
# Proves that clang builds a program that serves.
. tests/portable/machine.sh
machine x86-64-clang clang strip
build program
serves
weighs
