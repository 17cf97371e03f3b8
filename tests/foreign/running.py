"""Scans as the command line plans them."""

from pathlib import Path

import pytest

from seawall import engine
from seawall.cli import scan
from seawall.cli.settings import effective, engine_options, load
from seawall.core.report import Report


def report(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Report:
    """What a scan of a folder, from within it, reports."""
    monkeypatch.chdir(folder)
    options = scan.parse([*arguments, "--no-cache", "--min-confidence", "low", "."])
    config = load(options)
    plan = engine_options(options, config, effective(options, config))
    return engine.scan(plan).report
