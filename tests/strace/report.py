"""The one-page report of a full sweep, made of a row for each scenario."""

import datetime
import json
import os
import platform
import time

from proxy import SUITE
from scenarios import SCENARIOS


def row(name, directory, jobs_of, sweep):
    """What came of a scenario: played now, or read where it was kept."""
    path = os.path.join(directory, name)
    if not os.path.exists(path):
        os.makedirs(directory, exist_ok=True)
        with open(path + '.part', 'w') as f:
            json.dump(play(name, list(jobs_of(name)), sweep), f)
        os.rename(path + '.part', path)
    with open(path) as f:
        return json.load(f)


def play(name, jobs, sweep):
    start = time.monotonic()
    tally = sweep(jobs)
    said = {'name': name, 'planned': len(jobs), 'runs': tally.runs[name],
            'bad': [str(v) for v in tally.bad],
            'injected': tally.injected[name],
            'worst': [tally.worst.worst_s,
                      ' '.join([name, *tally.worst.rules])],
            'calls': calls_of(SCENARIOS[name]),
            'minutes': (time.monotonic() - start) / 60}
    print(f'{name}: {said["runs"]} runs, {len(tally.bad)} failures, '
          f'{said["minutes"]:.1f} minutes', flush=True)
    return said


def write(rows, path):
    with open(path, 'w') as f:
        f.write(page(rows))
    return not any(r['bad'] for r in rows)


def calls_of(play):
    """Per gate, when nothing fails."""
    return ', '.join(f'{SUITE.play_once(play, gate).calls} {gate}'
                     for gate in play.gates)


def page(rows):
    worst_s, worst = max(r['worst'] for r in rows)
    table = '\n'.join(
        f'| {r["name"]} | {r["runs"]} | {len(r["bad"])} | {r["injected"]} | '
        f'{r["calls"]} |' for r in sorted(rows, key=lambda r: r['name']))
    bad = '\n'.join(f'- `{v}`' for r in rows for v in r['bad']) or 'None.'

    def total(what):
        return sum(r[what] for r in rows)
    failures = sum(len(r['bad']) for r in rows)
    minutes = f'{total("minutes"):.0f} minutes'
    return f"""# The errno sweep

{datetime.date.today()}, Linux {platform.release()}, {minutes}.
Every system call the proxy makes between the accept and the end of a
scenario, failed in every plausible way: once, twice, three times, every
other time, and, where an error may last, from then on; signals and delays at
every call. What is asked of a run stands in `faults.py`, what is injected
in `traceerrnos.py`; `doc/testing.txt` explains how to repeat one.

{total('runs')} of {total('planned')} runs, {failures} failures.
The longest that a peer had to wait for anything, timers included:
{worst_s:.2f} s (`{worst}`). Of a run that was late, for the machine was busy,
the second counts, with all timers six times as long.

| scenario | runs | failures | marked | calls when nothing fails |
|---|---|---|---|---|
{table}

Marked are the runs in whose trace strace shows the error or the delay; of
signals it shows nothing.

## Failures

{bad}
"""
