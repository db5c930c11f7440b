#!/usr/bin/env python3
"""A page as ESPAsyncWebServer serves it on an ESP8266: a page with images, a
style sheet, an event stream and a WebSocket, from three sockets. What comes
beyond them is reset. Everything but the streams ends with the reply.

Field reports: me-no-dev/ESPAsyncWebServer#1305 (event streams take all
sockets), Duet3D/DuetSoftwareFramework#35, luc-github/ESP3D#1015,
s00500/ESPUI#164 (a WebSocket that is not passed on stops the page)."""
import base64
import hashlib
import struct
import time

from web import Gone, Web, head, page

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PIXEL = base64.b64decode(
    b"R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==")
HTML = b"""<!DOCTYPE html>
<html><head><title>waiting</title>
<link rel="stylesheet" href="/style.css"></head>
<body><p id="state">no event</p><p id="echo">no echo</p>
%s
<script>
var seen = {};
function done(what) {
  seen[what] = 1;
  if (seen.event && seen.echo) document.title = "complete";
}
var events = new EventSource("/events");
events.addEventListener("state", function (e) {
  document.getElementById("state").textContent = e.data; done("event");
});
var ws = new WebSocket("ws://" + location.host + "/ws");
ws.onopen = function () { ws.send("hello"); };
ws.onmessage = function (e) {
  document.getElementById("echo").textContent = e.data; done("echo");
};
</script></body></html>
"""


class EspAsync(Web):
    name = "esp-async"
    help = "ESPAsyncWebServer: page, images, event stream, WebSocket"
    sockets = 3
    window = 5760
    counters = ("requests", "images", "streams", "events", "websockets",
                "frames")
    options = (
        ("images", 4, "images on the page"),
        ("work-ms", 20, "time before a reply"),
        ("event-ms", 500, "between two events; 0: never one"),
    )

    def answer(self, conn, request):
        time.sleep(self.o.work_ms / 1000)
        if request.path == "/events":
            self.stream_events(conn, self.o.event_ms)
        elif request.path == "/ws" and "sec-websocket-key" in request.fields:
            self.websocket(conn, request)
        elif request.path.startswith("/image"):
            self.count("images")
            conn.send(page(PIXEL, "Connection: close", kind="image/gif"))
        elif request.path == "/style.css":
            conn.send(page(b"p { color: black }\n", "Connection: close",
                           kind="text/css"))
        elif request.path == "/":
            tags = b"".join(b'<img src="/image%d.gif" alt="">\n' % i
                            for i in range(self.o.images))
            conn.send(page(HTML % tags, "Connection: close",
                           "Cache-Control: no-store"))
        else:
            conn.send(page(b"not found\n", "Connection: close", status=404,
                           reason="Not Found"))
        return False

    def websocket(self, conn, request):
        key = request.fields["sec-websocket-key"].encode() + GUID
        accept = base64.b64encode(hashlib.sha1(key).digest()).decode()
        self.count("websockets")
        conn.send(head(101, "Upgrade: websocket", "Connection: Upgrade",
                       "Sec-WebSocket-Accept: " + accept,
                       reason="Switching Protocols"))
        while True:
            opcode, data = self.read_frame(conn)
            if opcode == 8:
                conn.send(struct.pack(">BB", 0x88, len(data)) + data)
                return
            self.count("frames")
            conn.send(struct.pack(">BB", 0x80 | opcode, len(data)) + data)

    def read_frame(self, conn):
        """One short masked frame, as browsers send them."""
        first, second = conn.take_exactly(2)
        size = second & 0x7f
        if size > 125 or not second & 0x80:
            raise Gone("a frame that no browser sends here")
        mask = conn.take_exactly(4)
        data = conn.take_exactly(size)
        return first & 0x0f, bytes(b ^ mask[i % 4]
                                   for i, b in enumerate(data))


if __name__ == "__main__":
    EspAsync().main()
