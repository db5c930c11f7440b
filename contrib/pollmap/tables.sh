#!/bin/sh
# Writes the tables of the running kernel: tables.sh POLLMAP DIR.
# An automaton for each start and family as CSV and JSON, and the races.
pollmap=$1 out=$2
mkdir -p "$out" || exit 1

# table NAME LOOKAHEAD ARG...
table()
{
	name=$1 lookahead=$2
	shift 2
	"$pollmap" enum -k "$lookahead" -v "${VOTES:-3}" -o "$out/tbl" "$@" || return
	for form in csv json; do
		"$pollmap" reduce --$form "$out/tbl" >"$out/$name.$form" || {
			rm -f "$out/$name".*
			return
		}
	done
	echo "$name: $(grep -c '"mask"' "$out/$name.json") states" >&2
	rm -f "$out/tbl"
}

for family in tcp4 tcp6 unix seqpacket dgram udp; do
	table $family 1 -f $family
done
table tcp4-edges 1 -e
table unix-edges 1 -e -f unix
table full 2 -s full
table urgent 2 -s urgent
table connect 2 -s connect
table connecting 2 -s connecting
table listener 1 -s listener

# The fields that do not differ from run to run.
[ "$(nproc)" -ge 2 ] || exit 0
{
	echo "# masks met while another processor acts, Linux $(uname -r);" \
		"from sallyport, ISC licence"
	echo sequence,poller,asked,mask,flags,when
	# (Asked for IN alone, epoll may know of IN before HUP in c.shw:s.shw: in
	# one connection of 1000, or of 20, as the machine is busy.)
	for how in 'c.shw:s.shw' '-e c.shw:s.shw' '-e -i IN'; do
		# shellcheck disable=SC2086 # options
		"$pollmap" race -n "${RACES:-2000}" $how s.rst s.shw s.snd,s.rst \
			s.snd,s.shw c.snd:s.clo c.shw:s.snd,s.rst |
			sed 1d | grep -v ',rare$\|,torn$' | cut -d, -f1-5,7 | sort
	done
} >"$out/races.csv"
