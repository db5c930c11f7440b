# Takes the transcripts out of doc/poll-semantics.txt, or puts new ones in.
#
# A transcript is indented by four blanks: "$ COMMAND" (a backslash continues
# it), then what it prints, up to an empty line. "# needs root" may stand
# before it.
#
#   -v dir=D                 D/1.cmd, D/1.want, D/1.line, D/1.needs, ...
#   -v dir=D -v bless=1      prints the document with D/1.got, ... in place,
#                            where there is no D/1.ok

function put(kind, text) {
	if (!bless)
		print text >(dir "/" n "." kind)
}

function put_got(    file, line) {
	file = dir "/" n ".got"
	while ((getline line <file) > 0)
		print line == "" ? "" : "    " line
	close(file)
}

function exists(file,    line, there) {
	there = (getline line <file) >= 0
	close(file)
	return there
}

{ text = substr($0, 5) }

/^    # needs / {
	needs = substr(text, 9)
	if (bless)
		print
	next
}

/^    \$ / || more {
	if (!more) {
		n++
		put("line", NR)
		put("needs", needs)
		needs = ""
	}
	put("cmd", more ? text : substr(text, 3))
	more = /\\$/
	inside = 1
	fresh = bless && !more && !exists(dir "/" n ".ok")
	if (bless)
		print
	if (fresh)
		put_got()
	next
}

inside && /^    / {
	put("want", text)
	if (bless && !fresh)
		print
	next
}

{
	inside = 0
	if (bless)
		print
}
