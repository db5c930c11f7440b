#!/usr/bin/env python3
"""Proves that the checker names each broken promise with its line, and nothing
else: in traces known to be wrong, one or more for each promise; in traces
known to be good, where it must judge nothing or keep its peace; and in those
of 2017, from strace's own output on, where every complaint of their author
must be found, and every further claim explained. The recorded traces of
programs nobody here wrote must parse whole and get the verdicts that were
checked by hand."""

import glob
import os
import re
import subprocess
import sys

import proxy
import tracegate
import traceprops

BACK = ('10.0.3.82:8008', '127.0.0.1:8008', '127.0.0.1:8000')


def text_of(path):
    with open(path) as f:
        return f.read()


def claims(path):
    """What its heading says it breaks: P1@13."""
    return [claim for line in re.findall('^# expect=(.*)', text_of(path), re.M)
            for claim in line.split(',')]


def body(text):
    return [line for line in text.splitlines() if line[:1] != '#']


def parses(raw, *options):
    """What traceform makes of strace's output is what stands beside it."""
    said = subprocess.run([tracegate.tool('traceform'), '-l', *options, raw],
                          capture_output=True, text=True).stdout
    assert body(said) == body(text_of(raw[:-len('strace')] + 'trace')), raw
    return said


os.chdir(proxy.HERE)
traces = glob.glob('negative/*.trace') + glob.glob('notes/*.trace')
broken = {claim.split('@')[0] for path in traces for claim in claims(path)}
assert broken >= {f'P{n}' for n in range(1, 16)}, broken
for raw in glob.glob('notes/*.strace'):
    parses(raw, *(word for to in BACK for word in ('-a', to + '=back')))
for path in glob.glob('notes/*.trace'):
    for claim in claims(path):
        assert re.search(f'^# {claim} (complaint|further): ', text_of(path),
                         re.M), f'{path}: {claim} is not explained'
for raw in glob.glob('strangers/*.strace'):
    assert ' lost=0 ' in parses(raw, '-n', '-r', '@wait'), raw
sys.exit(traceprops.main(['--negative', *traces,
                          *glob.glob('strangers/*.trace')]))
