TESTS += tests/poll/cli.sh
