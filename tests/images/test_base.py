"""How many layers came with the base, by histories as builders write them."""

import pytest

from seawall.images.base import layers_of_base

DEBIAN = [("/bin/sh -c #(nop) ADD file:1a in / ", False), ('/bin/sh -c #(nop)  CMD ["bash"]', True)]
PYTHON = [
    *DEBIAN,
    ("RUN /bin/sh -c apt-get update # buildkit", False),
    ("ENV PATH=/usr/local/bin", True),
    ('CMD ["python3"]', True),
]


@pytest.mark.parametrize(
    ("history", "base"),
    [
        ([], 0),
        (DEBIAN, 0),
        ([*DEBIAN, ("COPY app /app # buildkit", False)], 1),
        (PYTHON, 1),
        ([*PYTHON, ("COPY . /app # buildkit", False), ('ENTRYPOINT ["/app/run"]', True)], 2),
        ([*PYTHON, ("WORKDIR /app", False), ("COPY . . # buildkit", False), ("CMD x", True)], 2),
        ([*PYTHON, ("USER 10001", True)], 1),
        ([("COPY / / # buildkit", False)], 0),
    ],
)
def test_histories(history: list[tuple[str, bool]], base: int) -> None:
    assert layers_of_base(history, sum(not empty for _, empty in history)) == base


def test_a_history_that_does_not_fit_the_layers_tells_nothing() -> None:
    assert layers_of_base([*PYTHON, ("COPY . /app", False)], 5) == 0
