"""HTTP as small devices speak it: a head, perhaps a body, a reply."""
from standin import Gone, StandIn


class Request:
    def __init__(self, head):
        lines = head.decode("latin-1").splitlines()
        words = lines[0].split() + ["", ""]
        self.method, self.target = words[0], words[1]
        self.path = self.target.split("?")[0]
        self.size = len(head)
        self.fields = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if colon:
                self.fields[name.strip().lower()] = value.strip()

    def length(self):
        value = self.fields.get("content-length", "0")
        return int(value) if value.isdigit() else 0


def head(status, *fields, reason="OK"):
    lines = ["HTTP/1.1 %d %s" % (status, reason), *fields, "", ""]
    return "\r\n".join(lines).encode()


def page(body, *fields, status=200, reason="OK", kind="text/html"):
    return head(status, "Content-Type: " + kind,
                "Content-Length: %d" % len(body), *fields,
                reason=reason) + body


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


class Web(StandIn):
    """A stand-in that serves requests; subclasses answer()."""

    ends_at_fin = True
    head_limit = 0     # longer heads get 431; 0: any length
    idle_seconds = 60  # a kept connection without a request

    def read_request(self, conn):
        request = Request(conn.take_until((b"\r\n\r\n", b"\n\n"),
                                          self.idle_seconds))
        self.count("requests")
        return request

    def answer(self, conn, request):
        """Returns whether the connection is kept."""
        raise NotImplementedError

    def stream_events(self, conn, every_ms):
        """Until the client leaves; `every_ms` 0: never one."""
        self.count("streams")
        conn.send(head(200, "Content-Type: text/event-stream",
                       "Cache-Control: no-cache", "Connection: keep-alive"))
        number = 0
        while not conn.is_gone(every_ms / 1000 or 3600):
            if not every_ms:
                continue
            conn.send(b"event: state\ndata: %d\n\n" % number, 10)
            self.count("events")
            number += 1

    def serve(self, conn):
        kept = True
        while kept:
            request = self.read_request(conn)
            if self.head_limit and request.size > self.head_limit:
                conn.send(page(b"Header fields are too long", status=431,
                               reason="Request Header Fields Too Large"))
                return
            kept = self.answer(conn, request)


__all__ = ["Gone", "LAST_CHUNK", "Request", "Web", "chunk", "head", "page"]
