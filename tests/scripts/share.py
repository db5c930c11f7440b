#!/usr/bin/env python3
"""Proves that with share on the device answers once for all who ask the same,
and that no other reply is shared, whoever leaves or fails in between; that
with keep-reply a reply is given again, byte for byte, until it is too old."""
import signal
import sys

sys.path.insert(0, "tests/lib")
from stand import Client, PAGE, REQUEST, Scenes, reset, until

SCENES = Scenes("--share", "on", "--down-after", "0")
OTHER = REQUEST.replace(b"/page", b"/other")
WITH_COOKIE = REQUEST.replace(b"\r\n\r\n", b"\r\nCookie: a=b\r\n\r\n")


def crowd(proxy, count, request=REQUEST):
    """Clients that have all been taken in."""
    before = proxy.counters()["live"]
    clients = [Client(proxy, request) for _ in range(count)]
    until("all are in", lambda: proxy.counters()["live"] >= before + count)
    proxy.counters()  # a turn later every request has been read
    return clients


def end(proxy):
    proxy.signal(signal.SIGTERM)
    until("the proxy has ended", lambda: proxy.process.poll() is not None)


def settled(proxy, clients):
    """The causes of all `clients`, each of which got the page."""
    for client in clients:
        assert client.outcome() == "200" and client.got.endswith(PAGE), \
            client.got
    return [proxy.end_of(client)["cause"] for client in clients]


@SCENES.scene()
def one_for_all(device, proxy):
    clients = crowd(proxy, 20)
    device.serve_page()
    assert settled(proxy, clients) == ["done"] * 20
    assert device.nobody_waits(), "a second request was made"


@SCENES.scene()
def another_target_queues(device, proxy):
    clients = crowd(proxy, 3)
    other = crowd(proxy, 1, OTHER)
    device.serve_page()
    device.serve_page()
    assert settled(proxy, clients + other) == ["done"] * 4


@SCENES.scene()
def a_cookie_is_not_shared(device, proxy):
    clients = crowd(proxy, 2, WITH_COOKIE)
    for _ in clients:
        device.serve_page()
    settled(proxy, clients)


@SCENES.scene()
def the_oldest_follower_inherits(device, proxy):
    leader = Client(proxy, REQUEST)
    sock = device.take_request()
    followers = crowd(proxy, 3)
    leader.reset()
    proxy.end_of(leader, cause="client-reset")
    sock.answer()
    assert settled(proxy, followers) == ["done"] * 3
    assert device.nobody_waits(), "a second request was made"


@SCENES.scene()
def all_leave(device, proxy):
    clients = crowd(proxy, 3)
    sock = device.take_request()
    for client in clients:
        client.reset()
        proxy.end_of(client)
    try:
        assert sock.recv(1) == b"", "the device's connection stands"
        raise AssertionError("the device saw FIN, not RST")
    except ConnectionResetError:
        pass


def a_crowd_behind_another_target(device, proxy, count):
    """One is being served; `count` wait for another target, one in line."""
    first = Client(proxy, REQUEST)
    sock = device.take_request()
    return first, sock, crowd(proxy, count, OTHER)


def played_in_line(leave):
    """The leader goes before the device was asked: one request for the rest."""
    def play(device, proxy):
        first, sock, waiting = a_crowd_behind_another_target(device, proxy, 6)
        leave(proxy, waiting)
        sock.answer()
        rest = [c for c in waiting if c.fileno() >= 0]
        device.serve_page()
        assert settled(proxy, [first] + rest) == ["done"] * (1 + len(rest))
        assert device.nobody_waits(), "a second request was made"
    play.__name__ = leave.__name__
    return SCENES.scene()(play)


@played_in_line
def the_leader_resets(proxy, waiting):
    waiting[0].reset()
    proxy.end_of(waiting[0], cause="client-reset")


@played_in_line
def leaders_reset_one_by_one(proxy, waiting):
    for client in waiting[:3]:
        client.reset()
        proxy.end_of(client, cause="client-reset")


@played_in_line
def followers_reset_then_the_leader(proxy, waiting):
    for client in waiting[3:0:-1] + waiting[:1]:
        client.reset()
        proxy.end_of(client, cause="client-reset")


@SCENES.scene("--slots", "2")
def nobody_is_served_when_the_proxy_ends(device, proxy):
    crowd(proxy, 4)
    sock = device.take_request()
    proxy.signal(signal.SIGTERM)
    until("it drains", lambda: proxy.find("draining"))
    end(proxy)
    sock.close()
    assert device.nobody_waits(), "the device was connected by a dying proxy"


def odd_reply(name, reply):
    """A reply that may not be shared: everybody gets one of their own."""
    def play(device, proxy):
        clients = crowd(proxy, 3)
        for _ in clients:
            device.serve_page(reply)
        for client in clients:
            client.outcome()
            assert client.got == reply, client.got
    play.__name__ = name
    SCENES.scene()(play)


odd_reply("not a 200", b"HTTP/1.1 404 No\r\n\r\nno\n")
odd_reply("Set-Cookie", b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\nmine\n")
odd_reply("private",
          b"HTTP/1.1 200 OK\r\nCache-Control: private\r\n\r\nmine\n")
odd_reply("longer than reply-buffer", PAGE + b"x" * 70000)


@SCENES.scene()
def a_cut_reply_is_not_shared(device, proxy):
    clients = crowd(proxy, 3)
    sock = device.take_request()
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    sock.answer(cut)
    for _ in clients[1:]:
        device.serve_page()
    clients[0].outcome()
    assert clients[0].got == cut, clients[0].got
    settled(proxy, clients[1:])


@SCENES.scene()
def the_leader_is_answered_502(device, proxy):
    clients = crowd(proxy, 3)
    sock = device.take_request()
    reset(sock)
    for _ in clients[1:]:
        device.serve_page()
    clients[0].gets("502")
    settled(proxy, clients[1:])


@SCENES.scene("--keep-reply", "1h")
def a_kept_reply_is_given_again(device, proxy):
    clients = crowd(proxy, 1)
    device.serve_page()
    clients += crowd(proxy, 2)
    assert settled(proxy, clients) == ["done"] * 3
    assert device.nobody_waits(), "a second request was made"
    other = crowd(proxy, 1, OTHER)
    device.serve_page()
    settled(proxy, other)
    end(proxy)  # what is kept goes with it


@SCENES.scene("--keep-reply", "200ms")
def a_kept_reply_grows_old(device, proxy):
    clients = crowd(proxy, 1)
    device.serve_page()
    settled(proxy, clients)

    def the_device_is_asked():
        client = Client(proxy, REQUEST)
        until("an answer, or a connect",
              lambda: client.ended() or not device.nobody_waits())
        asked = not device.nobody_waits()
        if asked:
            device.serve_page()
        settled(proxy, [client])
        return asked
    until("the reply is too old", the_device_is_asked)


sys.exit(SCENES.main())
