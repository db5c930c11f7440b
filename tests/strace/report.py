"""The one-page report of a full sweep."""

import datetime
import platform
import time

from proxy import SUITE
from scenarios import SCENARIOS


def write(sweep, all_jobs, path, seconds):
    jobs = all_jobs()
    start = time.monotonic()
    tally = sweep(jobs, seconds)
    minutes = (time.monotonic() - start) / 60
    with open(path, 'w') as f:
        f.write(page(tally, len(jobs), minutes))
    return not tally.bad


def calls_of(play):
    """Per gate, when nothing fails."""
    return ', '.join(f'{SUITE.play_once(play, gate).calls} {gate}'
                     for gate in play.gates)


def page(tally, planned, minutes):
    worst = tally.worst
    rows = '\n'.join(
        f'| {name} | {tally.runs[name]} | '
        f'{sum(v.scenario == name for v in tally.bad)} | '
        f'{tally.injected[name]} | {calls_of(SCENARIOS[name])} |'
        for name in sorted(tally.runs))
    bad = '\n'.join(f'- `{v}`' for v in tally.bad) or 'None.'
    return f"""# The errno sweep

{datetime.date.today()}, Linux {platform.release()}, {minutes:.0f} minutes.
Every system call the proxy makes between the accept and the end of a
scenario, failed in every plausible way: once, twice, three times, every
other time, and, where an error may last, from then on; signals and delays at
every call. What is asked of a run stands in `faults.py`, what is injected
in `errnos.py`; `doc/testing.txt` explains how to repeat one.

{sum(tally.runs.values())} of {planned} runs, {len(tally.bad)} failures. The longest
that a peer had to wait for anything, timers included:
{worst.worst_s:.2f} s ({worst.scenario}, `{' '.join(worst.rules)}`).

| scenario | runs | failures | marked | calls when nothing fails |
|---|---|---|---|---|
{rows}

Marked are the runs in whose trace strace shows the error or the delay; of
signals it shows nothing.

## Failures

{bad}
"""
