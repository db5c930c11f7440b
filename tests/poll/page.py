#!/usr/bin/env python3
"""Proves the page and the picture: generated from the published tables, and in
a browser a click shows what the table says."""
import shutil
import xml.etree.ElementTree

from probe import check, end, expect, path, say, skip, TMP

PICTURE = "contrib/pollmap/readiness.svg"
CLICK = "document.querySelector(`[data-action=\"%s\"]`).click();"

expect(0, "", "sh", "contrib/pollmap/page.sh", TMP)
with open(path("readiness.svg")) as made, open(PICTURE) as published:
    check(made.read() == published.read(),
          "the picture is not what the tables give: make page, and copy it")

# Every mask of TCP has its box, every box a colour of its own.
boxes = [each for each in xml.etree.ElementTree.parse(PICTURE).iter()
         if "data-mask" in each.attrib]
masks = {int(box.get("data-mask")) for box in boxes}
check(masks == {-1, 0x4, 0x5, 0x2005, 0x2015, 0x201d}, masks)
check(len({box.get("fill") for box in boxes}) == len(boxes), "two of a colour")

browser = shutil.which("chromium") or shutil.which("chromium-browser")
if not browser:
    skip("no chromium to look at the page with")


def shown(address, script, *texts):
    """The page, when `script` has run, shows all `texts`."""
    with open(path("index.html")) as page, open(path("try.html"), "w") as out:
        out.write("%s<script>%s</script>" % (page.read(), script))
    said = say(browser, "--headless", "--no-sandbox", "--disable-gpu",
               "--user-data-dir=" + path("profile"), "--dump-dom",
               "file://%s%s" % (path("try.html"), address))[1]
    for text in texts:
        check(text in said, address, script, "does not show:", text)


shown("", "".join(CLICK % action for action in
                  ("s.snd", "s.rst", "c.rcv", "c.rcv", "c.rcv")),
      "<td>ECONNRESET</td>", "<td>more than 0</td>",
      "IN OUT ERR HUP RDHUP (0x201d)</td>", "IN OUT HUP RDHUP (0x2015)</div>",
      "-s snd -s rst -c rcv -c rcv -c rcv</code>", ">0x201d</text>")
shown("#c.shw,s.shw", "", "IN OUT HUP RDHUP (0x2015)</div>")
shown("", 'document.querySelector("[data-table=unix]").click();',
      "<td>EPIPE</td>", "--family=unix")
end()
