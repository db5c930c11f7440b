#!/usr/bin/env python3
"""A printer behind port 9100: one connection is one job. It reads as fast as
it prints, answers status queries (`~HS`, ESC/POS `DLE EOT n`) in between, and
sends its own FIN only when the paper is out, long after the client's. The
next job is taken a while after that; who comes earlier is reset.

Field reports: apple/cups#5689 (the next connect comes too early), #2325 and
#4620 (the FIN that comes when the paper does), msupply-foundation/
open-msupply#8137 (a job that leaves its connection open blocks all)."""
import time

from standin import Gone, StandIn

STATUS_ZPL = b"\x02030,0,0,0123,000,0,0,0,000,0,0,0\x03\r\n"
STATUS_ESCPOS = b"\x12"
QUERY_ZPL, QUERY_ESCPOS = b"~HS", b"\x10\x04"


class Printer(StandIn):
    name = "printer"
    help = "port 9100: a job a connection, status bytes, a late FIN"
    window = 8192
    gap = 1.0
    counters = ("jobs", "cut_jobs", "job_bytes", "queries")
    options = (
        ("rate", 0.0, "bytes/s that are printed; 0: all"),
        ("finish", 0.5, "seconds from the client's FIN to ours"),
        ("paper-after", 0, "bytes after which paper is out; 0: never"),
        ("paper-seconds", 15.0, "how long it is out"),
    )

    def serve(self, conn):
        got = 0
        is_out = False
        tail = b""
        while True:
            if self.o.paper_after and got >= self.o.paper_after and \
               not is_out:
                is_out = True
                time.sleep(self.o.paper_seconds)
            try:
                data = conn.take()
            except Gone:
                self.count("cut_jobs")
                return
            if not data:
                break
            got += len(data)
            self.count("job_bytes", len(data))
            tail = self.answer_queries(conn, tail + data)
            if self.o.rate:
                time.sleep(len(data) / self.o.rate)
        time.sleep(self.o.finish)
        if got:
            self.count("jobs")

    def answer_queries(self, conn, data):
        """Returns what may be the beginning of a query."""
        for query, status in ((QUERY_ZPL, STATUS_ZPL),
                              (QUERY_ESCPOS, STATUS_ESCPOS)):
            for _ in range(data.count(query)):
                self.count("queries")
                conn.send(status, 10)
            data = data.replace(query, b"")
        return data[-2:]


if __name__ == "__main__":
    Printer().main()
