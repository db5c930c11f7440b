#!/bin/sh
# Proves the page and the picture: generated from the published tables, and in a
# browser a click shows what the table says.
cd "$(dirname "$0")/../.." || exit 1
here=contrib/pollmap
dir=${TMPDIR:-/tmp}/page.$$
mkdir "$dir" || exit 1
trap 'rm -rf "$dir"' EXIT
fail()
{
	echo "FAIL: $*"
	exit 1
}

# shellcheck source=contrib/pollmap/page.sh
sh $here/page.sh "$dir" || fail "page.sh"
cmp "$dir/readiness.svg" $here/readiness.svg ||
	fail "the picture is not what the tables give: make page, and copy it"

# Every mask of TCP has its box, every box a colour of its own.
python3 - "$dir/readiness.svg" <<'END' || fail "the picture"
import sys
import xml.etree.ElementTree as tree
boxes = [e for e in tree.parse(sys.argv[1]).iter() if "data-mask" in e.attrib]
masks = {int(b.get("data-mask")) for b in boxes}
assert masks == {-1, 0x4, 0x5, 0x2005, 0x2015, 0x201d}, masks
assert len({b.get("fill") for b in boxes}) == len(boxes)
END

browser=$(command -v chromium || command -v chromium-browser) || {
	echo "no chromium to look at the page with"
	exit 77
}

# shown ADDRESS SCRIPT TEXT...: the page, when SCRIPT has run, shows all TEXT.
shown()
{
	address=$1 script=$2
	shift 2
	{
		cat "$dir/index.html"
		echo "<script>$script</script>"
	} >"$dir/try.html"
	timeout 120 "$browser" --headless --no-sandbox --disable-gpu \
		--user-data-dir="$dir/profile" --dump-dom \
		"file://$dir/try.html$address" >"$dir/dom" 2>"$dir/err"
	for text; do
		grep -qF -e "$text" "$dir/dom" || {
			tail -n 3 "$dir/err"
			fail "$address $script does not show: $text"
		}
	done
}
# shellcheck disable=SC2016
click='document.querySelector(`[data-action="ACTION"]`).click();'
clicks=
for action in s.snd s.rst c.rcv c.rcv c.rcv; do
	clicks="$clicks$(echo "$click" | sed "s/ACTION/$action/")"
done
shown '' "$clicks" '<td>ECONNRESET</td>' '<td>more than 0</td>' \
	'IN OUT ERR HUP RDHUP (0x201d)</td>' \
	'IN OUT HUP RDHUP (0x2015)</div>' \
	'-s snd -s rst -c rcv -c rcv -c rcv</code>' '>0x201d</text>'
shown '#c.shw,s.shw' '' 'IN OUT HUP RDHUP (0x2015)</div>'
shown '' 'document.querySelector("[data-table=unix]").click();' \
	'<td>EPIPE</td>' '--family=unix'
