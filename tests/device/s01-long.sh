#!/bin/sh
# Proves S1 at full length: ten thousand requests beside a hundred connect checks.
exec python3 "$(dirname "$0")/s01-refreshers.py" 10000
