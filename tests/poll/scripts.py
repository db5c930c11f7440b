#!/usr/bin/env python3
"""Proves the script runner: every .pp holds on this kernel; mismatch, skip and
bad scripts are told apart."""
import glob
import os
import subprocess

from probe import POLL, check, end, expect, path, say, write

SCRIPT = path("a.pp")


def plays(status, text, *lines):
    expect(status, text, POLL, "run", write(SCRIPT, *lines))


expect(0, "1..132", POLL, "run", *sorted(glob.glob("tests/poll/pp/*.pp")))

for status, text, *lines in (
        # It holds, or the first that does not is named.
        (1, "a.pp:2: c: snd, action 1: wanted 4, got 3", "name wrong",
         "c: snd=4, pol={OUT}"),
        (1, "not ok 1 - wrong (tcp4, poll)", "name wrong",
         "c: snd=4, pol={OUT}"),
        (1, "wanted {IN +}, got {OUT}", "c: pol={IN +}"),
        (1, "wanted !OUT", "c: pol=!OUT"),
        (1, "a.pp:4: s: pol, action 1: wanted same, got {OUT}", "c: pol, snd",
         "s: pol, rcv", "c: pol=same", "s: pol=same"),
        (1, "wanted 4..9", "c: snd=4..9"),
        (1, "wanted 1..2, got 3", "c: snd=1..2"),
        (1, "wanted {OUT HUP +}, got {OUT}", "c: pol={OUT HUP +}"),
        (1, "wanted ECONNRESET, got EAGAIN", "c: rcv=ECONNRESET"),
        (0, "not ok 1", "todo the kernel is right", "c: snd=4"),
        (0, "ok 1",
         "c: pol={OUT +}, pol=!IN, pol=*, pol(in)={}@20, snd=1..3"),
        (0, "ok 1", "c: nod, mor", "s: pol(in)={IN}@1500"),
        (0, "ok 1", "need kernel > 3.99", "c: snd"),
        (77, "SKIP needs kernel < 2.6", "need kernel < 2.6", "c: snd=3"),
        (0, "ok 1", "votes 3", "c: snd=3"),
        (1, "a side has no socket", "family pipe", "l: acc"),
        # A bad script: the line and what is wrong.
        (65, "a.pp:2: unknown verb 'foo'", "c: snd", "c: foo"),
        (65, "a.pp:2: 'colour red' is no header", "c: snd", "colour red"),
        (65, "a.pp:1: cannot expect '{WET}'", "c: pol={WET}"),
        (65, "a.pp:1: '{IN}' can never hold: snd reports no flags",
         "c: snd={IN}"),
        (65, "a.pp:1: 'EFOO' can never hold for snd: no such error",
         "c: snd=EFOO"),
        (65, "'CLOSE' can never hold for snd", "c: snd=CLOSE"),
        (65, "a.pp:1: '5..2' can never hold", "c: snd=5..2"),
        (65, "a.pp:1: '@soon'", "c: snd=3@soon"),
        (65, "a.pp:1: an empty list", "c:"),
        (65, "a.pp:1: 'ipx' is not known", "family ipx", "c: snd"),
        (65, "a.pp:1: cannot need 'luck'", "need luck", "c: snd"),
        (65, "a.pp:1: '0' is not a number from 1", "votes 0", "c: snd"),
        (65, "sysctl without 'need netns'", "sysctl net.ipv4.tcp_sack 0",
         "c: snd"),
        (65, "a.pp:2: expected KEY VALUE", "need netns",
         "sysctl net.ipv4.tcp_sack", "c: snd"),
        (65, "no actions", "name empty")):
    plays(status, text, *lines)
expect(66, "No such file", POLL, "run", path("none.pp"))
expect(64, "usage: poll-probe run", POLL, "run")
expect(64, "usage: poll-probe run", POLL, "run", "--help")

# From standard input, and in the TAP that prove reads.
write(SCRIPT, "c: snd=3")
with open(SCRIPT) as script:
    expect(0, "1..1", POLL, "run", "-", stdin=script)
expect(0, "", "prove", "--exec", POLL + " run", SCRIPT)

# A network of one's own, with its settings; without privilege it is a skip.
setting = ("need netns", "sysctl net.ipv4.ip_default_ttl 7", "c: snd=3")
if os.getuid() == 0 and not subprocess.run(
        ["unshare", "-n", "true"], capture_output=True).returncode:
    plays(0, "ok 1", *setting)
    plays(77, "# cannot set net.ipv4.no_such 7: No such file", "need netns",
          "sysctl net.ipv4.no_such 7", "c: snd=3")
else:
    plays(77, "SKIP", *setting)

# A run that is turned into a script holds as one; so does a failure's.
for args in ("-c snd,shw -s pol,rcv,rst -c pol,rcv",
             "-n -l clo -c con(nb),pol,con,pol,err,inf",
             "-e --family=unix -c fil,pol -s clo -c pol,rcv"):
    plays(0, "ok 1", *say(POLL, "--emit-script", *args.split())[1].splitlines())
made = say(POLL, "--emit-script", "-c", "snd")[1]
check("snd=3" in made, made)
plays(1, "wanted 4, got 3", *made.replace("snd=3", "snd=4").splitlines())
end()
