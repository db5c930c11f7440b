#!/bin/sh
# Switches a device off and on when it is stuck: power-cycle.sh NAME FIFO OFF ON
# NAME: of the proxy, FIFO: its setting `events`, OFF and ON: commands of the
# relay. It acts once in an outage, at most once in PAUSE_S seconds (600).
#
# The proxy is held meanwhile, so that no probe meets a device that starts.
name=$1 fifo=$2 off=$3 on=$4
: "${PAUSE_S:=600}" "${OFF_S:=10}" "${SALLYPORT:=sallyport}"
last=0
while :; do
	while read -r record; do
		case $record in
		*" event=stuck "* | *'"event":"stuck"'*) ;;
		*) continue ;;
		esac
		now=$(date +%s)
		[ $((now - last)) -ge "$PAUSE_S" ] || continue
		last=$now
		logger -t power-cycle "$name is stuck: off and on" 2>/dev/null
		"$SALLYPORT" control "$name" hold >/dev/null
		$off && sleep "$OFF_S" && $on
		"$SALLYPORT" control "$name" release >/dev/null
	done <"$fifo"
	sleep 1
done
