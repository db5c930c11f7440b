#!/bin/sh
# Proves that two endpoints cannot tell that the proxy stands between them:
# every sequence of six actions, settled and in turns, with little and with
# many bytes.
TRANSPARENCY_DEPTH=6
TRANSPARENCY_LETTER=3000 # a send is of 9,000 bytes
export TRANSPARENCY_DEPTH TRANSPARENCY_LETTER
. tests/transparency/transparency.sh
