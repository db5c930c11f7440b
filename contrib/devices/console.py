#!/usr/bin/env python3
"""A serial console behind ser2net: it speaks first (a banner and a prompt),
bears one user, echoes what is typed and answers lines. What a second user
meets is --beyond: reset, or `kick`, which throws out the first. With
--telnet 1 the banner follows telnet negotiation.

Field reports: cminyard/ser2net#90 and #133 (the second user kicks the
first), letscontrolit/ESPEasy#3035 (a monitor's connect check ends the
working connection)."""
from standin import StandIn

IAC_BINARY = b"\xff\xfb\x00\xff\xfb\x03\xff\xfd\x03"


class Console(StandIn):
    name = "console"
    help = "a console that speaks first and bears one user"
    counters = ("lines",)
    options = (
        ("telnet", 0, "1: negotiate as telnet servers do"),
        ("banner", "ser2net port 2000", "what is said first"),
    )

    def serve(self, conn):
        if self.o.telnet:
            conn.send(IAC_BINARY)
        conn.send(self.o.banner.encode() + b"\r\nlogin: ")
        while True:
            line = conn.take_until((b"\n",))
            self.count("lines")
            conn.send(line.rstrip(b"\r\n") + b"\r\n" +
                      b"%d lines so far\r\n# " % self.stat["lines"])


if __name__ == "__main__":
    Console().main()
