TESTS += tests/poll/cli.sh tests/poll/scripts.sh tests/poll/map.sh
