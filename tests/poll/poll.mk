TESTS += $(addprefix tests/poll/,cli.sh scripts.sh map.sh doc.sh)
