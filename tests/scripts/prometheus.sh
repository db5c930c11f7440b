#!/bin/sh
# Proves that a real Prometheus reads the metrics and loads the alert rules,
# that the alerts for a full queue and for a device that is down fire and
# clear, that no counter goes back over a reload, an upgrade or a worker's
# death, and that each question of the dashboard and the rules has an answer.
# SCRAPE_S: for so long at least, with reload and upgrade in the middle.
PROXY_MODE=
. tests/lib.sh
in_own_network
command -v prometheus >/dev/null || skip "prometheus is missing"
command -v promtool >/dev/null || skip "promtool is missing"
dir=packaging/prometheus

# The rules of the package; what must last only has to last a second.
promtool check rules "$dir/alerts.yml" >"$TMPDIR/tool" 2>&1 ||
	fail "promtool: $(cat "$TMPDIR/tool")"
sed 's/for: .*/for: 1s/' "$dir/alerts.yml" >"$TMPDIR/alerts.yml"

start_echod --fork
start_proxy --name lab --control "$TMPDIR/lab.ctl" --admin 127.0.0.1:0 \
	--gate data --slots 1 --queue 2 --queue-timeout 10m --down-after 100ms \
	--connect-retry 0 --probe-backoff 100ms..1s 127.0.0.1:0 "$echod_addr"
wait_for "the admin address" says "$log" "admin on"
admin=$(sed -n 's/.*admin on \([0-9.:]*\).*/\1/p' "$log")

cat >"$TMPDIR/prometheus.yml" <<END
global: {scrape_interval: 500ms, evaluation_interval: 500ms}
rule_files: [alerts.yml]
scrape_configs:
  - job_name: sallyport
    static_configs: [{targets: ["$admin"]}]
END
promtool check config "$TMPDIR/prometheus.yml" >"$TMPDIR/tool" 2>&1 ||
	fail "promtool: $(cat "$TMPDIR/tool")"
start prometheus prometheus --config.file="$TMPDIR/prometheus.yml" \
	--storage.tsdb.path="$TMPDIR/tsdb" --web.listen-address=127.0.0.1:0
prometheus=$started_pid
wait_for "prometheus" says "$TMPDIR/prometheus.err" 'address=127[0-9.]*:[1-9]'
prom=$(sed -n 's/.*address=\(127[0-9.]*:[1-9][0-9]*\).*/\1/p' \
	"$TMPDIR/prometheus.err" | head -n 1)

# value EXPRESSION: of its first sample; nothing without one.
value()
{
	curl -s -m 20 --data-urlencode "query=$1" "http://$prom/api/v1/query" |
		sed -n 's/.*"value":\[[^,]*,"\([^"]*\)".*/\1/p'
}
is() { [ "$(value "$1")" = "$2" ]; }
fires() { is "ALERTS{alertname=\"$1\",alertstate=\"firing\"}" 1; }
clear() { [ -z "$(value "ALERTS{alertname=\"$1\"}")" ]; }

wait_for "the first scrape" is sallyport_device_up 1
began=$(date +%s)

start_client one snd=foo rcv=foo wait="$TMPDIR/go" shw eof
one=$started_pid
wait_for "one at the device" is sallyport_slots_taken 1
start_client two snd=foo rcv=foo shw eof
two=$started_pid
start_client three snd=foo rcv=foo shw eof
three=$started_pid
wait_for "the alert for a full queue" fires SallyportQueueFull
touch "$TMPDIR/go"
finish "$one" "client one"
finish "$two" "client two"
finish "$three" "client three"
wait_for "its end" clear SallyportQueueFull

find_worker
kill -KILL "$worker"
wait_for "the alert for a worker" fires SallyportWorkerDied
wait_for "another worker" is sallyport_device_up 1
kill -TERM "$echod"
wait_for "the device's end" ended "$echod"
is_down() { client snd=x drain=any; is sallyport_device_up 0; }
wait_for "the device is down" is_down
wait_for "the alert for it" fires SallyportDeviceDown
start_echod --fork "$echod_addr"
is_up() { client snd=x shw drain=any; is sallyport_device_up 1; }
wait_for "the device is up" is_up
wait_for "its end" clear SallyportDeviceDown

# A reload and an upgrade, with clients before and after each.
: "${SCRAPE_S:=0}"
lasted_s() { [ $(($(date +%s) - began)) -ge "$1" ]; }
patience_s=$((60 + SCRAPE_S))
wait_for "half the time" lasted_s $((SCRAPE_S / 2))
goes_on()
{
	before=$(value sallyport_accepted_connections_total)
	client snd=foo rcv=foo shw eof
	wait_for "another client" \
		is "sallyport_accepted_connections_total > bool $before" 1
}
goes_on
kill -HUP "$proxy"
wait_for "the reload" is sallyport_reloads_total 1
goes_on
kill -USR2 "$proxy"
wait_for "the upgrade" says "$log" "upgrade: .* serves, worker"
goes_on
wait_for "the time for scrapes" lasted_s "$SCRAPE_S"

is 'min_over_time(up[1h])' 1 || fail "a scrape failed"
curl -s -m 20 "http://$prom/api/v1/label/__name__/values" |
	grep -oE '"sallyport_[a-z_]*_(total|bucket|count|sum)"' | tr -d '"' \
	>"$TMPDIR/counters"
[ "$(wc -l <"$TMPDIR/counters")" -gt 20 ] || fail "few: $(cat "$TMPDIR/counters")"
while read -r counter; do
	is "max(resets({__name__=\"$counter\"}[1h]))" 0 ||
		fail "$counter went back"
done <"$TMPDIR/counters"

# Grafana itself is not asked: what it would ask, Prometheus answers.
python3 - "$dir/grafana.json" "$dir/alerts.yml" >"$TMPDIR/questions" <<'END'
import json, re, sys
def find(node):
    if isinstance(node, dict):
        if "expr" in node:
            yield node["expr"]
        node = node.values()
    if not isinstance(node, str):
        for x in node if hasattr(node, "__iter__") else ():
            yield from find(x)
for e in find(json.load(open(sys.argv[1]))):
    print(e.replace("$proxy", "lab").replace("$__rate_interval", "1h"))
for e in re.findall("expr: (.*)", open(sys.argv[2]).read()):
    # Whether it holds just now is not the question.
    print(re.sub(r" (==|>=|>) (?=[0-9s])", r" \1 bool ", e))
END
[ "$(wc -l <"$TMPDIR/questions")" -ge 25 ] || fail "few questions"
while read -r question; do
	[ -n "$(value "$question")" ] || fail "no answer to $question"
done <"$TMPDIR/questions"
kill -TERM "$prometheus"
wait_for "the end of prometheus" ended "$prometheus"
stop_proxy
