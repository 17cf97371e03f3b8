"""What tests of the engine share."""

import pytest

from tests.advisories import small_database


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a small database."""
    return small_database.build(tmp_path_factory.mktemp("advisories") / "small.db")
