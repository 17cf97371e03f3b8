"""Root directories of a few of this machine's programs and the libraries that they need."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path


def make(root: Path, programs: Iterable[str]) -> Path:
    """A root with programs where they are here, links followed."""
    for name in ("proc", "dev", "tmp", "sys", "etc", "run"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for program in programs:
        add(root, program, program)
    return root


def add(root: Path, program: str, path: str) -> None:
    """Add a program at a path, with its libraries."""
    said = subprocess.run(["ldd", program], check=False, capture_output=True, text=True, timeout=60)
    libraries = re.findall(r"(/\S+) \(0x", said.stdout) if not said.returncode else []
    for source, target in [(program, path), *((each, each) for each in libraries)]:
        place = root / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            shutil.copy(os.path.realpath(source), place)
            place.chmod(0o755)
