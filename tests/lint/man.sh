#!/bin/sh
# Proves that the manual pages are sound mdoc, and that sallyport.conf(5)
# describes exactly the settings of --help, with their values, defaults and
# help; and that each line of help begins with a verb, tempdev's too.
command -v mandoc >/dev/null || { echo "mandoc is not installed"; exit 77; }
cd "$(dirname "$0")/../.." || exit 1
mandoc -T lint man/*.[0-9] 2>/dev/null |
	grep -v 'referenced manual not found' && exit 1
: "${BIN:=.}" "${TMPDIR:=/tmp}"

# One line a setting: its name, a tab, its help, its default.
"$BIN/sallyport" --help | awk '
	/^  -/ { name = $0; sub(/^.*--/, "", name); sub(/ .*/, "", name)
		if (group != "Commands") order[++n] = name
		next }
	/^        / { sub(/^ */, ""); text[name] = text[name] " " $0
		next }
	/^[A-Z]/ { group = $0 }
	END { for (i = 1; i <= n; i++)
		print order[i] "\t" text[order[i]] }' >"$TMPDIR/help"
[ "$(wc -l <"$TMPDIR/help")" -gt 40 ] || { echo "no settings in --help"; exit 1; }

# The same settings in the same order with the same values, and no others.
"$BIN/sallyport" --help |
	sed -n '/^Addresses/,$s/^  --\([a-z-]*\) \(.*\)/\1 \2/p' >"$TMPDIR/forms"
sed -n 's/^\.It Cm \([a-z-]*\) Ar \(.*\)/\1 \2/p' man/sallyport.conf.5 |
	sed 's/ | /|/g' | diff -u "$TMPDIR/forms" - || {
	echo "sallyport.conf.5 has other settings than --help"
	exit 1
}

# What is done, not what something is; the other options' help and the
# emulator's too.
verbs='Accept|Acknowledge|Answer|Ask|Be|Begin|Check|Choose|Close|Connect|Count'
verbs="$verbs|Delay|Emulate|End|Expect|Freeze|Give|Keep|Leave|Let|Limit|Listen"
verbs="$verbs|Look|Miss|Move|Name|Pad|Pass|Pause|Print|Protect|Read|Refuse|Reset"
verbs="$verbs|Run|Send|Serve|Set|Show|Switch|Take|Try|Use|Wait|Write"
{
	cut -f 2 "$TMPDIR/help"
	"$BIN/sallyport" --help | sed -n '/^Commands/,/^Addresses/p' |
		grep '^        [A-Z]'
	"$BIN/contrib/tempdev/tempdev" --help | grep '^        '
} | grep -vE "^ *($verbs) " && {
	echo "these lines of help do not begin with a verb"
	exit 1
}

# Nor what is done to something, if it is no condition.
sed 's/may be repeated//' "$TMPDIR/help" |
	grep -E '^[^.]*[	;] [^,;]*\b(is|are|be|been) [a-z]+ed\b' |
	grep -vE '\b(if|when|that|which|until|after|before|as) [^,;]*\b(is|are) [a-z]+ed' && {
	echo "the help of these settings says what is done to something"
	exit 1
}

# The same of the page, as it is read.
mandoc -T ascii -O width=1000 man/sallyport.conf.5 | col -b |
	tr -s ' \t' ' ' >"$TMPDIR/page"
failed=0
while IFS="$(printf '\t')" read -r name text; do
	grep -q "^ $name [^ ].*$" "$TMPDIR/page" || {
		echo "sallyport.conf.5 has no entry: $name"
		failed=1
	}
	text=${text# }
	grep -qF -e "$text" "$TMPDIR/page" || {
		echo "sallyport.conf.5: $name is not described as in --help:"
		echo "    $text"
		failed=1
	}
done <"$TMPDIR/help"
exit $failed
