#!/usr/bin/env python3
"""Proves that with share on the device answers once for all who ask the same,
and that no other reply is shared, whoever leaves or fails in between; that
with keep-reply a reply is given again, byte for byte, until it is too old."""
import sys

sys.path.insert(0, "tests/lib")
from peer import PAGE, REQUEST, Client
from sallyport import until
from stand import Scenes

SCENES = Scenes("--share", "on", "--down-after", "0")
OTHER = REQUEST.replace(b"/page", b"/other")
WITH_COOKIE = REQUEST.replace(b"\r\n\r\n", b"\r\nCookie: a=b\r\n\r\n")
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"


def crowd(proxy, count, request=REQUEST):
    """Clients that have all been taken in."""
    before = proxy.counters()["live"]
    clients = [Client(proxy, request) for _ in range(count)]
    until("all are in", lambda: proxy.counters()["live"] >= before + count)
    proxy.counters()  # a turn later every request has been read
    return clients


def leave(*clients):
    for client in clients:
        client.reset()
        client.proxy.end_of(client, cause="client-reset")


def served(device, clients):
    """All got the page, and no further request is made."""
    for client in clients:
        client.gets("200", cause="done")
        assert client.got == PAGE, client.got
    assert device.nobody_waits(), "one more request was made"


@SCENES.scene()
def one_for_all(device, proxy):
    clients = crowd(proxy, 20)
    device.serve_page()
    served(device, clients)


@SCENES.scene("--strip-header", "User-Agent", "--upgrade", "off")
def what_is_taken_out_divides_nobody(device, proxy):
    """Nor does it make one of two hosts."""
    fields = b"User-Agent: a\r\nHost: "
    asked = REQUEST.replace(b"Host: ", fields)
    clients = crowd(proxy, 2, asked) + crowd(
        proxy, 2, asked.replace(b": proxy", b": other")) + crowd(proxy, 1)
    device.serve_page()
    device.serve_page()
    served(device, clients)


@SCENES.scene()
def another_target_queues(device, proxy):
    clients = crowd(proxy, 3) + crowd(proxy, 1, OTHER)
    device.serve_page()
    device.serve_page()
    served(device, clients)


@SCENES.scene()
def a_cookie_is_not_shared(device, proxy):
    clients = crowd(proxy, 2, WITH_COOKIE)
    for _ in clients:
        device.serve_page()
    served(device, clients)


@SCENES.scene()
def the_oldest_follower_inherits(device, proxy):
    """The log tells the bytes of each."""
    asked = REQUEST.replace(b"\r\n\r\n", b"\r\nAccept: a\r\n\r\n")
    leader, sock = proxy.exchange(asked)
    followers = crowd(proxy, 3)
    leave(leader)
    sock.answer()
    served(device, followers)
    for client, sent in (leader, asked), (followers[0], REQUEST):
        proxy.end_of(client, **{"in": str(len(sent))})


@SCENES.scene()
def all_leave(device, proxy):
    clients = crowd(proxy, 3)
    sock = device.take_request()
    leave(*clients)
    sock.ends("RST")


@SCENES.scene(order=[0])
@SCENES.scene(order=[0, 1, 2])
@SCENES.scene(order=[3, 2, 1, 0])
def some_leave_the_line(device, proxy, order):
    """The leader among them, before the device was asked: one request for the
    rest."""
    first, sock = proxy.exchange()
    waiting = crowd(proxy, 6, OTHER)
    leave(*(waiting[n] for n in order))
    sock.answer()
    device.serve_page()
    served(device, [first] + [c for n, c in enumerate(waiting)
                              if n not in order])


@SCENES.scene("--queue", "3")
def an_evicted_leader_evicts_nobody_twice(device, proxy):
    a, b, c = "127.0.0.2", "127.0.0.3", "127.0.0.4"
    clients = []
    for source, target in ((a, b"/busy"), (b, b"/b1"), (a, b"/y"), (a, b"/x"),
                           (c, b"/x"), (b, b"/b2")):
        clients.append(Client(proxy, REQUEST.replace(b"/page", target),
                              source=source))
        until("it is in", lambda: proxy.counters()["live"] +
              len(proxy.ends()) >= len(clients))
        proxy.counters()  # a turn later its request has been read
    until("somebody is evicted", proxy.ends)
    for client in clients:
        client.reset()


@SCENES.scene(reply=b"HTTP/1.1 404 No\r\n\r\nno\n")
@SCENES.scene(reply=b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\nmine\n")
@SCENES.scene(reply=b"HTTP/1.1 200 OK\r\nCache-Control: private\r\n\r\nmine\n")
@SCENES.scene(reply=PAGE + b"x" * 70000)  # longer than reply-buffer
def a_reply_that_may_not_be_shared(device, proxy, reply):
    """Everybody gets one of their own."""
    clients = crowd(proxy, 3)
    for _ in clients:
        device.serve_page(reply)
    for client in clients:
        client.outcome()
        assert client.got == reply, client.got


@SCENES.scene(part=CUT)
@SCENES.scene(part=b"")
def a_cut_reply_is_not_shared(device, proxy, part):
    """Nor is the answer to whom the device gave none."""
    leader, *others = crowd(proxy, 3)
    sock = device.take_request()
    if part:
        sock.answer(part)
    else:
        sock.reset()
    for _ in others:
        device.serve_page()
    leader.gets("200" if part else "502")
    assert leader.got == part or not part, leader.got
    served(device, others)


@SCENES.scene("--keep-reply", "1h")
def a_kept_reply_is_given_again(device, proxy):
    clients = crowd(proxy, 1)
    device.serve_page()
    served(device, clients + crowd(proxy, 2))
    proxy.serves(OTHER)
    proxy.terminate()  # what is kept goes with it


@SCENES.scene("--keep-reply", "200ms")
def a_kept_reply_grows_old(device, proxy):
    proxy.serves()

    def the_device_is_asked():
        client = Client(proxy, REQUEST)
        until("an answer, or a connect",
              lambda: client.ended() or not device.nobody_waits())
        asked = not device.nobody_waits()
        if asked:
            device.serve_page()
        served(device, [client])
        return asked
    until("the reply is too old", the_device_is_asked)


sys.exit(SCENES.main())
