"""Encoded texts: what looking for them costs."""

from typing import SupportsIndex

from seawall.secrets.decoding import Budget, percent


class Counted(bytes):
    """Bytes that count how often one of them is looked at."""

    looks = 0

    def __getitem__(self, at: SupportsIndex | slice) -> "int | bytes":  # type: ignore[override]
        self.looks += 1
        return super().__getitem__(at)


def test_runs_that_are_no_encoding_are_walked_once() -> None:
    data = Counted(b"%" * 4000)
    assert not list(percent(data, range(len(data)), Budget(1 << 20)))
    assert data.looks <= 2 * len(data)
