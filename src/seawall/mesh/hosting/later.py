"""What somebody is asked for who may not answer: nobody else is to wait for that."""

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

from seawall.core.errors import SeawallError
from seawall.mesh.hosting.errors import HostError

_Answer = TypeVar("_Answer")


class Later(Generic[_Answer]):
    """An answer, asked for in a thread of its own."""

    def __init__(self, ask: Callable[[], _Answer]) -> None:
        self._ask = ask
        self._asking: Thread | None = None
        self._answers: list[_Answer] = []

    def take(self) -> _Answer:
        """The answer; each is given once. Raises :class:`HostError` while there is none yet."""
        if self._answers:
            return self._answers.pop()
        if self._asking is None or not self._asking.is_alive():
            self._asking = Thread(target=self._listen, daemon=True)
            self._asking.start()
        raise HostError("there is no answer yet: ask again in a while")

    def _listen(self) -> None:
        try:
            self._answers.append(self._ask())
        except SeawallError:
            return  # whoever wants it asks again
