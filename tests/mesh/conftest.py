"""What the tests of this folder leave open is closed behind each."""

from collections.abc import Iterator

import pytest

from tests.mesh import made


@pytest.fixture(autouse=True)
def _stores_are_closed() -> Iterator[None]:
    yield
    made.close_all()
