#!/bin/sh
# Proves that every Python file in the tree passes flake8 within 80 columns, and
# that no test waits with select(), which fails above descriptor 1023.
# E402: a file says where its modules are before it imports them. E101, W191:
# strings of shell, of C and of configurations are indented with tabs.
python3=$(command -v /usr/bin/python3 || command -v python3)
"$python3" -c 'import flake8' 2>/dev/null ||
	{ echo "flake8 is not installed"; exit 77; }
git ls-files '*.py' | xargs "$python3" -m flake8 --isolated \
	--max-line-length 80 --max-complexity 12 --extend-ignore E402,E101,W191
status=$?
git grep -n 'select\.select' -- '*.py' && {
	echo "python.sh: ready() of tests/lib knows every descriptor"
	status=1
}
exit $status
