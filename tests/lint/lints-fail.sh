#!/bin/sh
# Proves that each lint can fail: in a copy of the tree a fault is made for
# each, which it must name, and mended again.
# shellcheck disable=SC2016 # what other scripts say
cd "$(dirname "$0")/../.." || exit 1
: "${BIN:=.}"
BIN=$(realpath "$BIN")
TMPDIR=$(mktemp -d) || exit 1
trap 'rm -rf "$TMPDIR"' EXIT
export BIN TMPDIR
failed=0
mkdir "$TMPDIR/tree" "$TMPDIR/bin" || exit 1
git ls-files -z | xargs -0 cp -P --parents -t "$TMPDIR/tree" || exit 1
cd "$TMPDIR/tree" || exit 1
git init -q . && git add -A || exit 1

# fails LINT TEXT: with the fault that was made, LINT ends with an error that
# names it. Where the tool is missing a lint cannot fail.
fails()
{
	git add -A
	case $1 in
	*.py) python3 "tests/lint/$1" >"$TMPDIR/said" 2>&1 ;;
	*) sh "tests/lint/$1" >"$TMPDIR/said" 2>&1 ;;
	esac
	status=$?
	if [ $status -eq 77 ]; then
		tail -n 1 "$TMPDIR/said"
	elif [ $status -eq 0 ] || ! grep -q -e "$2" "$TMPDIR/said"; then
		echo "$1 ends with $status and does not name: $2"
		tail -n 5 "$TMPDIR/said"
		failed=1
	fi
	echo "$1" >>"$TMPDIR/shown"
}
# A fault is a line more at the end of FILE, or a line that is changed.
added() { # LINT TEXT FILE LINE
	cp "$3" "$TMPDIR/kept"
	printf '%s\n' "$4" >>"$3"
	fails "$1" "$2"
	cp "$TMPDIR/kept" "$3"
}
changed() { # LINT TEXT FILE SED
	cp "$3" "$TMPDIR/kept"
	sed -i "$4" "$3"
	! cmp -s "$3" "$TMPDIR/kept" || echo "$3 has no such line: $4"
	fails "$1" "$2"
	cp "$TMPDIR/kept" "$3"
}
# helps PROGRAM SED: another --help.
helps()
{
	mkdir -p "$(dirname "$TMPDIR/bin/$1")"
	"$BIN/$1" --help | sed "$2" >"$TMPDIR/bin/$1.help"
	printf '#!/bin/sh\ncat "%s"\n' "$TMPDIR/bin/$1.help" >"$TMPDIR/bin/$1"
	chmod +x "$TMPDIR/bin/$1"
}
helped() { # LINT TEXT PROGRAM SED
	helps sallyport "" && helps contrib/tempdev/tempdev "" && helps "$3" "$4"
	BIN=$TMPDIR/bin fails "$1" "$2"
}

added words.sh 'say: proxy' README.md 'Open the do''or.'
added words.sh 'say: reply_buffer' src/base/list.h 'int absorb_bytes(void);'
added words.sh 'say: probe' tests/unit/unit.h 'int next_tri''al_ms;'
added words.sh 'say: lease' tests/lib/peer.py 'def kept_''chunks():'
changed settings.sh 'with --listen-group' tests/scripts/addresses.py 's/--listen-group/--group/'
added spelling.sh 'README.md: recieve' README.md 'What they recieve is short.'
changed spelling.sh 'man/sallyport.8: recieve' man/sallyport.8 '$a What they recieve is short.'
changed man.sh 'sallyport.conf.5 has other' man/sallyport.conf.5 '/^\.It Cm settle /d'
changed man.sh 'settle is not described' man/sallyport.conf.5 's/^Pause between the connect/Wait between the connect/'
helped man.sh 'Patience of a client' sallyport 's/Pause between the connect and/Patience of a client and/'
helped man.sh 'The temperature' contrib/tempdev/tempdev 's/Set the temperature/The temperature/'
changed test-table.sh 'timeouts.py' tests/scripts/timeouts.py '2s/every wait/each wait/'
added sleeps.sh 'timeouts.py' tests/scripts/timeouts.py 'time.sl''eep(3)'
changed version.sh 'NEWS.md: version 0.3' NEWS.md '0,/^## [0-9.]*/s//## 0.3/'
added starts.sh 'timeouts.py: starts the proxy' tests/scripts/timeouts.py 'READY = "ready on "'
added starts.sh 'slots.py: starts the proxy' tests/scripts/slots.py 'subprocess.Popen([PROGRAM, "--single", *flags])'
added layers.sh 'queue.c: may not include proxy/conn.h' src/policy/queue.c '#include "proxy/conn.h"'
added circles.py 'a circle of includes' src/policy/field.h '#include "policy/request.h"'
added circles.py 'a circle of includes' src/keeper/inside.h '#include "keeper/report.h"'
changed causes.sh 'queue-full' doc/log-format.txt 's/^    queue-full  .*/    queue-fool        proxy   S       none/'
added design.sh 'no_such_function does not exist' doc/design.txt 'See no_such_function.'
yes '/* */' | head -n 500 >>src/base/list.h
fails length.sh 'src/base/list.h: '

# What takes long to look at a whole tree looks at one file.
rm -r src contrib tests/scripts tests/unit .git
mkdir -p src contrib
git init -q .
printf 'int main(void) { return 0; }\n' >src/main.c
fails format.sh 'src/main.c:1:.*formatted'
printf '#include <main.h>\n' >src/main.c
: >src/main.h
fails format.sh 'main.h is to be included first'
printf '#define M%090d\n' 0 >src/main.h
fails format.sh 'src/main.h:1:'
rm src/main.h
printf 'int main(void)\n{\n\tchar *p = 0;\n\n\treturn p[1] == p[1];\n}\n' >src/main.c
fails cppcheck.sh 'nullPointer'
fails tidy.sh 'redundant-expression'
printf '#!/bin/sh\necho $1\n' >tests/lint/unquoted.sh
fails shell.sh 'SC2086'
printf 'print(f"{nowhere}")\n' >tests/lint/nowhere.py
fails python.sh 'undefined name'
printf 'import select\nselect.select([], [], [], 0)\n' >tests/lint/nowhere.py
fails python.sh 'ready() of tests/lib'

sed -n 's/^LINTS += //p; s/^	//p' tests/lint/lint.mk | grep -o '[a-z-]*\.\(sh\|py\)' |
	grep -vxF -f "$TMPDIR/shown" -e lints-fail.sh && {
	echo "not shown to fail"
	failed=1
}
exit $failed
