"""What a real Chromium does to the device, asked of every front; left out where
there is none."""
import shutil
import sys

import preconnect
from before_device import established
from book import of_a_browser


def preconnecting(stage):
    url = "http://%s:%d/" % stage.address

    def taken(n):
        if stage.front.kind == "direct":
            return stage.device.stat("silent") == n
        return established(stage.address[1]) >= n
    first = preconnect.browser()
    preconnect.open_tabs(first, url, taken)
    good = [preconnect.loads(first, url)]
    first.end()
    second = preconnect.browser()
    good.append(preconnect.loads(second, url))
    second.end()
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
