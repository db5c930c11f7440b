#!/bin/sh
# Proves that bash, zsh and fish complete every option of --help, the words and
# files that it takes, and the orders of a running proxy, each in the real shell.
PROXY_MODE=
. tests/lib.sh
here=$PWD/packaging/completion
PATH=$(realpath "$BIN"):$PATH
export PATH
missing=
sallyport --help | sed -n 's/^  \(-., \)*\(--[a-z0-9-]*\).*/\2/p' | sort >"$TMPDIR/options"
[ "$(wc -l <"$TMPDIR/options")" -gt 40 ] || fail "no options in --help"
touch "$TMPDIR/some-file.conf"
start_proxy --control "$TMPDIR/ctl" 127.0.0.1:0 127.0.0.1:1
cd "$TMPDIR" || exit 1
export HOME="$TMPDIR"

# in_bash WORD...: what the last word may be.
cat >"$TMPDIR/in-bash" <<-END
	. "$here/sallyport.bash"
	COMP_WORDS=("\$@")
	COMP_CWORD=\$((\$# - 1))
	_sallyport sallyport
	printf '%s\n' "\${COMPREPLY[@]}"
END
in_bash() { bash "$TMPDIR/in-bash" sallyport "$@"; }
in_fish() { fish -c "source $here/sallyport.fish; complete -C 'sallyport $*'" | cut -f 1; }
# What zsh makes of the line when there is one way to go on.
in_zsh() { zsh -f "$tests/complete.zsh" "$TMPDIR/functions" "sallyport $*" | sed 's/^sallyport //; s/[ =]*$//'; }

# expect SHELL WANTED WORD...
expect()
{
	shell=$1 wanted=$2
	shift 2
	got=$("in_$shell" "$@" | sort | tr '\n' ' ')
	[ "$got" = "$wanted " ] || fail "$shell: $*: got '$got', wanted '$wanted'"
}

if command -v bash >/dev/null; then
	in_bash -- | sort | cmp - "$TMPDIR/options" || fail "bash: other options"
	expect bash 'drop keep safe' --queue-fin ''
	expect bash 'json' --log-format = j
	expect bash 'stderr' --log std
	expect bash 'some-file.conf' -c some
	expect bash '--queue-fin' --queue-f
	expect bash 'release reload reset-health' control "$TMPDIR/ctl" re
else
	missing="$missing bash"
fi
if command -v fish >/dev/null; then
	in_fish -- | sort | cmp - "$TMPDIR/options" || fail "fish: other options"
	expect fish 'drop keep safe' '--queue-fin '
	expect fish '--log-format=json' --log-format=j
	expect fish 'some-file.conf' -c some
	expect fish 'release reload reset-health' "control $TMPDIR/ctl re"
	in_fish '--log ' | grep -qx stderr || fail "fish: no stderr"
else
	missing="$missing fish"
fi
if command -v zsh >/dev/null; then
	tests=$OLDPWD/tests/packaging
	mkdir functions
	cp "$here/sallyport.zsh" functions/_sallyport
	expect zsh '--queue-fin safe' '--queue-fin s'
	expect zsh '--log-format=json' --log-format=j
	expect zsh '--log stderr' '--log std'
	expect zsh '-c some-file.conf' '-c some'
	expect zsh '--queue-fin' --queue-f
	expect zsh "control $TMPDIR/ctl conns" "control $TMPDIR/ctl co"
else
	missing="$missing zsh"
fi
[ -z "$missing" ] || skip "not installed:$missing"
exit 0
