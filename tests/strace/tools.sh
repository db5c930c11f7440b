#!/bin/sh
# Proves that the trace tools do for a stranger's daemon what chapter 9 of
# doc/testing.txt says: a recording is shown, checked, blessed, compared and
# drawn, and a suite is blessed, checked, and sees a program that changed.
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
command -v strace >/dev/null || { echo "strace is not installed"; exit 77; }
strace -f --seccomp-bpf -e trace=getpid true 2>/dev/null ||
	{ echo "strace may not trace here"; exit 77; }
bin=$(cd "${BIN:-.}" && pwd)
here=$PWD
cd "$TMPDIR" || exit 1
trace() { BIN=$bin python3 "$here/contrib/trace/tracecmd.py" "$@"; }
fail() { echo "$*"; exit 1; }

# The interpreter itself, where python3 is a script that looks for it.
mkdir bin
ln -s "$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')" \
	bin/python3
PATH=$PWD/bin:$PATH

# The program and the suite of the chapter itself.
awk '/^9\. YOUR OWN DAEMON/ { on = 1 }
	on && /^    import select/ { out = "echo.py" }
	on && /^    from tracesuite/ { out = "suite.py" }
	on && /^    from traceprops/ { out = "own.py" }
	/^9\.[12345] / || /^    trace / || /^[^ ]/ { out = "" }
	out { sub(/^    /, ""); print >out }' "$here/doc/testing.txt"
for example in echo.py suite.py own.py; do
	[ -s $example ] || fail "no $example"
done

cat >play.py <<'E2'
import os, socket
s = socket.create_connection((os.environ['HOST'], int(os.environ['PORT'])))
s.sendall(b'hello\n')
assert s.recv(6) == b'hello\n'
s.shutdown(socket.SHUT_WR)
assert s.recv(1) == b''
E2
trace record -o first --play 'python3 play.py' -- python3 echo.py 0 ||
	fail "record"
trace show first >shown || fail "show"
grep -qx 'C1 send C1\[0\.\.6) no-NOSIGNAL -> 6' shown || fail "not shown"
trace check first --profile server >said || fail "check: $(cat said)"
grep -q '^P3   not judged it blocks (C1)' said || fail "P3: $(cat said)"
trace check first -p own.py >said && fail "the own promise is kept"
grep -q '^NoDelay broken .*C1 sends without NODELAY' said || fail "$(cat said)"
trace bless first >/dev/null || fail "bless"
trace diff first || fail "diff of the same"
sed 's/C1 close/C1 shut WR/' first.golden >other
trace diff other first >said && fail "diff sees nothing"
grep -qx '+C1 close' said || fail "diff: $(cat said)"

for width in 80 120; do
	trace ladder first --width $width >drawn || fail "ladder"
	awk -v w=$width 'length > w { bad = 1 } END { exit bad }' drawn ||
		fail "wider than $width"
done
grep -q 'C1 SYN .*>|.*L accept' drawn || fail "no SYN: $(cat drawn)"
grep -q '<-* C1\[0..6) -*|.*C1 send' drawn || fail "no bytes"
grep -q '<-* C1 FIN -*|.*C1 close' drawn || fail "no FIN"
trace ladder --svg first first >two.svg || fail "svg"
python3 -c 'import xml.dom.minidom as m; m.parse("two.svg")' || fail "bad svg"
grep -q 'prefers-color-scheme: dark' two.svg || fail "no dark svg"
python3 "$here/contrib/trace/tracemap.py" --profile relay \
	"$here/tests/strace/notes/2017-remote.trace" >drawn
grep -q 'S1 connect back .*| P1$' drawn || fail "no margin"

trace bless suite.py a-line-comes-back >said || fail "bless: $(cat said)"
trace check suite.py a-line-comes-back >said || fail "check: $(cat said)"
sed -i 's/recv(4096)/recv(4095)/' echo.py
trace check suite.py a-line-comes-back >said && fail "a change goes unseen"
grep -q '^    +C1 recv 4095' said || fail "check: $(cat said)"
trace sweep suite.py a-line-comes-back --calls recvfrom >said 2>&1 && fail "echo.py bears faults"
grep -q 'recvfrom:error=ECONNRESET:when=1: it ended' said || fail "$(cat said)"

# A process for each client, and a thread: two clients in one batch give the
# same golden in each of 20 runs.
for how in fork thread; do
	mkdir $how
	cat >$how/daemon.py <<'E2'
import os, signal, socket, sys, threading
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
listener = socket.create_server(('127.0.0.1', 0))

def serve(client):
    while data := client.recv(100):
        client.send(data.upper())
    client.close()

while True:
    client, _ = listener.accept()
    if sys.argv[1] == 'thread':
        threading.Thread(target=serve, args=(client,), daemon=True).start()
        client = None
    elif os.fork() == 0:
        listener.close()
        serve(client)
        os._exit(0)
    else:
        client.close()
E2
	cat >$how/suite.py <<E2
from tracesuite import Daemon, scenario

class Tasks(Daemon):
    def command(self):
        return ['python3', '$PWD/$how/daemon.py', '$how']

@scenario(gates=('pileup',))
def two_clients(s):
    """Two at once; one resets."""
    with s.at_once():
        a, b = s.client(), s.client()
        a.send(b'one')
        b.send(b'two')
    a.expect(b'ONE')
    b.expect(b'TWO')
    a.reset()
    b.close()
E2
	trace bless $how/suite.py >said || fail "bless $how: $(cat said)"
	grep -q '^c.C2 recv 100 -> C2\[0..3)' $how/golden/two-clients.pileup ||
		fail "$how: $(cat $how/golden/two-clients.pileup)"
done

# What is chance is not in a golden: the beat of a clock, room that was not
# missed.
BIN=$bin python3 - "$here/contrib/trace" <<'E2' || fail "what a golden leaves out"
import sys
sys.path.insert(0, sys.argv[1])
from tracesuite import without_edges, without_ticks
shown = without_edges(['E add C1 IN|OUT|ET', 'E wait T -> C1:OUT',
                       'E wait T -> C1:OUT C2:OUT', 'C1 send x[0..9) -> 4',
                       'E wait T -> C1:OUT', 'E wait T -> C1:OUT'])
assert shown == ['E add C1 IN|OUT|ET', 'E wait T -> C2:OUT',
                 'C1 send x[0..9) -> 4', 'E wait T -> C1:OUT'], shown
shown = without_ticks(['E wait T -> -', 'E wait T -> -', 'C1 close'])
assert shown == ['E wait T -> -', 'C1 close'], shown

# Nor what a program does at its end, after a scenario that was not met.
from tracegate import Ended
from tracesuite import load, scenario
suite = load('suite.py')
@scenario()
def unmet(s):
    s.client()
    raise Ended('on purpose')
run = suite.play_once(unmet, 'lockstep')
assert 'EINTR' in run.trace and 'EINTR' not in run.cut, run.cut
# Nor is it chance what a poll brings of two acts at once.
@scenario()
def two_speak(s):
    a, b = s.client(), s.client()
    with s.at_once():
        a.send(b'1')
        b.send(b'2')
    a.expect(b'1')
    b.expect(b'2')
runs = {suite.play_once(two_speak, 'pileup').cut for _ in range(8)}
assert len(runs) == 1, '\n'.join(runs)
E2
