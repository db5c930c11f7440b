"""Draws tables of pollmap: one picture (SVG) of one end's view, and a page
(HTML) in which a reader acts on both ends. Both are generated; nothing in them
is written by hand but the layout.

usage: page.py DIR TABLE.json ...   writes DIR/readiness.svg and DIR/index.html
The picture is drawn from the first table.
"""
import json
import math
import os
import sys
from html import escape

FLAGS = [(1, "IN"), (2, "PRI"), (4, "OUT"), (8, "ERR"), (16, "HUP"),
         (0x2000, "RDHUP")]
# A colour says what a loop has to do; light enough for black text.
COLOURS = {0x0: "#e4e4e4", 0x1: "#cfe8c8", 0x4: "#dcefff", 0x5: "#bfe3b4",
           0x2001: "#fdebb0", 0x2005: "#ffe08a", 0x2015: "#ffc48a",
           0x201d: "#ff9f9f", -1: "#bdbdbd"}
VERBS = {"snd": "send 3 bytes", "rcv": "receive all", "shw": "SHUT_WR",
         "shr": "SHUT_RD", "clo": "close", "rst": "reset", "fil":
         "send until full", "drn": "receive all", "shb": "SHUT_RDWR",
         "oob": "send urgent", "roob": "receive urgent", "con": "connect",
         "err": "SO_ERROR", "dis": "connect AF_UNSPEC", "acc": "accept all",
         "cli": "a client comes", "lis": "listen", "inq": "FIONREAD"}


def name(mask):
    if mask < 0:
        return "closed"
    return " ".join(n for bit, n in FLAGS if mask & bit) or "none"


def colour(mask):
    return COLOURS.get(mask, "#e0d0f0")


def moves(table):
    """What moves the first end from one mask to another: its own actions and
    those of the peer, apart; {(from, to): ({own}, {peer's})}."""
    own = table["ends"][0][0]
    found = {}
    for state in table["states"]:
        for action, (_, to, *_) in state["on"].items():
            a, b = state["mask"][0], table["states"][to]["mask"][0]
            if a != b:
                mine, theirs = found.setdefault((a, b), (set(), set()))
                (mine if action[0] == own else theirs).add(action[2:])
    return found


# Where the picture has each mask; a mask that is not here gets a place below.
PLACES = {0x4: (190, 150), 0x5: (190, 440), 0x2005: (590, 150),
          0x2015: (990, 150), 0x201d: (990, 440), -1: (590, 640)}
WIDTH, HEIGHT, BOX_W, BOX_H = 1180, 760, 220, 74


def border(x, y, tx, ty):
    """Where the line from the box at x, y to tx, ty leaves it."""
    dx, dy = tx - x, ty - y
    scale = min(BOX_W / 2 / abs(dx) if dx else 9e9,
                BOX_H / 2 / abs(dy) if dy else 9e9)
    return x + dx * scale, y + dy * scale


def arrow(places, a, b, label):
    (x1, y1), (x2, y2) = places[a], places[b]
    length = math.hypot(x2 - x1, y2 - y1)
    # To the right of its way, so that there and back stand apart.
    ox, oy = -(y2 - y1) / length * 13, (x2 - x1) / length * 13
    sx, sy = border(x1, y1, x2, y2)
    ex, ey = border(x2, y2, x1, y1)
    sx, sy, ex, ey = sx + ox, sy + oy, ex + ox, ey + oy
    # Labels stand at differing parts of the way: crossing lines meet halfway.
    at = 0.5 if abs(x1 - x2) < 1 or abs(y1 - y2) < 1 else 0.28
    mx, my = sx + (ex - sx) * at, sy + (ey - sy) * at
    if abs(x1 - x2) < 1:  # beside a line that stands upright
        mx += math.copysign(30, ox)
    out = [f'<path class="move" d="M{sx:.0f} {sy:.0f} L{ex:.0f} {ey:.0f}" '
           'marker-end="url(#tip)"/>']
    for i, (kind, text) in enumerate(label):
        y = my + 4 + (i - (len(label) - 1) / 2) * 15
        out.append(f'<text class="label {kind}" x="{mx:.0f}" y="{y:.0f}">'
                   f'{escape(text)}</text>')
    return out


def svg(table):
    masks = sorted({s["mask"][0] for s in table["states"]})
    places = dict(PLACES)
    for i, mask in enumerate(m for m in masks if m not in places):
        places[mask] = (190 + 230 * i, 560)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} '
           f'{HEIGHT}" font-family="sans-serif">',
           '<style>.move{fill:none;stroke:#666;stroke-width:1.6}.label{'
           'font-size:12px;text-anchor:middle;paint-order:stroke;stroke:#fff;'
           'stroke-width:4px}.own{fill:#00458a;font-weight:bold}'
           '.peer{fill:#a02000}.box{stroke:#444}'
           '.flags{font-size:15px;font-weight:bold;text-anchor:middle}'
           '.hex{font-size:12px;text-anchor:middle;fill:#444}</style>',
           '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" '
           'markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4'
           'L0 8z" fill="#666"/></marker></defs>',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
           '<text x="30" y="38" font-size="22" font-weight="bold">What poll '
           f'says of one end: {escape(table["family"])}</text>',
           '<text x="30" y="62" font-size="13" fill="#444">Settled masks of '
           f'{len(table["states"])} states, asked for IN, OUT, RDHUP; Linux '
           f'{escape(table["kernel"])}. An arrow says what may move this end '
           'from mask to mask; what leaves it is left out.</text>',
           '<text x="30" y="82" font-size="13"><tspan class="own">bold blue: '
           'this end does it</tspan><tspan dx="18" class="peer">red: the peer '
           'does it</tspan></text>']
    lines, closing = [], set()
    for (a, b), (own, peer) in sorted(moves(table).items()):
        if b == -1:
            closing |= own
        label = [(kind, ", ".join(sorted(who)))
                 for kind, who in (("own", own), ("peer", peer)) if who]
        if b != -1:
            lines += arrow(places, a, b, label)
    out += lines
    for mask in masks:
        x, y = places[mask]
        states = sum(s["mask"][0] == mask for s in table["states"])
        note = f"0x{mask:x}, {states} states" if mask >= 0 else \
            "from everywhere: " + ", ".join(sorted(closing))
        out += [f'<rect class="box" data-mask="{mask}" x="{x - BOX_W / 2}" '
                f'y="{y - BOX_H / 2}" width="{BOX_W}" height="{BOX_H}" rx="9" '
                f'fill="{colour(mask)}"/>',
                f'<text class="flags" x="{x}" y="{y - 4}">{name(mask)}</text>',
                f'<text class="hex" x="{x}" y="{y + 18}">{note}</text>']
    for i, (verb, text) in enumerate(
            (v, VERBS[v]) for v in sorted({a[2:] for s in table["states"]
                                           for a in s["on"]})):
        out.append(f'<text x="{30 + i * 150}" y="{HEIGHT - 24}" font-size="12"'
                   f' fill="#333"><tspan font-weight="bold">{verb}</tspan> '
                   f'{escape(text)}</text>')
    return "\n".join(out + ["</svg>\n"])


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<title>What poll says: try it</title>
<meta name="viewport" content="width=device-width">
<style>
body{font:15px/1.4 sans-serif;margin:1.2em auto;max-width:1180px;padding:0 1em}
h1{font-size:1.4em;margin:.2em 0}.ends{display:flex;gap:1.5em;flex-wrap:wrap}
.end{flex:1;min-width:300px;border:1px solid #888;border-radius:9px;padding:1em}
.end h2{margin:0 0 .4em;font-size:1.1em}.mask{font-weight:bold;padding:.5em;
border-radius:6px;border:1px solid #666;min-height:1.4em}
button{font:inherit;margin:.5em .4em 0 0;padding:.3em .7em;cursor:pointer}
button:disabled{cursor:default;opacity:.4}select{font:inherit;max-width:100%}
table{border-collapse:collapse;margin-top:.6em}td,th{border:1px solid #aaa;
padding:.2em .6em;text-align:left}#path{max-width:100%;overflow-x:auto}
.note{color:#444}dt{font-weight:bold;margin-top:.6em}dd{margin-left:1.2em}
</style></head><body>
<h1>What poll says of two ends</h1>
<p class="note">Click what either end does; the masks, the return values and the
path are those of a real kernel, from a table of it. Masks are the settled ones;
a loop on another processor can meet others in between (below).</p>
<p><label>Table: <select id="table"></select></label>
<button id="back">undo</button><button id="reset">start again</button></p>
<div class="ends"><div class="end" id="end0"></div>
<div class="end" id="end1"></div></div>
<h2>The path</h2><div id="path"></div>
<table><thead><tr><th>#</th><th>action</th><th>returns</th><th id="h0"></th>
<th id="h1"></th><th id="he"></th></tr></thead><tbody id="log"></tbody></table>
<p class="note">As a command: <code id="command"></code></p>
<h2>Four questions</h2><dl>
<dt>Data and a reset arrive together: which masks can I get?</dt>
<dd>Settled: IN OUT ERR HUP RDHUP (0x201d), until the error is taken. The bytes
are still there: receive them first, then the error, then 0. On another
processor also, for an instant: IN OUT, IN OUT ERR, IN OUT ERR HUP, and now and
then OUT ERR, the bytes not seen yet; asked for IN alone by epoll,
IN ERR without HUP (0x9). Section 2.2.
<button data-try="s.snd s.rst">show</button></dd>
<dt>May I trust HUP to mean "nothing left"?</dt>
<dd>No. HUP means both directions are shut; bytes may be waiting. Read to 0 or
to an error. (Of a pipe HUP without IN does mean it: 10.2.) Section 3.4.
<button data-try="c.shw s.snd s.shw">show</button></dd>
<dt>When does EPOLLET tell of room?</dt>
<dd>TCP: only after room had been missed (a send gave EAGAIN or took less than
offered) and a third of the queue is free again. Unix sockets: at every read of
the peer while there is room. Sections 7.3, 10.1.</dd>
<dt>What differs for Unix sockets?</dt>
<dd>SHUT_RD reaches the peer (its send gives EPIPE); a close is HUP at once; OUT
asks for room only, SHUT_WR or not; edges of OUT, see above; a full listener
refuses with EAGAIN; passed descriptors cut a read short. Section 10.1.
<button data-table="unix" data-try="s.shr c.snd">show</button></dd></dl>
<p class="note">Sections are those of doc/poll-semantics.txt. The picture:
<a href="readiness.svg">readiness.svg</a>. ISC licence, from sallyport.</p>
<script>
"use strict";
const TABLES = @TABLES@, FLAGS = @FLAGS@, COLOURS = @COLOURS@, VERBS = @VERBS@;
// Of these only whether they return 0 is in the table.
const COUNTS = ["rcv", "drn", "fil", "acc"];
let table = TABLES[0], path = [];
const $ = id => document.getElementById(id);
const text = m => m < 0 ? "closed" :
	FLAGS.filter(f => m & f[0]).map(f => f[1]).join(" ") || "none";
const hex = m => m < 0 ? "" : " (0x" + m.toString(16) + ")";
const colour = m => COLOURS[m] || "#e0d0f0";
const here = () => path.length ? path[path.length - 1].to : 0;

function act(action) {
	const on = table.states[here()].on[action];
	if (on)
		path.push({action, result: on[0], to: on[1], edges: on.slice(2)});
	draw();
}

function make(tag, content, style) {
	const e = document.createElement(tag);
	e.textContent = content;
	if (style)
		e.style.background = style;
	return e;
}

function drawEnd(i) {
	const box = $("end" + i), state = table.states[here()];
	box.replaceChildren(make("h2", table.ends[i]));
	const mask = make("div", text(state.mask[i]) + hex(state.mask[i]),
	    colour(state.mask[i]));
	mask.className = "mask";
	box.append(mask);
	const actions = new Set(table.states.flatMap(s => Object.keys(s.on)));
	for (const a of actions)
		if (a[0] === table.ends[i][0]) {
			const b = make("button", a.slice(2));
			b.title = VERBS[a.slice(2)] || "";
			b.dataset.action = a;
			b.disabled = !state.on[a];
			b.onclick = () => act(a);
			box.append(b);
		}
}

function drawPath() {
	const w = 118, steps = [{to: 0}, ...path], width = steps.length * w + 20;
	let s = `<svg xmlns="http://www.w3.org/2000/svg"` +
	    ` width="${width}" height="112">`;
	steps.forEach((step, k) => {
		const x = k * w + 8, m = table.states[step.to].mask;
		for (const i of [0, 1])
			s += `<rect x="${x}" y="${8 + i * 50}" width="76" height="42" rx="6"` +
			    ` fill="${colour(m[i])}" stroke="#555"/><text x="${x + 38}"` +
			    ` y="${33 + i * 50}" font-size="13" text-anchor="middle">` +
			    (m[i] < 0 ? "closed" : "0x" + m[i].toString(16)) + "</text>";
		if (k)
			s += `<text x="${x - 21}" y="${step.action[0] === table.ends[0][0] ?
			    33 : 83}" font-size="12" text-anchor="middle">` +
			    `${step.action.slice(2)}\\u2192</text>`;
	});
	$("path").innerHTML = s + "</svg>";
	$("path").scrollLeft = width;
}

function draw() {
	drawEnd(0);
	drawEnd(1);
	drawPath();
	$("h0").textContent = table.ends[0];
	$("h1").textContent = table.ends[1];
	$("he").textContent = table.edges ? "edges" : "";
	$("log").replaceChildren(...path.map((p, k) => {
		const row = make("tr", ""), m = table.states[p.to].mask;
		row.append(make("td", k + 1), make("td", p.action), make("td",
		    p.result === "1" && COUNTS.includes(p.action.slice(2)) ?
			"more than 0" : p.result),
		    make("td", text(m[0]) + hex(m[0]), colour(m[0])),
		    make("td", text(m[1]) + hex(m[1]), colour(m[1])),
		    make("td", p.edges.map(e => e ? text(e) : "none").join(" | ")));
		return row;
	}));
	const args = path.map(p => "-" + p.action[0] + " " + p.action.slice(2));
	$("command").textContent = "poll-probe -v " + (table.family === "tcp4" ? "" :
	    "--family=" + table.family + " ") + (args.join(" ") || "-c pol");
	$("back").disabled = !path.length;
}

TABLES.forEach((t, i) => $("table").append(new Option(
	`${t.family}, ${t.start}${t.edges ? ", with edges" : ""}, ` +
	`Linux ${t.kernel}`, i)));
$("table").onchange = e => {
	table = TABLES[e.target.value];
	path = [];
	draw();
};
$("back").onclick = () => { path.pop(); draw(); };
$("reset").onclick = () => { path = []; draw(); };
for (const b of document.querySelectorAll("[data-try]"))
	b.onclick = () => {
		const i = TABLES.findIndex(t => t.family === (b.dataset.table || "tcp4"));
		$("table").value = i;
		table = TABLES[i];
		path = [];
		b.dataset.try.split(" ").forEach(act);
		window.scrollTo(0, 0);
	};
// A path can be linked to: index.html#c.snd,s.clo
location.hash.slice(1).split(",").filter(a => a).forEach(act);
draw();
</script></body></html>
"""


def page(tables):
    for key, value in (("TABLES", tables), ("FLAGS", FLAGS),
                       ("COLOURS", COLOURS), ("VERBS", VERBS)):
        text = json.dumps(value, separators=(",", ":")).replace("</", "<\\/")
        global PAGE
        PAGE = PAGE.replace("@" + key + "@", text)
    return PAGE


def main():
    out, *paths = sys.argv[1:]
    tables = [json.load(open(p)) for p in paths]
    with open(os.path.join(out, "readiness.svg"), "w") as f:
        f.write(svg(tables[0]))
    with open(os.path.join(out, "index.html"), "w") as f:
        f.write(page(tables))


if __name__ == "__main__":
    main()
