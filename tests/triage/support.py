"""Trees of manifests and what a scan says of them."""

import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from seawall.cli.main import run
from seawall.core.report import Report
from seawall.engine import Options, scan

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
spec:
  hostNetwork: true
  hostPID: true
  containers:
    - name: app
      image: registry.example.org/app:latest
    - name: side
      image: registry.example.org/side:latest
"""
SELECT = (
    "host-network", "host-pid", "image-tag-mutable", "privileged-container",
    "ignore-expired", "ignore-invalid", "ignore-locked", "ignore-unused", "ignore-without-reason",
)  # fmt: skip
TODAY = "2026-06-15"


def pod(name: str = "web") -> str:
    return POD.format(name=name)


def write(tree: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))


def scanned(text: str, tree: Path, **options: Any) -> Report:
    """The report on one manifest, scanned as a tree of its own."""
    write(tree, {"pod.yaml": text})
    given: dict[str, Any] = {"select": SELECT, "today": TODAY, **options}
    return scan(Options(targets=(str(tree),), **given)).report


def found(report: Report) -> list[tuple[str, int]]:
    """The findings: rule and line."""
    return [(f.rule.id, f.location.span.line if f.location.span else 0) for f in report.findings]


def hidden(report: Report) -> list[tuple[str, int, str, str]]:
    """The suppressed findings: rule, line, form and reason."""
    return [
        (item.finding.rule.id, item.finding.location.span.line, item.form, item.reason)
        for item in report.suppressed
        if item.finding.location.span
    ]


class Ran(NamedTuple):
    """What a command wrote."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        """The JSON report."""
        return json.loads(self.out)


def command(*arguments: str) -> Ran:
    """Run a command line in this process; without a cache unless it is asked for."""
    out, err = io.StringIO(), io.StringIO()
    given = [item for item in arguments if item != "--cache"]
    if "--cache" not in arguments and arguments[:1] == ("scan",):
        given.append("--no-cache")
    with redirect_stdout(out), redirect_stderr(err):
        code = run(given)
    return Ran(code, out.getvalue(), err.getvalue())


def json_scan(*arguments: str) -> Any:
    """The JSON report of a scan in the current directory."""
    return command("scan", "--format", "json", "--exit-zero", *arguments).report


def rules_of(report: Any) -> list[str]:
    return [finding["rule"] for finding in report["findings"]]


def environment() -> dict[str, str]:
    """An environment without git's and this machine's settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
