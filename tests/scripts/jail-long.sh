#!/bin/sh
# Proves what jail.sh does, with every error that a step of the jail may meet.
ERRNOS=all exec sh tests/scripts/jail.sh
