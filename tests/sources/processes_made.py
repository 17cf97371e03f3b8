"""Made-up directories of processes, as proc(5) has them."""

import os
from collections.abc import Sequence
from pathlib import Path


class Proc:
    """A ``/proc`` beside a root file system."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "root"
        self.path = directory / "proc"
        self.root.mkdir()
        space = self.path / "self" / "ns"
        space.mkdir(parents=True)
        (space / "mnt").symlink_to("mnt:[1]")

    def file(self, path: str, data: bytes = b"x") -> Path:
        """A file of the root file system."""
        found = self.root / path.lstrip("/")
        found.parent.mkdir(parents=True, exist_ok=True)
        found.write_bytes(data)
        return found

    def mapping(self, path: str, mode: str = "r-xp", inode: int | None = None) -> str:
        """A line of maps; its inode is that of the file unless one is given."""
        there = self.root / path.lstrip("/")
        status = there.stat() if there.exists() else self.root.stat()
        device = f"{os.major(status.st_dev):x}:{os.minor(status.st_dev):x}"
        number = status.st_ino if inode is None else inode
        return f"7f00-7f01 {mode} 00000000 {device} {number}      {path}"

    def process(
        self, pid: int, name: str, program: str, maps: Sequence[str] = (), *, uid: int = 0,
        words: Sequence[str] = (), opened: Sequence[str] = (), space: str = "mnt:[1]",
        root: Path | None = None,
    ) -> Path:  # fmt: skip
        """A process with what it has mapped."""
        own = self.path / str(pid)
        (own / "ns").mkdir(parents=True)
        (own / "fd").mkdir()
        (own / "status").write_text(
            f"Name:\t{name}\nUid:\t1\t{uid}\t1\t1\nVmSize:\t 100 kB\n"
        )  # fmt: skip
        (own / "exe").symlink_to(program)
        (own / "root").symlink_to(root or self.root)
        (own / "cwd").symlink_to("/srv")
        (own / "ns" / "mnt").symlink_to(space)
        (own / "maps").write_text("\n".join([*maps, "7fff-8000 r-xp 0 00:00 0      [vdso]", ""]))
        (own / "cmdline").write_text("\0".join([program, *words, ""]))
        for number, path in enumerate(opened):
            (own / "fd" / str(number)).symlink_to(path)
        return own
