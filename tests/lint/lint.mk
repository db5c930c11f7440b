LINTS += $(addprefix tests/lint/,shell.sh layers.sh circles.py length.sh \
	tidy.sh cppcheck.sh man.sh causes.sh design.sh test-table.sh words.sh format.sh)
