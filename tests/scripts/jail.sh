#!/bin/sh
# Proves that a worker is confined before it serves: system calls, new
# privileges, capabilities, user and root; that any step which fails refuses to
# serve with a message of its own; and that it works as an ordinary user,
# without /proc, and as process 1.
PROXY_MODE=
. tests/lib.sh
[ "$(id -u)" -eq 0 ] || skip "only root can change users"
is_sanitized && skip "a sanitizer makes calls of its own"

served() { client snd=foo rcv=foo shw eof; }
# is NAME VALUE: so says the kernel of the worker.
is()
{
	grep -q "^$1:[[:space:]]*$2\$" "/proc/$worker/status" ||
		fail "$(grep "^$1:" "/proc/$worker/status"), expected $2"
}

start_echod --fork
start_proxy 127.0.0.1:0 "$echod_addr"
is Seccomp 2
is NoNewPrivs 1
pid=$worker worker=$proxy
is Seccomp 2
is NoNewPrivs 1
[ $((0x$(sed -n 's/^CapEff:\t*//p' "/proc/$proxy/status") & 1 << 21)) -eq 0 ] ||
	fail "a keeper with CAP_SYS_ADMIN"
worker=$pid
is CapEff 0000000000000000
is CapBnd 0000000000000000
served
stop_proxy

mkdir "$TMPDIR/empty"
start_proxy --user 65534 --group 12 --chroot "$TMPDIR/empty" 127.0.0.1:0 \
	"$echod_addr"
is Uid "65534.65534.65534.65534"
is Gid "12.12.12.12"
is Groups " *"
[ "$(readlink "/proc/$worker/root")" = "$TMPDIR/empty" ] || fail "another root"
served
# It still goes with its keeper, though it has changed its user.
end_proxy KILL
wait_for "the worker's end" ended "$worker"

start_proxy --sandbox log 127.0.0.1:0 "$echod_addr"
is Seccomp 2
served
stop_proxy
start_proxy --sandbox off 127.0.0.1:0 "$echod_addr"
is Seccomp 0
served
stop_proxy

# Stopped and gone on while it waits for who reads its last lines, it ends as
# ever: the kernel then restarts the call, for some by another one.
python3 - "$SALLYPORT" 127.0.0.1:0 "$echod_addr" <<-'END' || fail "stopped"
	import os, signal, socket, subprocess, sys, time

	def until(what):
	    deadline = time.monotonic() + 60
	    while not what():
	        assert time.monotonic() < deadline
	        time.sleep(0.005)

	def text(name):
	    with open(f'/proc/{worker}/{name}') as f:
	        return f.read()

	def pid_of_child(pid):
	    with open(f'/proc/{pid}/task/{pid}/children') as f:
	        return f.read().split()[0]

	ours, theirs = socket.socketpair()
	# Starts it itself: its log is a socket that nobody reads.
	proxy = subprocess.Popen(sys.argv[1:], stderr=theirs)
	assert b'ready on' in ours.recv(4096)
	worker = pid_of_child(proxy.pid)
	theirs.setblocking(False)
	try:
	    while True:
	        theirs.send(b'x' * 512)
	except BlockingIOError:
	    pass
	theirs.close()
	proxy.send_signal(signal.SIGTERM)
	until(lambda: text('syscall').split()[0] in ('7', '271'))
	os.kill(int(worker), signal.SIGSTOP)
	until(lambda: 'State:\tT' in text('status'))
	os.kill(int(worker), signal.SIGCONT)
	sys.exit(proxy.wait(60))
END

# At most 25 calls are left.
calls=$(sed -n '/rules\[\] = {/,/^};/p' src/keeper/confine.c |
	grep -v 'SYS_\|recv)\|fcntl64\|_time64\|gettime64\|epoll_pwait\|ppoll' |
	grep -o 'JAIL_CALL[A-Z_]*([a-z0-9_]*' | sed 's/.*(//' | sort -u | wc -l)
[ "$calls" -le 25 ] || fail "$calls calls"

# Every step that fails.
if command -v strace >/dev/null; then
	# With a keeper it is the keeper's own step, if it has that.
	refuses()
	{
		# shellcheck disable=SC2086 # one word or none
		timeout 60 strace -f -qq -o /dev/null -e "trace=$1" \
			-e "inject=$1:error=$2" "$SALLYPORT" $4 \
			--sandbox on --user 65534 --chroot "$TMPDIR/empty" \
			127.0.0.1:0 "$echod_addr" 2>"$TMPDIR/step.err"
		case $?:$2 in
		77:EPERM | 77:EACCES | 75:EAGAIN | 75:EMFILE | 75:ENOMEM) ;;
		71:EPERM | 71:EACCES | 71:EAGAIN | 71:EMFILE | 71:ENOMEM)
			fail "$1 fails with $2: status 71"
			;;
		71:*) ;;
		*) fail "$1 fails with $2: another status" ;;
		esac
		says "$TMPDIR/step.err" "sandbox: .*$3" ||
			fail "$1 fails with $2: $(cat "$TMPDIR/step.err")"
		was_ready "$TMPDIR/step.err" && fail "$1: ready"
	}
	while IFS=: read -r call said errnos; do
		# One of them, or all that the manuals know.
		[ -n "${ERRNOS:-}" ] || errnos=${errnos%% *}
		for errno in $errnos; do
			for single in --single ""; do
				refuses "$call" "$errno" "$said" "$single"
			done
		done
	done <<-END
		prlimit64:cannot set limits:EPERM EFAULT
		prctl:cannot give up new privileges:EINVAL EPERM EACCES EFAULT
		chroot:cannot change the root:EIO EACCES EFAULT ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EPERM
		setgroups:cannot become user:EPERM EFAULT EINVAL ENOMEM
		setresgid:cannot become user:EAGAIN EINVAL EPERM
		setresuid:cannot become user:EINVAL EAGAIN EPERM
		capget:cannot drop capabilities:EINVAL EFAULT EPERM ESRCH
		capset:cannot drop capabilities:EPERM EFAULT EINVAL ESRCH
		landlock_create_ruleset:Landlock fails:EINVAL E2BIG EFAULT EMFILE ENOMEM
		landlock_add_rule:Landlock fails:EINVAL EBADF EFAULT EPERM ENOMEM
		landlock_restrict_self:Landlock fails:EPERM EBADF E2BIG EINVAL
		seccomp:system calls cannot be limited:EINVAL EACCES EFAULT ENOMEM
	END
	# A kernel without Landlock is one.
	proxy_under="strace -D -f -qq -o /dev/null -e trace=landlock_create_ruleset
		-e inject=landlock_create_ruleset:error=ENOSYS"
	start_proxy 127.0.0.1:0 "$echod_addr"
	wait_for "word of it" says "$log" "has no Landlock"
	served
	stop_proxy
	proxy_under=
fi

# As an ordinary user, if that one may see the program.
another="setpriv --reuid 65534 --regid 65534 --clear-groups"
if $another test -x "$SALLYPORT" 2>/dev/null; then
	proxy_under=$another
	start_proxy 127.0.0.1:0 "$echod_addr"
	is Seccomp 2
	served
	stop_proxy
	proxy_under=
fi

# Without /proc (the test has its own mounts), and as process 1.
if [ -n "${OWN_NETWORK:-}" ]; then
	start proxy unshare --mount sh -c "umount -l /proc; exec '$SALLYPORT' \
		127.0.0.1:0 $echod_addr"
	proxy=$started_pid
	wait_ready proxy
	proxy_addr=$ready_addr
	served
	stop_proxy
	start proxy unshare --pid --fork --kill-child "$SALLYPORT" 127.0.0.1:0 \
		"$echod_addr"
	outer=$started_pid
	wait_ready proxy
	proxy_addr=$ready_addr
	served
	kill -TERM "$(pgrep -P "$outer" sallyport)"
	finish "$outer" "process 1"
fi
exit 0
