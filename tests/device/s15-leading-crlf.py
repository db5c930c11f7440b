#!/usr/bin/env python3
"""Proves S15: an empty first line is a request; what follows is ignored."""
from rig import Device, GET, check, check_equal

dev = Device("--uptime", 100)
client = dev.connect()
client.send(b"\r\n" + GET)
dev.advance_until("fw=stop")
reply = client.read_to_end()
check(reply.endswith(b"</html>\r\n\r\n"), "torn by what was left unread")
client.close()
dev.advance_until("fw=loop")
check_equal(dev.stat("requests"), 1, "requests")
check_equal(dev.stat("timeouts"), 0, "timeouts")
check("GET" not in dev.console(), "the second line was read")
check(dev.get().startswith(b"HTTP/1.1 200"), "the next request")
check_equal(dev.stat("requests"), 2, "requests")
