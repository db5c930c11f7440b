"""More bytes than buffers hold."""

from scenario import ask, scenario, streams


@scenario(budget=0, gates=('free',))
def bulk_spliced(s):
    """A long answer to a client that keeps up: bytes go through a pipe."""
    req, rep = streams(s, 40, 1 << 20)
    c, d = ask(s, req)
    d.stream_to(c, rep)
    d.close()
    c.ended()
    c.close()


@scenario(budget=0, gates=('free',), settings=['--splice', 'off'])
def bulk_copied(s):
    """A long answer, by copying alone."""
    bulk_spliced(s)


@scenario(budget=0, gates=('free',))
def bulk_both_ways(s):
    """Long streams, one after the other, over one connection."""
    req, rep = streams(s, 1 << 19, 1 << 19)
    c = s.client()
    d = s.accepted()
    c.stream_to(d, req)
    d.stream_to(c, rep)
    c.close()
    d.ended()
    d.close()


@scenario(budget=0, gates=('free',), settings=['--sndbuf', '32k'],
          buffers=32768)
def slow_reader(s, receive_bytes=32768):
    """A client that does not read until everything behind it is full."""
    req, rep = streams(s, 40, 4 << 20)
    c = s.client(receive_bytes=receive_bytes)
    c.send(req)
    d = s.accepted()
    d.expect(req)
    sent = d.fill(rep)
    c.expect(rep[:sent])
    d.close()
    c.ended()
    c.close()


@scenario(budget=0, gates=('free',),
          settings=['--sndbuf', '32k', '--splice', 'off'], buffers=32768)
def slow_reader_copied(s):
    """The same without splice: what a short send leaves is kept in chunks."""
    slow_reader(s, 4096)


@scenario(budget=0, gates=('free',), settings=['--sndbuf', '32k'],
          buffers=32768)
def blocked_after_hang_up(s):
    """Everything is full, then the device ends and the client's FIN is long
    through: its hang-up stands while the client reads nothing."""
    req, rep = streams(s, 40, 4 << 20)
    c = s.client(receive_bytes=32768)
    c.send(req)
    c.shut()
    d = s.accepted()
    d.expect(req)
    d.ended()
    sent = d.fill(rep)
    d.close()
    s.daemon.settle(woken=False)
    c.expect(rep[:sent])
    c.ended()
    c.close()


@scenario(budget=0, gates=('free',), buffers=4 << 20)
def held_bulk(s):
    """Megabytes are there before the proxy looks, and room for them beyond:
    how much does it move before it looks at others?"""
    req, rep = streams(s, 40, 8 << 20)
    c = s.client(receive_bytes=8 << 20)
    c.send(req)
    d = s.accepted()
    d.expect(req)
    d.stream_to(c, rep)
    d.close()
    c.ended()
    c.close()
