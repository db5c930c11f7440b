#!/bin/sh
# Proves what slots.py does, with 100,000 connections.
exec tests/scripts/slots.py 100000
