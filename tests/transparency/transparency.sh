#!/bin/sh
# Proves that two endpoints cannot tell that the proxy stands between them:
# every sequence of four actions, settled and in turns, with little and with
# many bytes.
. tests/lib.sh
driver=$BUILD/tests/transparency/transparency
depth=${TRANSPARENCY_DEPTH:-4}

play()
{
	"$driver" --depth "$depth" "$@" >"$TMPDIR/played"
	played=$?
	cat "$TMPDIR/played"
}

# The driver sees a difference where there is one.
if command -v haproxy >/dev/null; then
	play --mode settled --show 0 \
		--proxy "sh tests/transparency/peer.sh haproxy {listen} {device}"
	if [ $played -ne 1 ] ||
		! says "$TMPDIR/played" ' [1-9][0-9]* different$'; then
		fail "a proxy that turns resets into ends is not found out"
	fi
fi

for letter in 1 "${TRANSPARENCY_LETTER:-6000}"; do
	for mode in settled turns; do
		play --mode $mode --letter "$letter" \
			--proxy "'$SALLYPORT' {listen} {device} 2>'$TMPDIR/proxy.err'"
		case $played in
		0) ;;
		77) skip "$(tail -n 1 "$TMPDIR/played")" ;;
		*) fail "mode $mode, $letter bytes a letter" ;;
		esac
	done
done
