"""What second-address.sh runs: both.test is ::1, where nobody listens,
and 127.0.0.1, where the device is."""
import sys

sys.path.insert(0, "tests/lib")
from stand import Client, REQUEST, Scenes, until

SCENES = Scenes("--first-byte-timeout", "1s", host="both.test")


@SCENES.scene()
def a_silence_is_probed(device, proxy):
    client = Client(proxy, REQUEST)
    sock = device.take_request()
    assert client.outcome() == "504", client.got
    sock.close()
    device.serve_page()  # the probe
    until("it is cleared", lambda: proxy.find("no longer suspected"))
    client = Client(proxy, REQUEST)
    device.serve_page()
    assert client.outcome() == "200", client.got
    assert not proxy.find("device down")


if __name__ == "__main__":
    sys.exit(SCENES.main())
