"""Files on their way to be read, and what their surroundings say of them."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from seawall.engine import dockerfiles
from seawall.sources.files import SourceFile

if TYPE_CHECKING:
    from seawall.dockerfile.rule import Surroundings


class Task:
    """A file to read for objects, and what its surroundings say of it."""

    __slots__ = (
        "_digest", "_row", "_state", "around", "complete", "data", "file", "is_template", "listed",
    )  # fmt: skip

    def __init__(
        self,
        file: SourceFile,
        data: bytes,
        *,
        is_template: bool,
        complete: bool,
        listed: bool = False,
        around: "Surroundings | None" = None,
    ) -> None:
        self.file = file
        self.data = data
        self.is_template = is_template
        self.complete = complete
        """Whether all objects of its directory are read as well."""
        self.listed = listed
        """Whether a kustomization takes it as whole objects."""
        self.around = around
        """Of a Dockerfile: its ignore file and build context. Nothing else has any."""
        self._digest = self._row = b""
        self._state: bytes | None = None

    @property
    def text(self) -> bytes:
        """The bytes of its file: of a Dockerfile within another one those of the other."""
        return dockerfiles.text_of(self.around, self.data)

    @property
    def is_whole_file(self) -> bool:
        """Whether its bytes are all of its file's: those of a Dockerfile within another are not."""
        return self.around is None or self.around.embedding is None

    @property
    def digest(self) -> bytes:
        """What its bytes are known by."""
        if not self._digest:
            from seawall.core.digests import blake2b  # noqa: PLC0415 - only where results are kept

            self._digest = blake2b(self.data, digest_size=16).digest()
        return self._digest

    @property
    def row(self) -> bytes:
        """All that what a file holds rests on, for keys."""
        if not self._row:
            file = self.file
            given = None if self.around is None else dockerfiles.given(self.around)
            said = (file.path, file.named, file.context, self.is_template, self.complete,
                    self.listed, given)  # fmt: skip
            self._row = repr(said).encode("utf-8", "surrogatepass") + self.digest
        return self._row

    @property
    def surroundings(self) -> bytes:
        """What a verdict on a Dockerfile rests on besides, for keys."""
        if self._state is None:
            self._state = b"" if self.around is None else self._surroundings(self.around)
        return self._state

    def _surroundings(self, around: "Surroundings") -> bytes:
        from seawall.core.digests import blake2b  # noqa: PLC0415 - only where results are kept

        state = repr(dockerfiles.state(around, self.data)).encode("utf-8", "surrogatepass")
        if around.embedding is None:
            return state
        # A report shows lines of the file that holds it.
        return state + blake2b(self.text, digest_size=16).digest()


Workers = Callable[[Iterable[Task]], int]
"""How many processes are worth their work for some files."""
