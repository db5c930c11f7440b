"""An example of tests against the emulator under pytest:

    PYTHONPATH=contrib/tempdev pytest -p pytest_tempdev \\
        contrib/tempdev/example_test.py
"""


def test_page(tempdev):
    device = tempdev("--uptime", 10, "--temp", "fixed:27.25")
    assert b": 27.25 deg C " in device.get()
    assert device.stat("requests") == 1


def test_silent_clients_take_all_slots(tempdev):
    device = tempdev("--uptime", 100, "--lib", "stock2017")
    for _ in range(4):
        device.connect()
        device.advance(0.05)
    assert device.stat("silent") == 4
    assert device.is_refused()


def test_device_dies_in_its_second_reply(tempdev):
    device = tempdev("--uptime", 100, "--fault", "spi-hang=req:2,write:15")
    device.get()
    client = device.connect()
    client.send(b"GET / HTTP/1.0\r\n\r\n")
    device.advance_until("fw=hung")
    assert client.read_now().endswith(b"<!DOCTYPE html>\r\n")
