#!/bin/sh
# Proves the same as reload.sh and upgrade.sh over 100,000 connections each:
# 100 reloads and 20 upgrades, one of them to a program that hangs; and that a
# thousand reloads take no memory.
set -eu
cd "$(dirname "$0")/../.."
export CONNECTIONS=100000 LOAD_PATIENCE_S=900
# Each in a folder of its own: they wait for files.
own=${TMPDIR:-/tmp}
mkdir "$own/reload" "$own/upgrade"
TMPDIR=$own/reload CHANGES=100 FLAT=1000 sh tests/scripts/reload.sh
TMPDIR=$own/upgrade CHANGES=20 HANG=1 sh tests/scripts/upgrade.sh
