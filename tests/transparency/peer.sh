#!/bin/sh
# Runs another proxy in the proxy's place: peer.sh KIND LISTEN DEVICE, where
# KIND is haproxy, nginx or nginx-half (with proxy_half_close on).
set -eu
kind=$1 listen=$2 device=$3
dir=$(mktemp -d "${TMPDIR:-/tmp}/peer.XXXXXX")

case $kind in
haproxy)
	cat >"$dir/conf" <<EOF
global
	nbthread 1
	maxconn 2000
defaults
	mode tcp
	timeout connect 5s
	timeout client 10m
	timeout server 10m
listen relay
	bind $listen
	server device $device
EOF
	exec haproxy -q -f "$dir/conf"
	;;
nginx*)
	half=off
	[ "$kind" = nginx ] || half=on
	cat >"$dir/conf" <<EOF
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
worker_processes 1;
user root;
pid $dir/pid;
error_log stderr crit;
events { worker_connections 2000; }
stream {
	server {
		listen $listen;
		proxy_pass $device;
		proxy_half_close $half;
	}
}
EOF
	exec nginx -p "$dir" -c "$dir/conf" -e stderr
	;;
esac
