#!/usr/bin/env python3
"""Compares the proxy's traces with the goldens, or writes them anew.

    golden.py check [SCENARIO...]   plays each under each of its gates
    golden.py bless [SCENARIO...]   writes what 20 runs agree on, and says
                                    which calls were added, removed, moved
    golden.py show SCENARIO GATE    one run's trace, for the eye
    golden.py faults SCENARIO GATE  the names of the promises it breaks

Exit 77 with the reason as the last line when strace cannot do its work.
"""


import proxy
import tracegate
from scenarios import SCENARIOS


def main(argv):
    command, names = argv[0], argv[1:]
    tracegate.require_strace()
    if command in ('faults', 'show'):
        run = proxy.SUITE.play_once(SCENARIOS[names[0]], names[1])
        if command == 'faults':
            print(*sorted({name for name, _, _ in run.faults}))
        else:
            print(run.trace, end='')
            print(*run.faults, sep='\n')
        return True
    return getattr(proxy.SUITE, {'check': 'check', 'bless': 'bless'}[command])(
        names)


if __name__ == '__main__':
    tracegate.run(main)
