"""Running the command line within a test."""

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from seawall.cli.main import run

# Host network is high, the missing memory limit medium, the shared account low.
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  hostNetwork: true
  containers:
    - name: web
      image: registry.example.org/web:1.4.2
"""


class Outcome(NamedTuple):
    """What a command gave and printed."""

    code: int
    output: str
    errors: str


def command(*arguments: str) -> Outcome:
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        code = run(list(arguments))
    return Outcome(code, output.getvalue(), errors.getvalue())


def write(directory: Path, **files: str) -> None:
    """Write manifests: ``a="..."`` becomes a.yaml."""
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text)
