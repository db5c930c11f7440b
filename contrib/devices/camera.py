#!/usr/bin/env python3
"""A camera as Espressif's CameraWebServer: an MJPEG stream in chunks, a still
picture, events, a page; one connection at a time. A second viewer is reset,
and as long as the stream runs so is everyone who only wants the page.

Field reports: easytarget/esp32-cam-webserver#51 and #202, gen2brain/
cam2ip#53, s60sc/ESP32-CAM_MJPEG2SD#191."""
import time

from web import Web, chunk, head, page

# The frame of a JPEG, its picture filled up with zeros.
JPEG_HEAD, JPEG_END = b"\xff\xd8\xff\xe0", b"\xff\xd9"


class Camera(Web):
    name = "camera"
    help = "MJPEG camera: one connection, an endless multipart stream"
    counters = ("requests", "streams", "frames", "events")
    options = (
        ("frame-bytes", 8000, "size of a picture"),
        ("frame-ms", 200, "between two pictures"),
        ("event-ms", 500, "between two events; 0: never one"),
        ("chunks", 1, "0: the stream without chunks"),
    )

    def picture(self):
        return JPEG_HEAD + bytes(self.o.frame_bytes - 6) + JPEG_END

    def answer(self, conn, request):
        if request.path == "/stream":
            self.stream(conn)
        elif request.path == "/events":
            self.stream_events(conn, self.o.event_ms)
        elif request.path == "/capture":
            conn.send(page(self.picture(), "Connection: close",
                           kind="image/jpeg"))
        else:
            conn.send(page(b"<html>camera</html>\n", "Connection: close"))
        return False

    def stream(self, conn):
        self.count("streams")
        fields = ["Content-Type: multipart/x-mixed-replace;boundary=frame"]
        if self.o.chunks:
            fields.append("Transfer-Encoding: chunked")
        conn.send(head(200, *fields))
        while True:
            part = (b"--frame\r\nContent-Type: image/jpeg\r\n"
                    b"Content-Length: %d\r\n\r\n" % self.o.frame_bytes +
                    self.picture() + b"\r\n")
            conn.send(chunk(part) if self.o.chunks else part, 60)
            self.count("frames")
            time.sleep(self.o.frame_ms / 1000)


if __name__ == "__main__":
    Camera().main()
