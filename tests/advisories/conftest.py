"""A small database for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.advisories import samples, small_database


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a small database."""
    return small_database.build(tmp_path_factory.mktemp("advisories") / "small.db")


@pytest.fixture(autouse=True)
def _databases_are_closed() -> Iterator[None]:
    yield
    samples.close_all()
