#!/bin/sh
# Draws the published tables: page.sh DIR leaves index.html, to click through,
# and the picture readiness.svg there.
cd "$(dirname "$0")" || exit 1
out=$1
set -- tcp4 tcp4-edges unix unix-edges seqpacket full urgent connect \
	connecting listener
mkdir -p "$out" || exit 1
# shellcheck disable=SC2046 # names without blanks
exec python3 page.py "$out" $(printf 'tables/6.18/%s.json ' "$@")
