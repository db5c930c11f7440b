#!/usr/bin/env python3
"""Proves of examples/printer-9100 that jobs sent at once by the socket backend
of CUPS are printed whole, one after the other, on a printer that takes only one
connection, and that a client that only connects does not disturb it."""
import json
import os
import signal

from stage import STAGE, Example, needs, standin
from peer import Client
from sallyport import Program, write

BACKEND = "/usr/lib/cups/backend/socket"
needs(BACKEND)
device = standin("printer", "192.168.1.20", 9100, "--control",
                 STAGE + "/control")
proxy = Example("printer-9100/office.conf")
scanner = Client(("127.0.0.1", 9100))
job = write(STAGE + "/job", "x" * 49999)
uri = dict(os.environ, DEVICE_URI="socket://127.0.0.1:9100")
for each in [Program(BACKEND, str(number), "anna", "test", "1", "", job,
                     env=uri) for number in (1, 2, 3)]:
    each.finish()
proxy.logged(3, "in=50000 .* cause=done")
device.signal(signal.SIGTERM)
said = json.loads(device.process.communicate()[0].splitlines()[-1])
had = {name: said[name] for name in
       ("jobs", "cut_jobs", "max_active", "turned_away")}
assert had == {"jobs": 3, "cut_jobs": 0, "max_active": 1, "turned_away": 0}, had
