"""A pytest plugin: the fixture `tempdev` starts emulators for a test."""
import pytest

from tempdev import Device


@pytest.fixture
def tempdev():
    """Call it with the switches of a device; all end with the test."""
    devices = []

    def start(*args, **more):
        devices.append(Device(*args, **more))
        return devices[-1]

    yield start
    for device in devices:
        device.end()
