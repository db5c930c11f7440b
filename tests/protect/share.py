"""share on: one device reply for all who ask the same, whatever happens to the
one who asked first.
"""
import signal
import sys
import traceback

from stand import Client, Device, Proxy, PAGE, REQUEST, reset, until

OTHER = REQUEST.replace(b"/page", b"/other")
WITH_COOKIE = REQUEST.replace(b"\r\n\r\n", b"\r\nCookie: a=b\r\n\r\n")


def crowd(proxy, count, request=REQUEST):
    """Clients that have all been taken in."""
    before = proxy.counters()["live"]
    clients = [Client(proxy, request) for _ in range(count)]
    until("all are in", lambda: proxy.counters()["live"] >= before + count)
    proxy.counters()  # a turn later every request has been read
    return clients


def settled(proxy, clients):
    """The causes of all `clients`, each of which got the page."""
    for client in clients:
        assert client.outcome() == "200" and client.got.endswith(PAGE), \
            client.got
    return [proxy.end_of(client)["cause"] for client in clients]


def one_for_all(device, proxy):
    clients = crowd(proxy, 20)
    device.serve_page()
    assert settled(proxy, clients) == ["done"] * 20
    assert device.nobody_waits(), "a second request was made"


def another_target_queues(device, proxy):
    clients = crowd(proxy, 3)
    other = crowd(proxy, 1, OTHER)
    device.serve_page()
    device.serve_page()
    assert settled(proxy, clients + other) == ["done"] * 4


def a_cookie_is_not_shared(device, proxy):
    clients = crowd(proxy, 2, WITH_COOKIE)
    for _ in clients:
        device.serve_page()
    settled(proxy, clients)


def the_oldest_follower_inherits(device, proxy):
    leader = Client(proxy, REQUEST)
    sock = device.take_request()
    followers = crowd(proxy, 3)
    leader.reset()
    assert proxy.end_of(leader)["cause"] == "client-reset"
    sock.sendall(PAGE)
    sock.close()
    assert settled(proxy, followers) == ["done"] * 3
    assert device.nobody_waits(), "a second request was made"


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


def the_line_keeps_its_flight(leave):
    """The leader goes before the device was asked: one request for the rest."""
    def play(device, proxy):
        first, sock, waiting = a_crowd_behind_another_target(device, proxy, 6)
        leave(proxy, waiting)
        sock.sendall(PAGE)
        sock.close()
        rest = [c for c in waiting if c.sock.fileno() >= 0]
        device.serve_page()
        assert settled(proxy, [first] + rest) == ["done"] * (1 + len(rest))
        assert device.nobody_waits(), "a second request was made"
    return play


def the_leader_resets(proxy, waiting):
    waiting[0].reset()
    assert proxy.end_of(waiting[0])["cause"] == "client-reset"


def leaders_reset_one_by_one(proxy, waiting):
    for client in waiting[:3]:
        client.reset()
        assert proxy.end_of(client)["cause"] == "client-reset"


def followers_reset_then_the_leader(proxy, waiting):
    for client in waiting[3:0:-1] + waiting[:1]:
        client.reset()
        assert proxy.end_of(client)["cause"] == "client-reset"


def nobody_is_served_when_the_proxy_ends(device, _):
    proxy = Proxy(device, "--share", "on", "--slots", "2")
    crowd(proxy, 4)
    sock = device.take_request()
    proxy.signal(signal.SIGTERM)
    until("it drains", lambda: proxy.find("draining"))
    proxy.signal(signal.SIGTERM)
    until("the proxy has ended", lambda: proxy.process.poll() is not None)
    proxy.stop()
    sock.close()
    assert device.nobody_waits(), "the device was connected by a dying proxy"


def odd_reply(reply, times):
    """A reply that may not be shared: everybody gets one of their own."""
    def play(device, proxy):
        clients = crowd(proxy, 3)
        for _ in range(times):
            sock = device.take_request()
            sock.sendall(reply)
            sock.close()
        for client in clients:
            client.outcome()
            assert client.got == reply, client.got
    return play


def a_cut_reply_is_not_shared(device, proxy):
    clients = crowd(proxy, 3)
    sock = device.take_request()
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    sock.sendall(cut)
    sock.close()
    for _ in clients[1:]:
        device.serve_page()
    clients[0].outcome()
    assert clients[0].got == cut, clients[0].got
    settled(proxy, clients[1:])


def the_leader_is_answered_502(device, proxy):
    clients = crowd(proxy, 3)
    sock = device.take_request()
    reset(sock)
    for _ in clients[1:]:
        device.serve_page()
    assert clients[0].outcome() == "502"
    settled(proxy, clients[1:])


SCENES = {
    "one for all": one_for_all,
    "another target queues": another_target_queues,
    "a cookie is not shared": a_cookie_is_not_shared,
    "the oldest follower inherits": the_oldest_follower_inherits,
    "all leave": all_leave,
    "the leader resets in line": the_line_keeps_its_flight(the_leader_resets),
    "leaders reset in line, one by one":
        the_line_keeps_its_flight(leaders_reset_one_by_one),
    "followers reset in line, then the leader":
        the_line_keeps_its_flight(followers_reset_then_the_leader),
    "nobody is served when the proxy ends": nobody_is_served_when_the_proxy_ends,
    "not a 200": odd_reply(b"HTTP/1.1 404 No\r\n\r\nno\n", 3),
    "Set-Cookie": odd_reply(
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\nmine\n", 3),
    "private": odd_reply(
        b"HTTP/1.1 200 OK\r\nCache-Control: private\r\n\r\nmine\n", 3),
    "longer than reply-buffer": odd_reply(PAGE + b"x" * 70000, 3),
    "a cut reply is not shared": a_cut_reply_is_not_shared,
    "the leader is answered 502": the_leader_is_answered_502,
}


def main():
    bad = 0
    for name, scene in SCENES.items():
        device = Device()
        proxy = Proxy(device, "--share", "on", "--down-after", "0")
        base = proxy.descriptors()
        try:
            scene(device, proxy)
            until("descriptors are back", lambda: proxy.descriptors() == base)
        except Exception:
            bad += 1
            print("%s:\n%s" % (name, traceback.format_exc()))
        finally:
            proxy.stop()
            device.stop()
    print("%d scenes, %d wrong" % (len(SCENES), bad))
    return 1 if bad else 0


sys.exit(main())
