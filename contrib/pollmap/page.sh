#!/bin/sh
# Draws the published tables: page.sh [DIR], by default contrib/pollmap/page.
cd "$(dirname "$0")" || exit 1
set -- "${1:-page}" tcp4 tcp4-edges unix unix-edges seqpacket full urgent \
	connect connecting listener
out=$1
shift
mkdir -p "$out"
# shellcheck disable=SC2046 # names without blanks
exec python3 page.py "$out" $(printf 'tables/6.18/%s.json ' "$@")
