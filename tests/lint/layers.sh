#!/bin/sh
# Proves that files include only what their room allows, and that system
# calls are named only where they live: the table below is the house's plan.
#
# A file's own header, and "base/bug.h", are always allowed; a name stands for
# NAME.c and NAME.h. A pure stage includes base and what is named here only.
cd "$(dirname "$0")/../.." || exit 1
files=$(git ls-files 'src/*.[ch]') || exit 1

allowed='
# Rooms: base includes libc only, sys and evloop never each other.
base/*             base/*
sys/*              base/* sys/*
evloop/*           base/* evloop/*

# Pure stages.
proxy/field
proxy/reply
proxy/cause        proxy/reply
proxy/admit        base/*
proxy/source       base/*
proxy/pphdr        base/*
proxy/gate         base/* proxy/field
proxy/rephead      base/* proxy/field
proxy/queue        base/* proxy/source
proxy/device       base/*

# Stages that speak to the system.
proxy/half         base/* sys/* evloop/*
proxy/relay        base/* sys/* evloop/* proxy/half
proxy/dial         base/* sys/* proxy/cause
proxy/listener     base/* sys/* evloop/*
proxy/access       base/* sys/* evloop/* proxy/cause

# Settings: kinds know the structs they fill, never the whole.
proxy/kind         base/* sys/log proxy/device proxy/options
proxy/kind_net     base/* proxy/kind proxy/options proxy/admit proxy/dial proxy/listener proxy/pphdr
proxy/options      base/* proxy/kind proxy/conf
proxy/given        proxy/options
proxy/conf*        base/* sys/* proxy/given proxy/options proxy/conf STAGES

# Those who know the order of the stages.
proxy/conn*        base/* sys/* evloop/* proxy/proxy proxy/serve proxy/share STAGES
proxy/proxy        base/* sys/* evloop/* proxy/conf proxy/serve proxy/share STAGES
proxy/serve        base/* sys/* evloop/* proxy/proxy STAGES
proxy/share        base/* sys/* evloop/* proxy/proxy proxy/serve STAGES
proxy/life         base/* sys/* evloop/* proxy/proxy proxy/conn
proxy/main         base/* sys/* evloop/* proxy/conf proxy/proxy proxy/life
'
stages='proxy/access proxy/admit proxy/cause proxy/conn proxy/device proxy/dial'
stages="$stages proxy/gate proxy/half proxy/life proxy/listener proxy/pphdr"
stages="$stages proxy/queue proxy/relay proxy/rephead proxy/reply proxy/source"

# The patterns allowed to the file $1, without its ending.
allowed_to()
{
	echo "$allowed" | grep -v '^#' | while read -r who what; do
		# shellcheck disable=SC2254
		case $1 in
		$who) echo "$what base/bug" ;;
		esac
	done | sed "s|STAGES|$stages|"
}

failed=0
complain()
{
	echo "$*"
	failed=1
}

set -f
for file in $files; do
	me=${file#src/}
	me=${me%.[ch]}
	patterns=$(allowed_to "$me")
	[ -n "$patterns" ] || complain "$file: stands in no row of the table"
	# shellcheck disable=SC2013
	for included in $(sed -n 's/^#include "\(.*\)\.h"$/\1/p' "$file"); do
		[ "$included" = "$me" ] && continue
		found=
		for pattern in $patterns; do
			# shellcheck disable=SC2254
			case $included in
			$pattern) found=1 ;;
			esac
		done
		[ "$found" ] || complain "$file: may not include $included.h"
	done
done

# named_only_in WHERE NAMES: calls of NAMES stand only in files like WHERE.
# What remains of a line after comments and strings are gone is looked at.
named_only_in()
{
	for file in $files; do
		# shellcheck disable=SC2254
		case $file in
		$1) continue ;;
		esac
		found=$(sed 's|/\*.*\*/||; s|/\*.*||; s|^ \*.*||; s|"[^"]*"||g' "$file" |
			grep -nE "(^|[^A-Za-z0-9_.>])($2)\(") &&
			complain "$file: belongs into $1: $found"
	done
}
named_only_in 'src/evloop/ev_epoll.c' \
	'epoll_create1?|epoll_ctl|epoll_p?wait2?'
named_only_in 'src/sys/*' \
	'accept4?|connect|splice|shutdown|send(to|msg)?|recv(from|msg)?'
exit $failed
