#!/usr/bin/env python3
"""Draws a canonical trace as a ladder: clients, the program, what is behind.

    tracemap [OPTION]... TRACE [TRACE]

Time runs downwards. Arrows are what crosses a connection: bytes as ranges of
named streams, SYN, FIN and RST; between them stand the program's calls and
its waits, in the margin the promises that a call breaks. Two traces are
drawn side by side, the same lines at the same height. TRACE is what
traceform prints ("-": standard input); with its -t, times are shown.
"""

import argparse
import difflib
import os
import signal
import sys
from html import escape

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import tracecalls
import traceprops

# Options and names that say nothing about the exchange.
TUNING = ('set', 'get', 'getsockname', 'getpeername', 'fcntl', 'pipe',
          'munmap', 'brk', 'mmap', 'log')


class Row:
    """One line of the ladder. An arrow is (direction, text, kind): 'l' or
    'r'; kind data, syn, fin, rst or held."""

    def __init__(self, call):
        self.call, self.text = call, ''
        self.left = self.right = None
        self.faults = []

    def arrow(self, role, outwards, text, kind='data'):
        """Over the connection `role`, away from the program or to it."""
        if role[0] == 'C':
            self.left = 'l' if outwards else 'r', text, kind
        elif role[0] == 'S':
            self.right = 'r' if outwards else 'l', text, kind


class Ladder:
    def __init__(self, text, header=None, brief=False, title=''):
        self.title = title
        said, calls = tracecalls.parse(text)
        said.update(header or {})
        said.setdefault('profile', 'any')
        promises, _ = traceprops.examine(text, said)
        self.faults = sorted(
            (f for p in promises for f in p.broken),
            key=lambda f: (f[1] == 'end', f[1] if f[1] != 'end' else 0, f[0]))
        self.world = tracecalls.World()
        self.rows = []
        for call in calls:
            row = Row(call)
            self._draw(row, call)
            self.world.take(call)
            row.faults = sorted({f[0] for f in self.faults
                                 if f[1] == call.number})
            if not brief or row.faults or call.verb not in TUNING and \
                    call.who != 'log':
                self.rows.append(row)
        self.timed = any(c.time is not None for c in calls)

    def _draw(self, row, call):
        row.text = call.text
        draw = getattr(self, '_' + call.verb, None)
        if draw:
            draw(row, call)
        if call.task:
            row.text = f'{call.task}. {row.text}'

    def _wait(self, row, call):
        where = '' if call.who == 'E' else call.who + ' '
        row.text = f'~ {where}waits {call.args[0] if call.args else ""} ' \
            f'-> {call.result}'

    def _accept(self, row, call):
        if not call.error:
            row.arrow(call.result, False, f'{call.result} SYN', 'syn')

    def _connect(self, row, call):
        r = self.world.role(call.who)
        if (r.connecting or r.saw_out) and not call.error:
            return                      # it asks for the result
        if call.error in (None, 'EINPROGRESS'):
            row.arrow(call.who, True, f'{call.who} SYN', 'syn')
        elif call.error != 'EAGAIN':
            row.arrow(call.who, False, f'{call.who} {call.error}', 'rst')

    def _recv(self, row, call):
        who = call.who
        if call.result == 'EOF':
            row.arrow(who, False, f'{who} FIN', 'fin')
        elif call.error == 'ECONNRESET':
            row.arrow(who, False, f'{who} RST', 'rst')
        elif call.error:
            return
        else:
            row.arrow(who, False, payload(who, call.result))
        row.text = f'{who} recv'

    def _send(self, row, call):
        if call.error:
            return
        held = 'MORE' in call.args
        said = call.args[0]
        m = tracecalls.RANGE.match(said)
        if m:
            end = int(m[2]) + int(call.result or 0)
            said = f'{m[1]}[{m[2]}..{end})'
        row.arrow(call.who, True, payload(call.who, said) +
                  (' held' if held else ''), 'held' if held else 'data')
        short = m and end < int(m[3])
        row.text = f'{call.who} send' + (' MORE' if held else '') + \
            (f' {int(m[3]) - int(m[2])} -> {call.result}' if short else '')

    def _splice(self, row, call):
        to = call.args[0]
        row.text = f'{call.who} splice {to}'
        if call.error:
            row.text += ' -> ' + call.error
        elif call.result == 'EOF':
            row.arrow(call.who, False, f'{call.who} FIN', 'fin')
        else:
            row.arrow(call.who, False, payload(call.who, call.result))
            row.arrow(to, True, payload(to, call.result))

    def _sendfile(self, row, call):
        if not call.error:
            row.arrow(call.who, True, f'{call.who} file {call.result}')

    def _shut(self, row, call):
        if not call.error and call.args[:1] != ['RD']:
            row.arrow(call.who, True, f'{call.who} FIN', 'fin')

    def _close(self, row, call):
        r = self.world.role(call.who)
        if 'copy' in call.args or r.error:
            return
        if r.lingers:
            row.arrow(call.who, True, f'{call.who} RST', 'rst')
        elif not r.shut:
            row.arrow(call.who, True, f'{call.who} FIN', 'fin')


def payload(who, said):
    """A stream that bears its reader's name needs no other."""
    return said if said.startswith(who + '[') else f'{who} {said}'


# -- as text

class Text:
    """Column widths for a page of so many columns."""

    def __init__(self, width, timed):
        self.width = width
        self.time = 10 if timed else 0
        self.margin = 5
        rest = width - self.time - self.margin - 4
        self.middle = max(16, rest * 44 // 100)
        self.arrow = max(10, (rest - self.middle) // 2)

    @staticmethod
    def cut(text, width):
        return text if len(text) <= width else text[:width - 1] + '…'

    def draw_arrow(self, arrow):
        if not arrow:
            return ' ' * self.arrow
        direction, text, kind = arrow
        fill = {'held': '.', 'rst': '='}.get(kind, '-')
        body = f' {self.cut(text, self.arrow - 5)} '.center(
            self.arrow - 1, fill)
        return '<' + body if direction == 'l' else body + '>'

    def line(self, row):
        time = f'{row.call.time * 1000:9.2f} ' if self.time and \
            row.call.time is not None else ' ' * self.time
        middle = self.cut(row.text, self.middle)
        return (f'{time}|{self.draw_arrow(row.left)}|'
                f'{middle:^{self.middle}}|{self.draw_arrow(row.right)}|'
                f'{" " + " ".join(row.faults) if row.faults else ""}')

    def heading(self):
        time = '       ms ' if self.time else ''
        return (f'{time} {"client":<{self.arrow}} '
                f'{"program":^{self.middle}} {"device":>{self.arrow}}')


def fault_lines(ladder, width):
    """What the marks in the margin mean; a promise's first lines only."""
    lines, seen = [], {}
    for name, number, why in ladder.faults:
        seen.setdefault(name, []).append(f'line {number}: {why}')
    for name, whys in sorted(seen.items(), key=lambda i: int(i[0][1:])
                             if i[0][1:].isdigit() else 99):
        for why in whys[:3]:
            lines.append(Text.cut(f'{name:<4} {why}', width))
        if len(whys) > 3:
            lines.append(f'{name:<4} and {len(whys) - 3} more')
    return lines


def as_text(ladder, width):
    page = Text(width, ladder.timed)
    lines = [page.heading()] + [page.line(row) for row in ladder.rows]
    notes = fault_lines(ladder, width)
    return [line.rstrip() for line in lines + ([''] + notes if notes else [])]


def aligned(one, two):
    """Pairs of rows: the same call on one height, None where one has none."""
    a = [row.call.text for row in one.rows]
    b = [row.call.text for row in two.rows]
    for op, i, j, k, m in difflib.SequenceMatcher(None, a, b,
                                                  False).get_opcodes():
        if op == 'equal':
            yield from zip(one.rows[i:j], two.rows[k:m])
            continue
        n = max(j - i, m - k)
        left = one.rows[i:j] + [None] * (n - (j - i))
        right = two.rows[k:m] + [None] * (n - (m - k))
        yield from zip(left, right)


def side_by_side(one, two, width):
    half = (width - 3) // 2
    page = Text(half, False)
    lines = [f'{page.heading():<{half}}   {page.heading()}']
    for a, b in aligned(one, two):
        mark = ' ' if a and b and a.call.text == b.call.text else '*'
        lines.append(f'{page.line(a) if a else "":<{half}} {mark} '
                     f'{page.line(b) if b else ""}')
    for name, ladder in (('left', one), ('right', two)):
        notes = fault_lines(ladder, width - 7)
        lines += [''] * bool(notes) + [f'{name:<6} {n}' for n in notes]
    return [line.rstrip() for line in lines]


# -- as SVG

STYLE = '''
svg { background: #fff; font: 12px ui-monospace, monospace; }
text { fill: #1b1f24; } .head { font-weight: bold; font-size: 14px; }
.time, .tune { fill: #6e7781; } .wait { fill: #57606a; }
.life { stroke: #d0d7de; stroke-width: 2; } .band { fill: #f6f8fa; }
.arrow { stroke: #1b1f24; stroke-width: 1.3; fill: none; }
.tip { fill: #1b1f24; stroke: none; }
.syn .arrow { stroke: #6e7781; } .syn .tip { fill: #6e7781; }
.fin .arrow { stroke: #0969da; } .fin .tip, .fin text { fill: #0969da; }
.rst .arrow { stroke: #cf222e; } .rst .tip, .rst text { fill: #cf222e; }
.held .arrow { stroke-dasharray: 4 3; }
.fault { fill: #cf222e; font-weight: bold; } .note { fill: #cf222e; }
@media (prefers-color-scheme: dark) {
svg { background: #0d1117; } text { fill: #e6edf3; }
.time, .tune, .wait { fill: #8d96a0; } .life { stroke: #30363d; }
.band { fill: #161b22; } .arrow { stroke: #e6edf3; }
.tip { fill: #e6edf3; }
.syn .arrow { stroke: #8d96a0; } .syn .tip { fill: #8d96a0; }
.fin .arrow { stroke: #58a6ff; } .fin .tip, .fin text { fill: #58a6ff; }
.rst .arrow { stroke: #ff7b72; } .rst .tip, .rst text { fill: #ff7b72; }
.fault, .note { fill: #ff7b72; }
}'''
ROW, TOP, CHAR = 22, 44, 7.25


class Svg:
    """One ladder, from `x` on."""

    def __init__(self, ladder, x, timed):
        self.x = x + (70 if timed else 30)
        self.timed, self.parts = timed, []
        self.client, self.inner = self.x + 10, self.x + 200
        self.outer = self.inner + 330
        self.device = self.outer + 190
        self.right = self.device + 90

    def text(self, x, y, text, css='', anchor='start', room=None):
        if room and len(text) * CHAR > room:
            text = text[:int(room / CHAR) - 1] + '…'
        self.parts.append(f'<text x="{x}" y="{y}" text-anchor="{anchor}"'
                          f' class="{css}">{escape(text)}</text>')

    def arrow(self, arrow, left, right, y):
        direction, text, kind = arrow
        start, end = (left, right) if direction == 'r' else (right, left)
        back = -7 if direction == 'r' else 7
        self.parts.append(
            f'<g class="{kind}"><path class="arrow" d="M{start} {y}H'
            f'{end + back}"/><path class="tip" d="M{end} {y}l{back} -4v8z"/>')
        self.text((left + right) / 2, y - 4, text, '', 'middle',
                  right - left - 12)
        self.parts.append('</g>')

    def frame(self, height, title):
        for x, name in ((self.client, 'client'), (self.device, 'device')):
            self.text(x, TOP - 18, name, 'head', 'middle')
            self.line(x, height)
        self.text((self.inner + self.outer) / 2, TOP - 18, title, 'head',
                  'middle')
        self.line(self.inner, height)
        self.line(self.outer, height)

    def line(self, x, height):
        self.parts.append(f'<path class="life" d="M{x} {TOP - 8}V{height}"/>')

    def row(self, row, y):
        wait = row.call.verb == 'wait'
        if wait:
            self.parts.append(
                f'<rect class="band" x="{self.inner}" y="{y - 15}" '
                f'width="{self.outer - self.inner}" height="{ROW}"/>')
        css = 'wait' if wait else 'tune' if row.call.verb in TUNING + (
            'add', 'mod', 'del') else ''
        self.text((self.inner + self.outer) / 2, y, row.text, css, 'middle',
                  self.outer - self.inner - 10)
        if row.left:
            self.arrow(row.left, self.client, self.inner, y)
        if row.right:
            self.arrow(row.right, self.outer, self.device, y)
        if self.timed and row.call.time is not None:
            self.text(self.x - 12, y, f'{row.call.time * 1000:.2f}', 'time',
                      'end')
        if row.faults:
            self.text(self.device + 12, y, ' '.join(row.faults), 'fault')


def as_svg(ladders):
    rows = [(r,) for r in ladders[0].rows] if len(ladders) == 1 else \
        list(aligned(*ladders))
    bottom = TOP + ROW * (len(rows) + 1)
    columns, x = [], 0
    for ladder in ladders:
        columns.append(Svg(ladder, x, ladder.timed))
        x = columns[-1].right
    for column, ladder in zip(columns, ladders):
        column.frame(bottom, ladder.title or 'program')
    for n, several in enumerate(rows, 1):
        for column, row in zip(columns, several):
            if row:
                column.row(row, TOP + ROW * n)
    height = bottom + 10
    for column, ladder in zip(columns, ladders):
        notes = fault_lines(ladder, 95)
        for n, note in enumerate(notes, 1):
            column.text(column.x, bottom + 12 + 17 * n, note, 'note')
        height = max(height, bottom + 24 + 17 * len(notes))
    parts = [part for column in columns for part in column.parts]
    # Lines lie under everything else.
    parts.sort(key=lambda p: not p.startswith(('<path class="life"',
                                               '<rect')))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{x}" '
            f'height="{height}" viewBox="0 0 {x} {height}">'
            f'<style>{STYLE}\n</style>\n' + '\n'.join(parts) + '\n</svg>\n')


def parse_options(argv):
    parser = argparse.ArgumentParser(
        prog='tracemap', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--svg', action='store_true',
                        help='an SVG picture, for dark and light pages')
    parser.add_argument('--width', type=int, default=80, metavar='COLUMNS',
                        help='of text (default 80)')
    parser.add_argument('--brief', action='store_true',
                        help='without options, names and the log')
    parser.add_argument('--profile', choices=traceprops.PROFILES,
                        help='of promises (default any)')
    parser.add_argument('traces', nargs='+', metavar='TRACE')
    options = parser.parse_intermixed_args(argv)
    if len(options.traces) > 2:
        parser.error('one trace, or two')
    return options


def main(argv):
    options = parse_options(argv)
    header = {'profile': options.profile} if options.profile else {}
    ladders = [Ladder(traceprops.read_canonical(path), header, options.brief,
                      os.path.basename(path) if path != '-' else '')
               for path in options.traces]
    if options.svg:
        sys.stdout.write(as_svg(ladders))
    elif len(ladders) == 1:
        print('\n'.join(as_text(ladders[0], options.width)))
    else:
        print('\n'.join(side_by_side(*ladders, options.width)))
    return 0


if __name__ == '__main__':
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        sys.exit(main(sys.argv[1:]))
    except (traceprops.NoTrace, OSError) as reason:
        print(f'tracemap: {traceprops.error_text(reason)}', file=sys.stderr)
        sys.exit(66)
