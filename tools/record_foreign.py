"""Record what other tools leave out for the cases in tests/data/foreign/cases.toml.

    python -m tools.record_foreign

Runs kube-linter, kube-score, trivy and checkov where they are on the PATH, each on the bare tree
and on the tree of each case, and writes the difference into tests/data/foreign/answers.jsonl.
Rows of tools that are not there stay as they are.
"""

import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.foreign.cases import ANSWERS, Case, Found, answers, build, cases

OPTIONAL = (
    "container-cpu-requests-equal-limits", "container-ephemeral-storage-request-equals-limit",
    "container-memory-requests-equal-limits", "container-ports-check",
    "container-resource-requests-equal-limits", "container-seccomp-profile",
)  # fmt: skip
_OK = 10


def _run(folder: Path, *command: str) -> Any:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    try:
        return json.loads(result.stdout)
    except ValueError:
        raise SystemExit(f"{shlex.join(command)}: {result.stderr or result.stdout}") from None


def _relative(path: str, folder: Path) -> str:
    return (folder / path).resolve().relative_to(folder.resolve()).as_posix()


def kube_linter(folder: Path, case: Case, *, bare: bool) -> set[Found]:
    """What kube-linter reports."""
    every = () if case.narrow else ("--add-all-built-in",)
    del bare
    report = _run(folder, "kube-linter", "lint", *every, "--format", "json", ".")
    return {
        (row["Check"], _relative(row["Object"]["Metadata"]["FilePath"], folder))
        for row in report["Reports"] or ()
    }


def kube_score(folder: Path, case: Case, *, bare: bool) -> set[Found]:
    """What kube-score grades below OK."""
    flags = [] if case.narrow else [f"--enable-optional-test={check}" for check in OPTIONAL]
    flags += [] if bare else shlex.split(case.flags)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml"))
    report = _run(folder, "kube-score", "score", *flags, "-o", "json", *names)
    return {
        (check["check"]["id"], _relative(row["file_name"], folder))
        for row in report
        for check in row["checks"]
        if not check["skipped"] and check["grade"] < _OK
    }


def trivy(folder: Path, case: Case, *, bare: bool) -> set[Found]:
    """What Trivy's checks fail."""
    forms = [name for name in case.files if name.endswith((".yaml", ".yml")) and not bare]
    ignore = [item for name in forms for item in ("--ignorefile", name)]
    report = _run(
        folder,
        "trivy",
        "config",
        "--skip-check-update",
        "--quiet",
        *ignore,
        "--format",
        "json",
        ".",
    )
    return {
        (row["ID"], result["Target"])
        for result in report.get("Results", ())
        for row in result.get("Misconfigurations", ())
    }


def checkov(folder: Path, case: Case, *, bare: bool) -> set[Found]:
    """What checkov's checks fail."""
    del case, bare
    report = _run(
        folder, "checkov", "--directory", ".", "--framework", "kubernetes", "--output", "json",
        "--compact", "--quiet", "--skip-download",
    )  # fmt: skip
    return {
        (row["check_id"], row["file_path"].removeprefix("/"))
        for row in report["results"]["failed_checks"]
    }


TOOLS: Mapping[str, Callable[..., set[Found]]] = {
    "kube-linter": kube_linter,
    "kube-score": kube_score,
    "trivy": trivy,
    "checkov": checkov,
}


def main() -> int:
    """Record; gives the exit code."""
    there = [tool for tool in TOOLS if shutil.which(tool)]
    if not there:
        print(f"none of these is on the PATH: {', '.join(TOOLS)}", file=sys.stderr)
        return 2
    rows = (
        {name: answer._asdict() for name, answer in answers().items()} if ANSWERS.exists() else {}
    )
    known: dict[str, set[Found]] = {}
    for case in cases():
        if case.tool not in there:
            continue
        with tempfile.TemporaryDirectory() as name:
            build(Path(name), case)
            found = TOOLS[case.tool](Path(name), case, bare=False)
        if case.bare not in known:
            with tempfile.TemporaryDirectory() as name:
                build(Path(name), None)
                known[case.bare] = TOOLS[case.tool](Path(name), case, bare=True)
        bare = known[case.bare]
        rows[case.bare] = {
            "name": case.bare, "tool": case.tool, "left_out": [], "added": sorted(bare),
        }  # fmt: skip
        left_out, added = sorted(bare - found), sorted(found - bare)
        rows[case.name] = {
            "name": case.name, "tool": case.tool, "left_out": left_out, "added": added,
        }  # fmt: skip
    order = [*dict.fromkeys(case.bare for case in cases()), *(case.name for case in cases())]
    ANSWERS.write_text(
        "".join(f"{json.dumps(rows[name], ensure_ascii=False)}\n" for name in order if name in rows)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
