#!/bin/sh
# Proves that files include only what their room allows, and that system
# calls are named only where they live: the table below is the plan.
#
# A file's own header, and "base/bug.h", are always allowed; a name stands for
# NAME.c and NAME.h. A pure stage includes base and what is named here only.
cd "$(dirname "$0")/../.." || exit 1
files=$(git ls-files 'src/*.[ch]') || exit 1

allowed='
# base includes libc only; sys and evloop never each other.
base/*             base/*
sys/*              base/* sys/*
evloop/*           base/* evloop/*

# Decisions: pure, each with at most one stage below it.
policy/field
policy/http_error
policy/cause        policy/http_error
policy/acl          base/*
policy/budget       base/*
policy/clients      base/*
policy/proxy_header base/*
policy/modbus
policy/line
policy/request*     base/* policy/field policy/modbus policy/request
policy/response*    base/* policy/field policy/response
policy/exchange     policy/request policy/response
policy/queue        base/* policy/clients
policy/slots        base/*
policy/health       base/* policy/clients
policy/coalesce     base/*

# Settings know the struct that each stage declares in its own header.
settings/*          base/* sys/* settings/* policy/* STAGES

# What acts: first what knows no connection.
proxy/direction    base/* sys/* evloop/* policy/budget
proxy/device_link  base/* sys/* evloop/* policy/cause policy/clients policy/slots
proxy/relay        base/* sys/* evloop/* proxy/direction proxy/device_link
proxy/conn_conf
proxy/scheduler    base/* policy/*
proxy/listener     base/* sys/* evloop/*
proxy/access_log   base/* sys/* evloop/* policy/cause

# The conductor, what it shares, and what concerns the whole process.
proxy/conn*        base/* sys/* evloop/* policy/* proxy/*
proxy/proxy        base/* sys/* evloop/* policy/* settings/conf proxy/*
proxy/shared_*     base/* sys/* evloop/* policy/* proxy/*
proxy/probe        base/* sys/* evloop/* policy/* proxy/device_link proxy/proxy
proxy/shutdown     base/* sys/* evloop/* proxy/proxy
proxy/stats        base/* sys/log policy/cause
proxy/look         base/* policy/* proxy/*
proxy/worker       base/* sys/* evloop/* proxy/look proxy/proxy proxy/shutdown
proxy/main         base/* sys/* evloop/* settings/conf settings/conf_load proxy/proxy proxy/shutdown proxy/worker keeper/confine keeper/keeper keeper/sockets keeper/status_client

# What outlives workers knows nothing of connections.
keeper/*           base/* sys/* settings/conf settings/conf_load settings/value policy/health proxy/stats keeper/*
'
stages='proxy/conn_conf proxy/device_link proxy/listener proxy/relay keeper/status_conf'

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
report()
{
	echo "$*"
	failed=1
}

set -f
for file in $files; do
	me=${file#src/}
	me=${me%.[ch]}
	patterns=$(allowed_to "$me")
	[ -n "$patterns" ] || report "$file: stands in no row of the table"
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
		[ "$found" ] || report "$file: may not include $included.h"
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
			report "$file: belongs into $1: $found"
	done
}
named_only_in 'src/evloop/ev_epoll.c' \
	'epoll_create1?|epoll_ctl|epoll_p?wait2?'
named_only_in 'src/sys/*' \
	'accept4?|connect|splice|shutdown|send(to|msg)?|recv(from|msg)?'
exit $failed
