#!/usr/bin/env python3
"""Proves that nothing that came from a client, and no name, path or address
however odd, becomes a part of the page, of the metrics or of the JSON: after
fuzzed PROXY headers, targets and fields, and with a hostile name and path."""
import html.parser
import json
import os
import random
import re
import sys

sys.path.insert(0, "tests/lib")
import ask
from peer import Client, Device
from sallyport import PROGRAM, Started, folder, run, until

NAME = "<script>alert(1)</script>'&amp;"
PATH = "<b onload='alert(1)'>&\".sock"
ODD = ["<script>alert(2)</script>", "\"><img src=x onerror=alert(3)>", "'",
       "&lt;", "</title>", "\0", "\x1b[2J", "%00", "\\u0022", "{}", "] }",
       "\xff\xfe", "10.0.0.1", "::1", "4711", "\r\n", " ", "TCP4", "a" * 200]
ATTRIBUTES = {"lang", "charset", "name", "content", "http-equiv", "class",
              "id", "style", "href"}
TAGS = {"html", "head", "meta", "style", "title", "body", "h1", "h2", "div",
        "b", "span", "p", "section", "main", "table", "tr", "td", "th", "i",
        "a", "code"}


class Page(html.parser.HTMLParser):
    """Knows each tag, each attribute's form, and where the name may stand."""

    def __init__(self, text):
        super().__init__()
        self.at, self.seen = [], {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        assert tag in TAGS, tag
        self.at.append(tag)
        for name, value in attrs:
            assert name in ATTRIBUTES, (tag, name)
            assert re.fullmatch(r"[a-z0-9 /:.,%=-]*", value, re.I), value

    def handle_data(self, data):
        self.seen.setdefault(self.at[-1] if self.at else "", []).append(data)

    def handle_decl(self, decl):
        assert decl == "DOCTYPE html", decl

    def unknown_decl(self, data):
        raise AssertionError(data)

    handle_comment = handle_pi = unknown_decl


def fuzz(rng):
    """One client that says anything, in order or not."""
    odd = "".join(rng.choice(ODD) for _ in range(rng.randrange(1, 5)))
    head = rng.choice([
        "PROXY TCP4 192.0.2.%d 127.0.0.1 %d 80\r\n" %
        (rng.randrange(1, 255), rng.randrange(1, 65536)),
        "PROXY TCP4 %s 127.0.0.1 4711 80\r\n" % odd,
        "PROXY UNKNOWN %s\r\n" % odd, odd])
    return (head + "GET /%s HTTP/1.1\r\nHost: %s\r\n%s: %s\r\n\r\n" %
            (odd, odd, odd, odd)).encode("latin-1")


def main():
    rng, own, device = random.Random(1), folder(), Device()
    proxy = Started(
        "--profile", "w5500", "--name", NAME, "--accept-proxy", "127.0.0.1",
        "--control", own + "/ctl", "--admin", "127.0.0.1:0",
        "--gate-timeout", "300ms", "--down-after", "0", "--listen",
        "127.0.0.1:0", "--listen", os.path.join(own, PATH), "--device",
        device.name)
    admin = re.search("admin on ([0-9.:]+)", proxy.says("admin on "))[1]
    clients = []
    for _ in range(400):
        clients = clients[-40:] + [Client(proxy, fuzz(rng))]
    until("bad ends", lambda: b"bad-head" in ask.get(admin, "/"))
    page = ask.get(admin, "/").decode().split("\r\n\r\n", 1)[1]
    whole = Page(page)
    assert whole.seen["h1"] == [NAME], whole.seen["h1"]
    assert whole.seen["title"][0].endswith(": " + NAME)
    assert PATH in "".join(whole.seen["div"]), whole.seen["div"]
    for word in "alert(2)", "alert(3)", "\x1b", "\0":
        assert word not in page, word
    assert "192.0.2." in page
    told = json.loads(ask.get(admin, "/status.json").split(b"\r\n\r\n", 1)[1])
    assert told["name"] == NAME and PATH in told["listen"]

    def control(*words):
        return run(PROGRAM, "control", own + "/ctl", *words)
    for word in "conns", "status":
        json.loads(control("json", word))
    for word in "conns", "status", "metrics":
        text = control(word)
        assert "alert(2)" not in text and "\x1b" not in text, text
    ask.check_metrics(ask.get(admin, "/metrics").decode())
    print("%d bytes of page, %d texts: each in its place" %
          (len(page), sum(map(len, whole.seen.values()))))


main()
