"""What if any system call fails? A sweep over the scenarios of a suite.

A scenario is played undisturbed and its calls are counted; then each call
fails, in each way it may (traceerrnos.py), at its first and its last
occurrence, once and, where that can last, from then on. The daemon may end
connections early; asked is that it does not die, that it neither spins nor
keeps a peer waiting, and that afterwards, with the fault gone, it serves the
scenario once more. Of faults that last (and in a program that forks all do:
strace counts anew in each process) only the first is asked. `close` that only
seems to fail, and calls made before the daemon listened, are left alone.
"""

import os
import re
import shutil
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import tracegate
from traceerrnos import ERRNOS, LASTING

STALL_S = 5
CPU_S = 0.5


def counts(text):
    return Counter(m[1] for m in re.finditer(r'^\d+ +(\w+)\(',
                                             text, re.M))


def cpu_s(pid):
    words = tracegate.read_proc(f'/proc/{pid}/stat').rsplit(')', 1)[-1].split()
    ticks = sum(map(int, words[11:13])) if len(words) > 12 else 0
    return ticks / os.sysconf('SC_CLK_TCK')


class Sweep:
    def __init__(self, suite, play):
        self.suite, self.play = suite, play

    def run(self, rules, lasting=False):
        """The errors of one run, and its trace."""
        directory = tempfile.mkdtemp(prefix='sweep-')
        said, text, s = [], '', None
        try:
            s = self.suite.stage(self.play, 'free', directory, rules,
                                 deadline_s=STALL_S)
            before = os.stat(s.daemon.trace_path).st_size
            try:
                self.play(s)
            except (tracegate.Ended, tracegate.Corrupt, OSError,
                    tracegate.Stall) as e:
                stall = isinstance(e, tracegate.Stall)
                if not rules or stall and not lasting:
                    said.append(f'{type(e).__name__}: {e}')
            said += self._afterwards(s, rules, lasting)
            with open(s.daemon.trace_path, errors='replace') as f:
                text = f.read()
        except (tracegate.Stall, OSError) as e:
            said.append(f'{type(e).__name__}: {e}')
            before = 0
        finally:
            if s:
                s.finish()
            shutil.rmtree(directory)
        return said, text[:before], text

    def _afterwards(self, s, rules, lasting):
        for peer in s.peers:
            peer.sock.close()
        s.peers = []
        start, cpu = time.monotonic(), cpu_s(s.daemon.pid)
        try:
            tracegate.until('it does not come to rest', lambda: (
                s.daemon.gone() or s.daemon.asleep()), STALL_S)
            if s.daemon.gone():
                return [f'it ended: status {s.daemon.strace.returncode}']
            if rules and not lasting:
                self._once_more(s)
        except tracegate.Stall as e:
            spent = cpu_s(s.daemon.pid) - cpu
            return [f'{e}' + (f', and spins: {spent:.1f} s of CPU in '
                              f'{time.monotonic() - start:.1f} s'
                              if spent > CPU_S else '')]
        return []

    def _once_more(self, s):
        try:
            self.play(s)
        except (tracegate.Ended, tracegate.Corrupt, OSError) as e:
            raise tracegate.Stall(f'it does not serve again: {e}')

    def rules(self, before, text):
        first, last = counts(before), counts(text)
        forks = len(set(re.findall(r'^(\d+) ', text, re.M))) > 1
        for call in sorted(last):
            if call == 'close' or last[call] <= first[call]:
                continue
            for k in sorted({first[call] + 1, last[call]}):
                for name in ERRNOS.get(call, ()):
                    yield f'{call}:error={name}:when={k}', forks
                    if name in LASTING.get(call, ()):
                        yield f'{call}:error={name}:when={k}+', True


def sweep(suite, names=(), calls=(), workers=4):
    """Prints what went wrong, of these calls or of all; true if nothing
    did."""
    runs, bad = 0, 0
    for name in names or suite.scenarios:
        one = Sweep(suite, suite.scenarios[name])
        said, before, text = one.run([])
        if said:
            print(f'{name}: the clean run fails: {"; ".join(said)}')
            return False
        jobs = [job for job in one.rules(before, text)
                if not calls or job[0].split(':')[0] in calls]
        with ThreadPoolExecutor(workers) as pool:
            for (rule, _), (said, _, _) in zip(jobs, pool.map(
                    lambda job: one.run([job[0]], job[1]), jobs)):
                runs += 1
                if said:
                    bad += 1
                    print(f'{name} {rule}: {"; ".join(said)}', flush=True)
    print(f'{runs} runs, {bad} failures')
    return not bad
