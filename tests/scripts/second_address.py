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
    client.gets("504")
    sock.close()
    device.serve_page()  # the probe
    until("it is cleared", lambda: proxy.find("no longer suspected"))
    proxy.serves()
    assert not proxy.find("device down")


sys.exit(SCENES.main())
