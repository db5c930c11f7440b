#!/bin/sh
# What is installed where, once, for both ways: install.sh install|uninstall
# program|tools. OUT, VERSION, DESTDIR, PREFIX, SYSCONFDIR, UNITDIR, ZSHDIR
# and STRIP (empty: not stripped) come from the Makefile.
set -eu
cd "$(dirname "$0")/.."
what=$1
share=$PREFIX/share

# put MODE SOURCE TARGET
put()
{
	if [ "$what" = uninstall ]; then
		rm -f "$DESTDIR$3"
	else
		install -D -m "$1" "$2" "$DESTDIR$3"
	fi
}

# put_program SOURCE TARGET
put_program()
{
	put 755 "$1" "$2"
	[ "$what" = uninstall ] || [ -z "$STRIP" ] || $STRIP "$DESTDIR$2"
}

# Units name the program and the settings by their full paths.
put_unit()
{
	put 644 "packaging/systemd/$1" "$UNITDIR/$1"
	[ "$what" = uninstall ] ||
		sed -i -e "s|/usr/sbin/|$PREFIX/sbin/|g" \
			-e "s|/etc/sallyport|$SYSCONFDIR/sallyport|g" \
			"$DESTDIR$UNITDIR/$1"
}

# drop DIRECTORY...: those that are left empty.
drop()
{
	for directory; do
		rmdir "$DESTDIR$directory" 2>/dev/null || true
	done
}

program()
{
	put_program "$OUT/sallyport" "$PREFIX/sbin/sallyport"
	put 644 man/sallyport.8 "$share/man/man8/sallyport.8"
	put 644 man/sallyport.conf.5 "$share/man/man5/sallyport.conf.5"
	doc=$share/doc/sallyport
	for file in README.md NEWS.md LICENSE doc/*.txt doc/*.md; do
		put 644 "$file" "$doc/${file##*/}"
	done
	for file in examples/*/*; do
		[ ! -f "$file" ] || put 644 "$file" "$doc/$file"
	done
	for file in packaging/systemd/*@*; do
		[ ! -f "$file" ] || put_unit "${file##*/}"
	done
	put 644 packaging/completion/sallyport.bash \
		"$share/bash-completion/completions/sallyport"
	put 644 packaging/completion/sallyport.zsh \
		"$ZSHDIR/_sallyport"
	put 644 packaging/completion/sallyport.fish \
		"$share/fish/vendor_completions.d/sallyport.fish"
	# The settings are the owner's: the folder goes only when it is empty.
	if [ "$what" = uninstall ]; then
		for directory in examples/*; do
			drop "$doc/$directory"
		done
		drop "$doc/examples" "$doc" "$SYSCONFDIR/sallyport"
	else
		install -d "$DESTDIR$SYSCONFDIR/sallyport"
	fi
}

tools()
{
	put_program "$OUT/contrib/tempdev/tempdev" "$PREFIX/bin/tempdev"
	put_program "$OUT/contrib/debug/poll" "$PREFIX/bin/poll-probe"
	put 644 man/tempdev.1 "$share/man/man1/tempdev.1"
	put 644 man/poll-probe.1 "$share/man/man1/poll-probe.1"
	trace_tools
}

# traceform is a program; the others are Python, in one folder.
trace_tools()
{
	put_program "$OUT/contrib/trace/traceform" "$PREFIX/bin/traceform"
	for file in contrib/trace/*.py; do
		put 755 "$file" "$share/sallyport/trace/${file##*/}"
	done
	for name in trace traceprops tracemap; do
		module=$name.py
		[ "$name" != trace ] || module=tracecmd.py
		if [ "$what" = uninstall ]; then
			rm -f "$DESTDIR$PREFIX/bin/$name"
		else
			ln -sf "../share/sallyport/trace/$module" \
				"$DESTDIR$PREFIX/bin/$name"
		fi
	done
	for name in trace traceform traceprops tracemap; do
		put 644 "man/$name.1" "$share/man/man1/$name.1"
	done
	[ "$what" != uninstall ] || {
		rm -rf "$DESTDIR$share/sallyport/trace/__pycache__"
		drop "$share/sallyport/trace" "$share/sallyport"
	}
}

"$2"
