"""What settings add to the plain exchange. Most have no golden: the promises
hold, and the sweep makes every call of them fail."""

import struct

from tracegate import Corrupt, Ended, Stall
from tracepeers import OWN_ANSWER, pattern
from scenario import answer, ask, exchange, scenario, streams

GET = b'GET /temperature HTTP/1.1\r\nHost: device\r\n%s\r\n'
REPLY = b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n21.5\n'
PROBE = b'GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n'
FREE = ('free',)


@scenario(budget=0, gates=FREE, settings=['--send-proxy', 'v1'])
def header_out(s):
    """The device is told who the client is, in a line before its bytes."""
    req, rep = streams(s)
    c = s.client()
    c.send(req)
    d = s.accepted()
    said = b''
    while not said.endswith(req):
        block = d.receive(4096)
        if not block:
            raise Ended(f'EOF after {len(said)} bytes')
        said += block
    if not said.startswith((b'PROXY TCP4 127.0.0.1 127.0.0.1 ',
                            b'PROXY UNKNOWN\r\n')):
        raise Corrupt(f'{said!r}')
    answer(s, d, c, rep)
    c.close()


@scenario(budget=0, gates=FREE, settings=['--accept-proxy', '127.0.0.1'],
          waived=('P8',))
def header_in(s):
    """A balancer says who the client is; the device does not hear of it."""
    req, rep = streams(s)
    c = s.client()
    c.send(b'PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n' + req)
    d = s.accepted()
    d.expect(req)
    answer(s, d, c, rep)
    c.close()


@scenario(budget=0, gates=FREE, settings=['--profile', 'w5500', '--share',
                                          'on'])
def one_reply_for_two(s):
    """Two clients ask the same while the device works: it is asked once."""
    req, rep = s.stream('req', GET % b''), s.stream('rep', REPLY)
    c, d = ask(s, req)
    other = s.client()
    other.send(req)
    s.rest()
    answer(s, d, c, rep)
    other.expect(rep)
    other.close()
    c.close()


EXCEPTION_BYTES = 9


def frame(number, data):
    return struct.pack('>HHHBB', number, 0, len(data) + 2, 1, 3) + data


def same_frame(peer, sent):
    """The next frame is `sent` under another number, which is returned."""
    got = peer.exactly(EXCEPTION_BYTES)
    if got[7] & 0x80:
        raise Ended('an exception')
    got += peer.exactly(len(sent) - len(got))
    if got[2:] != sent[2:]:
        raise Corrupt(f'{got!r} where {sent!r} was due')
    return got[:2]


# (The numbers of frames are the proxy's own on the way to the device.)
@scenario(budget=0, gates=FREE, settings=['--profile', 'modbus',
                                          '--queue-timeout', '1s'],
          waived=('P8',))
def masters_share(s):
    """The frames of two masters, over one kept connection."""
    masters, d = [s.client(), s.client()], None
    for n, m in enumerate(masters, 7):
        m.send(frame(n, b'\0\0\0\1'))
        d = d or s.accepted()
        number = same_frame(d, frame(n, b'\0\0\0\1'))
        d.send(number + frame(n, b'\2\0\x15')[2:])
        if same_frame(m, frame(n, b'\2\0\x15')) != struct.pack('>H', n):
            raise Corrupt('another number')
    for m in masters:
        m.close()
    d.close()


@scenario(budget=0, gates=FREE, settings=['--profile', 'w5500', '--upgrade',
                                          'on'], waived=('P8',))
def upgraded(s):
    """101, and from then on bytes in both directions."""
    req = s.stream('req', GET % b'Connection: Upgrade\r\nUpgrade: x\r\n')
    rep = s.stream('rep', b'HTTP/1.1 101 Switching Protocols\r\n'
                          b'Connection: Upgrade\r\nUpgrade: x\r\n\r\n')
    up, down = s.stream('up', pattern('up', 40)), \
        s.stream('down', pattern('dn', 40))
    c, d = ask(s, req)
    d.send(rep)
    c.expect(rep)
    c.send(up)
    d.expect(up)
    d.send(down)
    c.expect(down)
    d.close()
    c.ended()
    c.close()


@scenario(budget=0, gates=FREE, settings=['--slots', '1', '--preempt-idle',
                                          '50ms'])
def idle_gives_way(s):
    """An idle connection is closed when another one waits for its slot."""
    req, rep = streams(s)
    idle = s.client()
    first = s.accepted()
    c = s.client()
    c.send(req)
    idle.wait_for_end()
    first.wait_for_end()
    idle.forget()
    first.forget()
    d = s.accepted()
    d.expect(req)
    answer(s, d, c, rep)
    c.close()


@scenario(budget=0, gates=FREE, settings=['--local-address', '127.0.0.1',
                                          '--connect-gap', '20ms', '--settle',
                                          '10ms'])
def paced(s):
    """Two connections from an address of one's own, with a gap between."""
    req, rep = streams(s)
    for _ in range(2):
        exchange(s, req, rep)


@scenario(budget=0, gates=FREE, ends={'host': 'localhost'})
def second_address(s):
    """The device has a name, and where the name's first address is ::1
    nobody listens there: the second one is tried."""
    exchange(s, *streams(s))


# (The end takes the socket's name away: P12 knows nothing of ends.)
@scenario(budget=(25, 19), ends={'listen': '{dir}/front'}, waived=('P12',))
def unix_listener(s):
    """Clients come over a Unix socket."""
    exchange(s, *streams(s), fin=True)


def probed(s, probe):
    """The device's end of a probe. Under faults the device may seem to be
    well, or is not reached: nobody waits for that."""
    try:
        p = s.accepted()
    except Stall as e:
        raise Ended('no probe') from e
    p.expect(probe)
    return p


@scenario(budget=(26, 19), settings=[
    '--profile', 'w5500', '--first-byte-timeout', '1s', '--probe-backoff',
    '100ms..100ms', '--name', 'box'])
def device_down(s):
    """A silent device: 504, and a probe; after a silent probe 503 at once,
    until a probe is answered."""
    req, rep = s.stream('req', GET % b''), s.stream('rep', REPLY)
    probe = s.stream('probe', PROBE % s.device_port)
    late = s.stream('lrep', REPLY)
    c, d = ask(s, req)
    c.answered(504)
    d.was_reset()
    d.forget()
    s.wait_for_daemon()
    c.close()
    p = probed(s, probe)
    p.was_reset()
    p.forget()
    p = probed(s, probe)
    s.wait_for_daemon()
    c = s.client()
    c.send(req)
    c.answered(503)
    c.close()
    with s.at_once():
        p.send(rep)
        p.close()
    s.rest()        # without a gate a client could be there before the reply
    exchange(s, req, late)


@scenario(budget=0, gates=FREE, settings=['--profile', 'w5500'],
          ends={'emulated': True})
def two_visitors(s):
    """The emulated device, and two at once: each gets the whole page."""
    visitors = [s.client(), s.client()]
    for c in visitors:
        c.send(GET % b'')
    for c in visitors:
        page = c.until_end()
        if not page or page.startswith(OWN_ANSWER):
            raise Ended('no page')
        if not (page.startswith(b'HTTP/1.1 200 ') and
                page.rstrip().endswith(b'</html>')):
            raise Corrupt(f'{page[:40]!r}... of {len(page)} bytes')
        c.close()
