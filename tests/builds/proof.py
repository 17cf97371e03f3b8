"""One Dockerfile, built as its author wrote it and as ``seawall harden`` leaves it."""

import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Self

from seawall.core.well_known_images import facts_of
from tests.builds.cases import Case
from tests.builds.containers import Container, Identity
from tests.builds.images import Shelf
from tests.builds.machine import CommandError
from tests.shared import DATA

TIERS = {"safe": [], "lock": ["--lock"], "unsafe": ["--lock", "--unsafe"]}
"""Options of each tier; each makes what the ones before it make, and more."""


Files = tuple[tuple[str, bytes], ...]
"""What a build gets: the paths of its context with their contents."""


class Outcome(NamedTuple):
    """What became of a Dockerfile; ``tier`` is empty for the one before ``harden``."""

    tier: str
    text: str
    """The Dockerfile."""
    summary: str
    """What ``harden`` says that it did."""
    size: int
    """Bytes of the image's files."""
    seconds: float
    """Of the build."""
    identity: Identity
    output: str
    """What the program says, or why it does not."""


class Proof:
    """Builds and runs a case; what it has built goes when it is closed."""

    def __init__(self, shelf: Shelf, case: Case) -> None:
        self._engine = shelf.engine
        self._case = case
        self._layouts = shelf.layouts(case.images)
        self._built: dict[Files, tuple[str, float]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for image, _seconds in self._built.values():
            self._engine.remove(image)

    def before(self) -> Outcome:
        """What the author's Dockerfile gives."""
        with self._context() as context:
            return self._outcome(context, "", "")

    def after(self, tier: str) -> Outcome:
        """What the hardened Dockerfile gives."""
        with self._context() as context:
            return self._outcome(context, tier, self._hardened(context, tier))

    @contextmanager
    def _context(self) -> Iterator[Path]:
        with TemporaryDirectory() as work:
            context = Path(work, self._case.name)
            shutil.copytree(DATA / "builds" / self._case.name, context)
            yield context

    def _hardened(self, context: Path, tier: str) -> str:
        lock = str(context.parent / "seawall.lock")
        layouts = [f"--from={layout}" for layout in self._layouts]
        _seawall(context, "lock", "--offline", f"--file={lock}", *layouts, ".")
        options = [*TIERS[tier], f"--lock-file={lock}", "--no-config", "--write"]
        return _seawall(context, "harden", *options, ".")

    def _outcome(self, context: Path, tier: str, summary: str) -> Outcome:
        text = (context / "Dockerfile").read_bytes()
        try:
            image, seconds = self._image(context)
        except CommandError as error:
            what = f"{self._case.name} {tier or 'before'}"
            raise CommandError(f"{what}: {error}\n{summary}\n{text.decode()}") from error
        with self._engine.mounted(image) as root:
            container = Container(
                root,
                self._engine.configuration(image),
                confined=tier == "unsafe",
                writable=self._writable() if tier == "unsafe" else (),
            )
            size = _size(root)
            identity = container.identity()
            output = self._output(container)
        return Outcome(tier, text.decode(), summary, size, seconds, identity, output)

    def _image(self, context: Path) -> tuple[str, float]:
        """The image of a context, and the seconds that its build took."""
        files = _files(context)
        if files not in self._built:
            image = f"localhost/seawall-proof:{uuid.uuid4().hex}"
            start = time.monotonic()
            self._engine.build(context, image)
            self._built[files] = image, time.monotonic() - start
        return self._built[files]

    def _writable(self) -> Sequence[str]:
        """What is mounted beside a read-only root, as the fix of manifests does."""
        repository = self._case.images[-1].partition(":")[0]
        facts = facts_of("docker.io", f"library/{repository}")
        known = () if facts is None else facts.writable
        return tuple(dict.fromkeys(("/tmp", *known)))

    def _output(self, container: Container) -> str:
        url = self._case.url
        return container.answer(url) if url else container.output()


def _seawall(directory: Path, command: str, *options: str) -> str:
    """Run the command; gives its summary."""
    done = subprocess.run(
        [sys.executable, "-m", "seawall", command, *options],
        cwd=directory, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CommandError(f"seawall {command}: exit code {done.returncode}\n{done.stderr}")
    return done.stderr


def _files(context: Path) -> Files:
    paths = sorted(path for path in context.rglob("*") if path.is_file())
    return tuple((str(path.relative_to(context)), path.read_bytes()) for path in paths)


def _size(root: Path) -> int:
    """Bytes of all files, each once."""
    seen = set()
    total = 0
    for directory, _, names in os.walk(root):
        for name in names:
            status = os.lstat(os.path.join(directory, name))
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                total += status.st_size
    return total
