#!/bin/sh
# Proves that two endpoints cannot tell that the door stands between them:
# every sequence of six actions, settled and in turns.
TRANSPARENCY_DEPTH=6
export TRANSPARENCY_DEPTH
. tests/transparency/transparency.sh
