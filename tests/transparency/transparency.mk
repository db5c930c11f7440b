# Can two endpoints tell that the proxy stands between them?
TESTS += tests/transparency/transparency.py
LONGTESTS += tests/transparency/transparency-long.py
