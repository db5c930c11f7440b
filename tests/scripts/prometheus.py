#!/usr/bin/env python3
"""Proves that a real Prometheus reads the metrics and loads the alert rules,
that the alerts for a full queue and for a device that is down fire and
clear, that no counter goes back over a reload, an upgrade or a worker's
death, and that each question of the dashboard and the rules has an answer.

SCRAPE_S: for so long at least, with reload and upgrade in the middle."""
import contextlib
import json
import os
import re
import signal
import sys
import time
import urllib.parse
import urllib.request

sys.path.insert(0, "tests/lib")
from peer import Client, echoed
from sallyport import (ECHOD, WAIT_S, Listening, Program, folder, needs,
                       own_network, run, until, write)
from stand import Proxy

PACKAGE = "packaging/prometheus/"
SCRAPE_S = int(os.environ.get("SCRAPE_S", "0"))
CONFIG = """
global: {scrape_interval: 500ms, evaluation_interval: 500ms}
rule_files: [alerts.yml]
scrape_configs:
  - job_name: sallyport
    static_configs: [{targets: ["%s"]}]"""


def text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Prometheus(Program):
    """Scrapes the page of a proxy. The rules are those of the package; what
    must last only has to last a second."""

    def __init__(self, admin):
        here = folder()
        run("promtool", "check", "rules", PACKAGE + "alerts.yml")
        write(here + "/alerts.yml",
              re.sub("for: .*", "for: 1s", text(PACKAGE + "alerts.yml")))
        config = write(here + "/prometheus.yml", CONFIG % admin)
        run("promtool", "check", "config", config)
        super().__init__("prometheus", "--config.file=" + config,
                         "--storage.tsdb.path=" + here + "/tsdb",
                         "--web.listen-address=127.0.0.1:0")
        self.says("Server is ready")
        self.api = "http://%s/api/v1/" % re.search(
            r"address=(127[\d.]*:[1-9]\d*)",
            self.says(r"address=127[\d.]*:[1-9]"))[1]

    def get(self, path, **query):
        url = self.api + path + "?" + urllib.parse.urlencode(query)
        with urllib.request.urlopen(url, timeout=20) as reply:
            return json.load(reply)["data"]

    def value(self, expression):
        """Of its first sample; None without one."""
        samples = self.get("query", query=expression)["result"]
        return samples[0]["value"][1] if samples else None

    def becomes(self, expression, value, within_s=WAIT_S):
        until("%s is %s" % (expression, value),
              lambda: self.value(expression) == value, within_s)

    def fires(self, alert):
        self.becomes('ALERTS{alertname="%s",alertstate="firing"}' % alert, "1")

    def clears(self, alert):
        self.becomes('ALERTS{alertname="%s"}' % alert, None)


def alerts(prometheus, proxy, echod):
    one = Client(proxy, b"foo").expect(b"foo")
    prometheus.becomes("sallyport_slots_taken", "1")
    two, three = Client(proxy, b"foo"), Client(proxy, b"foo")
    prometheus.fires("SallyportQueueFull")
    one.fin().ends()
    for client in two.fin(), three.fin():
        client.expect(b"foo").ends()
    prometheus.clears("SallyportQueueFull")

    os.kill(proxy.worker(), signal.SIGKILL)
    prometheus.fires("SallyportWorkerDied")
    prometheus.becomes("sallyport_device_up", "1")
    echod.signal(signal.SIGTERM)
    until("the device has ended", echod.ended)

    def asked(value):
        client = Client(proxy, b"x")
        with contextlib.suppress(OSError):  # it may be refused already
            client.fin()
        client.drain()
        return prometheus.value("sallyport_device_up") == value
    until("the device is down", lambda: asked("0"))
    prometheus.fires("SallyportDeviceDown")
    echod = Listening(ECHOD, "--fork", echod.listen)
    until("the device is up", lambda: asked("1"))
    prometheus.clears("SallyportDeviceDown")


def reload_and_upgrade(prometheus, proxy, began_s):
    """With clients before and after each."""
    def goes_on():
        before = prometheus.value("sallyport_accepted_connections_total")
        echoed(proxy)
        prometheus.becomes(
            "sallyport_accepted_connections_total > bool " + before, "1")

    def have_passed(share_s):
        until("%d s are over" % share_s,
              lambda: time.monotonic() - began_s >= share_s, WAIT_S + SCRAPE_S)
    have_passed(SCRAPE_S / 2)
    goes_on()
    proxy.signal(signal.SIGHUP)
    prometheus.becomes("sallyport_reloads_total", "1")
    goes_on()
    proxy.signal(signal.SIGUSR2)
    proxy.says("upgrade: .* serves, worker")
    goes_on()
    have_passed(SCRAPE_S)


def nothing_goes_back(prometheus):
    assert prometheus.value("min_over_time(up[1h])") == "1", "a scrape failed"
    counters = re.findall(r"\bsallyport_[a-z_]*_(?:total|bucket|count|sum)\b",
                          " ".join(prometheus.get("label/__name__/values")))
    assert len(counters) > 20, counters
    for name in counters:
        question = 'max(resets({__name__="%s"}[1h]))' % name
        assert prometheus.value(question) == "0", name + " went back"


def questions():
    """Grafana itself is not asked: what it would ask, Prometheus answers. Of
    the rules it is not the question whether one holds just now."""
    def find(node):
        if isinstance(node, dict) and "expr" in node:
            yield node["expr"]
        if isinstance(node, (dict, list)):
            for each in node.values() if isinstance(node, dict) else node:
                yield from find(each)
    for question in find(json.loads(text(PACKAGE + "grafana.json"))):
        yield question.replace("$proxy", "lab").replace("$__rate_interval",
                                                        "1h")
    for question in re.findall("expr: (.*)", text(PACKAGE + "alerts.yml")):
        yield re.sub(r" (==|>=|>) (?=[0-9s])", r" \1 bool ", question)


def main():
    own_network(needed=True)
    needs("prometheus", "promtool")
    echod = Listening(ECHOD, "--fork")
    proxy = Proxy(
        echod.listen, "--name", "lab", "--control", folder() + "/lab.ctl",
        "--admin", "127.0.0.1:0", "--gate", "data", "--slots", "1", "--queue",
        "2", "--queue-timeout", "10m", "--down-after", "100ms",
        "--connect-retry", "0", "--probe-backoff", "100ms..1s", profile="raw",
        single=False)
    prometheus = Prometheus(proxy.admin())
    prometheus.becomes("sallyport_device_up", "1")
    began_s = time.monotonic()
    alerts(prometheus, proxy, echod)
    reload_and_upgrade(prometheus, proxy, began_s)
    nothing_goes_back(prometheus)
    asked = list(questions())
    assert len(asked) >= 25, asked
    for question in asked:
        assert prometheus.value(question) is not None, question
    prometheus.terminate()
    proxy.terminate()


if __name__ == "__main__":
    main()
