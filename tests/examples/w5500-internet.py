#!/usr/bin/env python3
"""Proves of examples/w5500-internet that idle clients do not stop a page, and
that favicon.ico never reaches the device."""
from stage import Example, code_of, page_from, tempdev
from peer import Client

device = tempdev()
proxy = Example("w5500-internet/greenhouse.conf")
idle = [Client(("127.0.0.1", 80)) for _ in range(6)]
page_from("127.0.0.2", "http://127.0.0.1/")
proxy.logged(1, "client=127.0.0.2:.* cause=done")
assert code_of("http://127.0.0.1/favicon.ico") == "404"
page_from("127.0.0.4", "http://127.0.0.1/")
proxy.terminate()
device.process.kill()
assert b"favicon" not in device.process.stdout.read()
