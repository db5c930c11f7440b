#!/usr/bin/env python3
"""Proves that the proxy makes the system calls it is known for: every scenario
under both gates gives its golden trace and keeps P1 to P15.

    golden.py [check SCENARIO...]   plays each under each of its gates
    golden.py bless [SCENARIO...]   writes what 20 runs agree on, and says
                                    which calls were added, removed, moved
    golden.py show SCENARIO GATE    one run's trace, and what it breaks

Exit 77 with the reason as the last line when strace cannot do its work.
"""

import proxy
import tracegate
from scenarios import SCENARIOS


def main(argv):
    command, *names = argv or ['check']
    tracegate.require_strace()
    if command != 'show':
        return {'check': proxy.SUITE.check, 'bless': proxy.SUITE.bless}[
            command](names)
    run = proxy.SUITE.play_once(SCENARIOS[names[0]], names[1])
    print(run.trace, end='')
    print(*run.faults, sep='\n')
    return True


if __name__ == '__main__':
    tracegate.run(main)
