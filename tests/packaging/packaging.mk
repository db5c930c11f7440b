# Packages and units.
TESTS += tests/packaging/units.sh
