#!/usr/bin/env python3
"""Breaks the proxy on purpose; each fault must be found, and by its name.

    mutants.py [PATCH...]       default: all of tests/strace/mutants

A patch begins with what it breaks and a line "plays: SCENARIO GATE"; its
name begins with the promise it breaks. The tree is copied with its objects,
so that only the patched file is compiled.
"""

import glob
import os
import shutil
import subprocess
import sys
import tempfile

import proxy
import tracegate

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get('BUILD', os.path.join(ROOT, 'build'))


def copy_tree(to):
    shutil.copy2(os.path.join(ROOT, 'Makefile'), to)
    shutil.copytree(os.path.join(ROOT, 'src'), os.path.join(to, 'src'))
    shutil.copytree(os.path.join(BUILD, 'src'),
                    os.path.join(to, 'build', 'src'))
    tools = os.path.join(to, 'contrib', 'trace')
    os.makedirs(tools)
    shutil.copy2(os.path.join(proxy.BIN, 'contrib/trace/traceform'), tools)


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    return done.returncode == 0, done.stdout + done.stderr


def build(patch, tree):
    """The complaint, or None."""
    applied, said = run(['patch', '-p1', '-s', '-i', patch], cwd=tree)
    if not applied:
        return 'does not apply: refresh it\n' + said
    env = {k: v for k, v in os.environ.items() if not k.startswith('MAKE')}
    built, said = run(['make', '-s', 'B=build', 'OUT=.', './sallyport'],
                      cwd=tree, env=env)
    return None if built else 'does not compile\n' + said


def faults_of(tree, scenario, gate):
    """The names of the promises that a run breaks."""
    played, said = run([sys.executable, os.path.join(HERE, 'golden.py'),
                        'faults', scenario, gate],
                       env=dict(os.environ, BIN=tree))
    return said.split() if played else ['nothing: ' + said]


def check(patch):
    name = os.path.basename(patch).split('-')[0]
    with open(patch) as f:
        plays = next(line.split()[1:] for line in f
                     if line.startswith('plays:'))
    with tempfile.TemporaryDirectory(prefix='mutant-') as tree:
        copy_tree(tree)
        complaint = build(os.path.abspath(patch), tree)
        if not complaint:
            found = faults_of(tree, *plays)
            if name not in found:
                complaint = f'not found; but {" ".join(found) or "nothing"}'
    print(f'{"FAIL" if complaint else "ok  "} {os.path.basename(patch)}'
          + (f': {complaint}' if complaint else ''), flush=True)
    return not complaint


def main(patches):
    tracegate.require_strace()
    patches = patches or sorted(glob.glob(os.path.join(HERE, 'mutants',
                                                       '*.patch')))
    return all([check(p) for p in patches])


if __name__ == '__main__':
    try:
        sys.exit(0 if main(sys.argv[1:]) else 1)
    except tracegate.Skip as reason:
        print(reason)
        sys.exit(77)
