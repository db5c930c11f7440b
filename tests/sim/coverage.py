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


KNOWN = known()
used = set()    # those of them that excused something
unreached = []  # what nothing excuses


def run(*command):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def play(build, seeds):
    """Returns the rows of the state tables: {row: how often}."""
    for path in glob.glob(f'{build}/src/**/*.gcda', recursive=True):
        os.remove(path)
    out = run(f'{build}/{HERE}/sim', '-e', seeds,
              *sorted(glob.glob(f'{HERE}/regress/*.plan'))).splitlines()
    print(out[0])
    rows = (line.rsplit(' ', 1) for line in out[1:])
    return {row: int(count) for row, count in rows}


def lines_of(build, source):
    """Every line with code: {number: (function, reached)}."""
    out = run('gcov', '--json-format', '--stdout',
              f'{build}/{source[:-2]}.gcda')
    lines = {}
    for file in json.loads(out)['files']:
        for line in file['lines'] if file['file'] == source else ():
            number = line['line_number']
            before = lines.get(number, ('', False))[1]
            lines[number] = (line.get('function_name', ''),
                             before or line['count'] > 0)
    return lines


def is_excused(subject, part, text, place):
    for row in KNOWN:
        if row[0] == subject and (row[1] == part or row[1][0] == '=' and
                                  row[1][1:] in text):
            used.add(row)
            return True
    unreached.append(place)
    return False


def look_at(source, lines):
    """Returns (lines, reached, excused)."""
    excused = 0
    with open(source, encoding='utf-8') as file:
        text = [''] + [line.strip() for line in file]
    for number, (function, reached) in sorted(lines.items()):
        excused += not reached and is_excused(
            source, function, text[number],
            f'{source}:{number}: {text[number]}')
    return len(lines), sum(r for _, r in lines.values()), excused


def percent(lines, reached, excused):
    left = lines - excused
    return (f'{100 * reached / lines:5.1f} % of {lines} lines' +
            (f', {100 * reached / left:.1f} % but for {excused} that cannot '
             'be reached' if excused else ''))


def main():
    build, seeds = sys.argv[1:]
    rows = play(build, seeds)
    for room in ROOMS:
        total = (0, 0, 0)
        for path in sorted(glob.glob(f'{build}/src/{room}/*.gcda')):
            source = path[len(build) + 1:-5] + '.c'
            found = look_at(source, lines_of(build, source))
            total = tuple(map(sum, zip(total, found)))
            print(f'  {source:32} {percent(*found)}')
        print(f'src/{room:30} {percent(*total)}')
    met = sum(count > 0 for count in rows.values())
    excused = sum(is_excused('row', row, row, f'row {row}')
                  for row, count in rows.items() if count == 0)
    print(f'{"state tables":34} {met} of {len(rows)} rows met, {excused} of '
          'the others cannot be')
    print('never reached:', *unreached, sep='\n  ')
    stale = set(KNOWN) - used
    for row in sorted(stale):
        print(f'{HERE}/unreached.txt: {" ".join(row)}: was reached')
    return 1 if stale else 0


sys.exit(main())
