#!/usr/bin/env python3
"""A device that takes firmware: POST /update is read at the pace of its
flash, checked for some seconds, and answered then; the device restarts when
the image was whole. An upload that ends too early leaves a broken image. With
--refuse-after it answers 401 in the middle and closes, while the client still
sends. Anything else gets a page.

Field reports: espressif/arduino-esp32#772 (45 s for an image),
JAndrassy/ArduinoOTA#56 (a limit of 10 s ends it), arendst/Tasmota#1556 and
#9990, hoeken/PsychicHttp#30 (an early refusal)."""
import time

from web import Gone, Web, page

SECTOR_BYTES = 1460
RESTART_SECONDS = 0.5


class Uploader(Web):
    name = "uploader"
    help = "firmware upload: slow reads, a check at the end, an early 401"
    window = 5760
    counters = ("requests", "flashed", "broken", "refused", "body_bytes",
                "restarts")
    options = (
        ("rate", 40000.0, "bytes/s that the flash takes; 0: all"),
        ("check", 2.0, "seconds of the check at the end"),
        ("refuse-after", 0, "bytes after which 401 is said; 0: never"),
        ("patience", 30.0, "seconds without a byte that end an upload"),
    )

    def answer(self, conn, request):
        if request.method == "POST":
            self.flash(conn, request)
        else:
            conn.send(page(b"<html>hello</html>\n", "Connection: close"))
        return False

    def flash(self, conn, request):
        got = 0
        if request.fields.get("expect", "").lower() == "100-continue":
            conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        while got < request.length():
            try:
                data = conn.take(self.o.patience,
                                 min(SECTOR_BYTES, request.length() - got))
            except Gone:
                data = b""
            if not data:
                self.count("broken")
                return
            got += len(data)
            self.count("body_bytes", len(data))
            if self.o.refuse_after and got >= self.o.refuse_after:
                self.count("refused")
                conn.send(page(b"wrong password\n", "Connection: close",
                               status=401, reason="Unauthorized"))
                return
            if self.o.rate:
                time.sleep(len(data) / self.o.rate)
        time.sleep(self.o.check)
        self.count("flashed")
        conn.send(page(b"OK\n", "Connection: close"))
        # It restarts: for a moment nobody is taken in.
        self.free_at = time.monotonic() + RESTART_SECONDS
        self.count("restarts")


if __name__ == "__main__":
    Uploader().main()
