"""What holds for every test."""

from collections.abc import Iterator
from typing import Any

import pytest

from seawall.reports import json as json_report
from tests.reports.schemas import valid_report


@pytest.fixture(autouse=True)
def _every_json_report_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold each JSON report that a test makes against the schema in the package."""
    write = json_report.write

    def validated(*arguments: Any) -> Iterator[str]:
        text = "".join(write(*arguments))
        valid_report(text)
        yield text

    monkeypatch.setattr(json_report, "write", validated)
