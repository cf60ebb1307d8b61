#!/usr/bin/env python3
"""Prints the rows of a CSV document as JSON."""

import csv, io, json, sys

text = sys.stdin.buffer.read().decode()
print(json.dumps(list(csv.reader(io.StringIO(text, newline=""), strict=True))))
