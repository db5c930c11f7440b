#!/usr/bin/env python3
"""The HTTP server of ESP-IDF: it answers in chunks and keeps every
connection, so that a client that waits for the end of the connection waits
until the device's patience is over. Seven sockets; when they are taken, the
next clients wait in the backlog, unanswered. A head beyond 1 kB is refused.

Field reports: espressif/esp-idf#5775 (kept connections), esp-idf#4900
(sockets), jomjol/AI-on-the-edge-device#432 (cookies of other services fill
the head)."""
import time

from web import LAST_CHUNK, Web, chunk, head, page


class EspIdf(Web):
    name = "esp-idf"
    help = "ESP-IDF's HTTP server: chunks, kept connections, seven sockets"
    sockets = 7
    beyond = "wait"
    head_limit = 1024
    counters = ("requests",)
    options = (
        ("page-bytes", 2000, "size of the page"),
        ("work-ms", 20, "time before a reply"),
        ("length", 0, "1: a length instead of chunks"),
    )

    def answer(self, conn, request):
        body = (b"." * self.o.page_bytes)[:-8] + b"</html>\n"
        time.sleep(self.o.work_ms / 1000)
        if request.method == "HEAD":
            conn.send(head(200, "Transfer-Encoding: chunked"))
        elif self.o.length:
            conn.send(page(body))
        else:
            conn.send(head(200, "Content-Type: text/html",
                           "Transfer-Encoding: chunked"))
            for i in range(0, len(body), 1000):
                conn.send(chunk(body[i:i + 1000]))
            conn.send(LAST_CHUNK)
        return True


if __name__ == "__main__":
    EspIdf().main()
