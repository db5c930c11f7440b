# The protection against everything that may happen to it.
TESTS += tests/protect/cells.sh tests/protect/share.sh
