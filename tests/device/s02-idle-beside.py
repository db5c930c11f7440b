#!/usr/bin/env python3
"""Proves S2: an idle client keeps its slot while others are served, and
leaves it half-closed for good."""
from rig import Device, FAVICON, check, check_equal

dev = Device("--uptime", 6440, "--era", "E2")
idle = dev.connect()
dev.advance(0.1)
check(dev.get().endswith(b"</html>\r\n\r\n"), "no page beside the idle client")
check_equal(dev.states()[0], "Establ", "slot 0 during the first request")
dev.advance(5)
check(dev.get(FAVICON).startswith(b"HTTP/1.1 200"), "no favicon")
idle.fin()
dev.wait("slot0=ClsWait")
dev.get()
check("    Socket(0) SnSr = 0x1c   SnMR = TCP\n" in dev.console(),
      "the table does not show 0x1c")
dev.advance(60)
dev.get(FAVICON)
check_equal(dev.states()[0], "ClsWait", "slot 0 a minute after the FIN")
