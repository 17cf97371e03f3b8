"""Reads its settings from a file beside it, as many a program does."""

from pathlib import Path

file = Path(__file__).with_name(".env")
settings = dict(line.split("=", 1) for line in file.read_text().splitlines())
print(f"the harbour is {settings['HARBOUR']}")
