"""What a real Chromium does to the device, asked of every front; left out where
there is none."""
import shutil
import sys

import preconnect
from book import of_a_browser
from front import established


def preconnecting(stage):
    def taken(n):
        if stage.front.kind == "direct":
            return stage.device.stat("silent") == n
        return established(stage.address[1]) >= n
    good = preconnect.pages("http://%s:%d/" % stage.address, taken)
    stage.must("%d of %d pages beside four tabs that connected in advance, "
               "%d of %d when they were closed" %
               (good[0], preconnect.LOADS, good[1], preconnect.LOADS),
               good == [preconnect.LOADS] * 2)
    stage.invariants(timed=False)


if shutil.which("chromium"):
    of_a_browser("four tabs that connect in advance", *preconnect.DEVICE,
                 limit=150)(preconnecting)
else:
    print("chromium is not installed: no row B1", file=sys.stderr)
