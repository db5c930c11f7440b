#!/usr/bin/env python3
"""What the simulation reaches of src/policy and src/proxy.

coverage.py BUILD SEEDS: plays these seeds and all kept plans with the
simulator of BUILD, which was compiled for gcov, and prints for each file and
room how many lines were reached, then every line and every row of the state
tables (seen.c) that was not. unreached.txt says which of them no simulation
can reach, and why; it says so when one of those was reached after all.
Exits with 1 if that file is out of date.
"""
import glob
import json
import os
import subprocess
import sys

ROOMS = ('policy', 'proxy')
HERE = 'tests/sim'


def known():
    """The lines of unreached.txt: {(subject, part): reason}."""
    rows = {}
    with open(f'{HERE}/unreached.txt', encoding='utf-8') as file:
        for line in file:
            if line.strip() and not line.startswith('#'):
                subject, reason = line.split(': ', 1)
                rows[tuple(subject.split(' ', 1))] = reason.strip()
    return rows


def play(build, seeds):
    """Returns the rows of the state tables: {row: how often}."""
    for path in glob.glob(f'{build}/src/**/*.gcda', recursive=True):
        os.remove(path)
    sim = f'{build}/{HERE}/sim'
    plans = sorted(glob.glob(f'{HERE}/regress/*.plan'))
    out = subprocess.run([sim, '-e', seeds, *plans], check=True, text=True,
                         stdout=subprocess.PIPE).stdout.splitlines()
    print(out[0])
    rows = (line.rsplit(' ', 1) for line in out[1:])
    return {row: int(count) for row, count in rows}


def lines_of(build, source):
    """Every line with code: {number: (function, reached)}."""
    out = subprocess.run(
        ['gcov', '--json-format', '--stdout',
         f'{build}/{source[:-2]}.gcda'],
        check=True, text=True, stdout=subprocess.PIPE).stdout
    lines = {}
    for file in json.loads(out)['files']:
        if file['file'] != source:
            continue
        for line in file['lines']:
            number = line['line_number']
            before = lines.get(number, ('', False))[1]
            lines[number] = (line.get('function_name', ''),
                             before or line['count'] > 0)
    return lines


class Report:
    """What is printed, and which rows of unreached.txt were of use."""

    def __init__(self):
        self.known = known()
        self.used = set()
        self.open = []

    def excused(self, source, function, text):
        for row in self.known:
            if row[0] == source and (row[1] == function or
                                     row[1].startswith('=') and
                                     row[1][1:] in text):
                self.used.add(row)
                return True
        return False

    def file(self, source, lines):
        """Returns (lines, reached, excused)."""
        excused = 0
        with open(source, encoding='utf-8') as file:
            text = [''] + file.read().splitlines()
        for number, (function, reached) in sorted(lines.items()):
            if reached:
                continue
            if self.excused(source, function, text[number]):
                excused += 1
            else:
                self.open.append(f'{source}:{number}: {text[number].strip()}')
        return len(lines), sum(r for _, r in lines.values()), excused

    def row(self, row):
        """Returns whether it is excused."""
        excused = self.excused('row', row, row)
        if not excused:
            self.open.append(f'row {row}')
        return excused


def percent(lines, reached, excused):
    left = lines - excused
    return (f'{100 * reached / lines:5.1f} % of {lines} lines' +
            (f', {100 * reached / left:.1f} % but for {excused} that cannot '
             'be reached' if excused else ''))


def main():
    build, seeds = sys.argv[1:]
    report = Report()
    rows = play(build, seeds)
    for room in ROOMS:
        total = (0, 0, 0)
        for path in sorted(glob.glob(f'{build}/src/{room}/*.gcda')):
            source = path[len(build) + 1:-5] + '.c'
            found = report.file(source, lines_of(build, source))
            total = tuple(map(sum, zip(total, found)))
            print(f'  {source:32} {percent(*found)}')
        print(f'src/{room:30} {percent(*total)}')
    met = sum(count > 0 for count in rows.values())
    excused = sum(report.row(row) for row, count in rows.items() if count == 0)
    print(f'{"state tables":34} {met} of {len(rows)} rows met, {excused} of '
          'the others cannot be')
    print('never reached:')
    for line in report.open:
        print(f'  {line}')
    stale = set(report.known) - report.used
    for row in sorted(stale):
        print(f'{HERE}/unreached.txt: {" ".join(row)}: was reached')
    return 1 if stale else 0


sys.exit(main())
