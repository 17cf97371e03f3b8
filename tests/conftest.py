"""What holds for every test."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from seawall import cache
from seawall.reports import json as json_report
from tests.reports.schemas import valid_report

# How long a test takes says how busy the machine is, and fails none.
settings.register_profile("seawall", deadline=None, suppress_health_check=(HealthCheck.too_slow,))
settings.load_profile("seawall")


@pytest.fixture(autouse=True, scope="session")
def _a_cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests neither read nor fill the cache of who runs them; sub-processes neither."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        directory = tmp_path_factory.mktemp("cache")
        monkeypatch.setenv(cache.ENVIRONMENT, str(directory))
        yield


@pytest.fixture(autouse=True)
def _every_json_report_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold each JSON report that a test makes against the schema in the package."""
    join = json_report.join

    def validated(*arguments: Any) -> Iterator[str]:
        text = "".join(join(*arguments))
        valid_report(text)
        yield text

    monkeypatch.setattr(json_report, "join", validated)


@pytest.fixture(autouse=True)
def _what_files_may() -> Iterator[None]:
    """A program of the mesh that runs within a test sets the mask of new files for its process."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)
