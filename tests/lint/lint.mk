LINTS += $(addprefix tests/lint/,shell.sh python.sh layers.sh circles.py \
	length.sh tidy.sh cppcheck.sh man.sh settings.sh causes.sh design.sh \
	spelling.sh test-table.sh words.sh sleeps.sh starts.sh version.sh \
	format.sh lints-fail.sh)
