LINTS += tests/lint/shell.sh
