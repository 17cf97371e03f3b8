"""Images: made, built, asked and mounted with buildah, in a storage of the tests' own.

Nothing is pulled: a name that is not among the images of the storage fails the build.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.builds.heredocs import CONTEXT, lowered
from tests.builds.machine import CommandError, run

_RUN = Path("/run/seawall-test-builds")
"""State that must not outlive a start of the machine, as mounts do not."""
_KNOWS_HEREDOCS = (1, 33)
_REF_NAME = "org.opencontainers.image.ref.name"
_PASSED_ON = re.compile(r"(?i)(?:https?|ftp|all|no)_proxy")


class Engine:
    """buildah with its own storage below a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        root, state = directory / "storage", _RUN / directory.name
        driver = _driver(directory)
        self._storage: list[str | Path] = [
            "--root",
            root,
            "--runroot",
            state,
            "--storage-driver",
            driver,
        ]
        self._store = f"containers-storage:[{driver}@{root}+{state}]"

    def call(self, *arguments: str | Path) -> str:
        """Run buildah; gives its standard output."""
        return run(["buildah", *self._storage, *arguments]).strip()

    def has(self, image: str) -> bool:
        """Whether there is an image of this name."""
        return image in self.call("images", "--format", "{{.Name}}:{{.Tag}}").split()

    def build(self, context: Path, image: str) -> None:
        """Build the Dockerfile of a directory, without a cache of layers."""
        file = context / "Dockerfile"
        settings = [name for name in sorted(os.environ) if _PASSED_ON.fullmatch(name)]
        with TemporaryDirectory() as work:
            heredocs: list[str] = []
            if _version() < _KNOWS_HEREDOCS:
                text = lowered(file.read_bytes(), Path(work))
                file = Path(work, "Dockerfile")
                file.write_bytes(text)
                heredocs = ["--build-context", f"{CONTEXT}={work}"]
            self.call(
                "bud", "--isolation", "chroot", "--pull-never", "--format", "docker", "--no-cache",
                *(f"--build-arg={name}" for name in settings), *heredocs,
                "--tag", image, "--file", file, context,
            )  # fmt: skip

    def import_root(self, archive: Path, image: str) -> None:
        """Make an image of a tar file, with the configuration that Debian's have."""
        container = self.call("from", "scratch")
        try:
            self.call("add", "--quiet", container, archive, "/")
            path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            self.call("config", "--cmd", '["bash"]', "--env", path, container)
            self.call("commit", "--quiet", container, image)
        finally:
            self.call("rm", container)

    def export(self, layout: Path, names: Sequence[str]) -> None:
        """Write an image to an OCI layout under several names, and keep it as it is there.

        What is in the storage has the digest that is in the layout, as if both came from a
        registry.
        """
        self.call("push", "--quiet", names[0], f"oci:{layout}:{names[0]}")
        index = json.loads((layout / "index.json").read_text())
        (entry,) = index["manifests"]
        self.call("rmi", "--force", names[0])
        run(["skopeo", "copy", "--quiet", f"oci:{layout}:{names[0]}", f"{self._store}{names[0]}"])
        index["manifests"] = []
        for name in names:
            self.call("tag", names[0], name)
            index["manifests"].append({**entry, "annotations": {_REF_NAME: name}})
        (layout / "index.json").write_text(json.dumps(index))
        found = self.call("images", "--no-trunc", "--format", "{{.Digest}}", names[0]).split()
        if entry["digest"] not in found:
            raise CommandError(f"{names[0]} came back with {found}, not with {entry['digest']}")

    def configuration(self, image: str) -> Mapping[str, Any]:
        """The configuration of an image: User, Env, Cmd and so on."""
        value = json.loads(self.call("inspect", "--type", "image", image))["Docker"]["config"]
        assert isinstance(value, dict)
        return value

    @contextmanager
    def mounted(self, image: str) -> Iterator[Path]:
        """The root file system of a container of an image."""
        container = self.call("from", "--pull-never", image)
        try:
            yield Path(self.call("mount", container))
        finally:
            self.call("rm", container)

    def remove(self, image: str) -> None:
        """Forget an image."""
        with suppress(CommandError):  # it was never built
            self.call("rmi", "--force", image)


@cache
def _version() -> tuple[int, ...]:
    found = re.search(r"version (\d+)\.(\d+)", run(["buildah", "--version"]))
    assert found is not None
    return int(found[1]), int(found[2])


@cache
def _driver(directory: Path) -> str:
    """Overlay where the kernel lets us, which saves copies; else plain directories."""
    probe = directory / "probe"
    options = ["--root", str(probe), "--runroot", str(_RUN / "probe"), "--storage-driver"]
    try:
        run(["buildah", *options, "overlay", "info"])
    except CommandError:
        return "vfs"
    finally:
        shutil.rmtree(probe, ignore_errors=True)
    return "overlay"
