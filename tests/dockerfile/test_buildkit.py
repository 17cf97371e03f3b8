"""Stages, values and refusals against BuildKit's own answers."""

from typing import Any

from seawall.dockerfile.build import evaluate
from seawall.dockerfile.ignores import parse_ignores
from seawall.dockerfile.rules import all_rules
from seawall.dockerfile.stages import Build, Command
from seawall.text.dockerfile.parser import parse
from tests.dockerfile.buildkit_checks import warnings
from tests.dockerfile.recorded import ROW, answers, error_lines, kind, plain, rows, valid
from tests.dockerfile.support import judge


def build_of(text: str) -> Build:
    return evaluate(parse(text.encode()))


def their_warnings(row: ROW) -> list[tuple[str, str, tuple[int, int]]]:
    return sorted(
        {
            (check, plain(message), (min(a for a, _ in lines), max(b for _, b in lines)))
            for check, message, lines in row.get("warnings", ())
            if check != "InvalidBaseImagePlatform"  # needs the image
        }
    )


def our_warnings(build: Build) -> list[tuple[str, str, tuple[int, int]]]:
    return sorted({(one.check, valid(one.message), one.lines) for one in warnings(build)})


def test_every_file_is_refused_with_buildkits_words() -> None:
    refused = 0
    for row in rows():
        wanted = row["buildkit"].get("lint_error") or ""
        problem = build_of(row["text"]).problem
        found = problem.message if problem else ""
        assert plain(found) == plain(wanted), row["text"]
        refused += bool(wanted)
    assert refused == 400


REFUSALS = frozenset(
    "arg-default-invalid copy-from-self copy-from-unknown dockerfile-syntax expose-range "
    "instruction-before-from onbuild-invalid stage-cycle unknown-run-flag".split()
)
"""The rules that tell why BuildKit refuses a file."""


def test_every_file_is_refused_on_buildkits_line() -> None:
    lines = error_lines()
    assert len(lines) == 400
    for number, row in enumerate(rows()):
        build = build_of(row["text"])
        assert (build.problem is not None) == (number in lines), row["text"]
        if build.problem is None:
            continue
        line = build.problem.line
        if "directive can be used" in build.problem.reason or "escape" in build.problem.reason:
            line -= 1  # BuildKit counts from 0 there
        assert any(first <= line <= last for first, last in lines[number]), row["text"]


def test_every_refusal_is_a_finding_on_buildkits_lines() -> None:
    rules = [rule for rule in all_rules() if rule.id in REFUSALS]
    assert len(rules) == len(REFUSALS)
    for number, row in enumerate(rows()):
        found = judge(rules, row["text"])
        if number not in error_lines():
            # These two also warn of what BuildKit looks up, and of builds with other arguments.
            ids = {finding.rule.id for finding in found}
            assert ids <= {"arg-default-invalid", "copy-from-unknown"}, row["text"]
            continue
        lines = [span.line for finding in found if (span := finding.location.span) is not None]
        assert any(
            first <= line <= max(last, 1) for line in lines for first, last in error_lines()[number]
        ), row["text"]


def test_every_warning_follows_from_the_facts() -> None:
    seen = set()
    for row in rows():
        theirs = row["buildkit"]
        if "lint_error" not in theirs:
            assert our_warnings(build_of(row["text"])) == their_warnings(theirs), row["text"]
            seen |= {check for check, _, _ in theirs["warnings"]}
    assert len(seen) == 17


def test_generated_files_are_refused_alike() -> None:
    refused = 0
    for row in kind("build"):
        wanted = (
            row.get("parse_error") or row.get("instruction_error") or row.get("lint_error") or ""
        )
        if row.get("lint_error", "").startswith("failed to parse check"):
            wanted = row["lint_error"]
        build = build_of(row["build"])
        found = build.problem.message if build.problem else ""
        if found.startswith("failed to parse check") and "lint_error" not in row:
            continue  # its linter was not asked once its parser had refused
        if wanted.startswith("failed to parse stage name"):
            # Images are looked up at the same time: any bad one may come first.
            assert plain(wanted) in [plain(one.message) for one in build.problems]
            continue
        assert plain(found) == plain(wanted), row["build"]
        refused += bool(wanted)
        if build.problem and build.problem.phase == "build" and "lines" in row:
            line = build.problem.line
            assert any(first <= line <= last for first, last in row["lines"]), row["build"]
    assert refused > 500


def executed(command: Command | None) -> list[str]:
    """A command as the image's configuration holds it."""
    if command is None:
        return []
    if command.uses_shell:
        return [*(command.step.shell or ("/bin/sh", "-c")), " ".join(command.words)]
    return list(command.words)


def config_of(build: Build) -> dict[str, Any]:
    """The final stage's configuration in the words of the image format."""
    assert build.final
    config = build.final.config
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    environment |= {name: value.text for name, value in config.environment.items()}
    ports = {
        f"{number}/{ports.protocol}"
        for ports in config.ports
        for number in range(ports.first, ports.last + 1)
    }
    check = config.health_check
    test = None
    if check:
        test = ["NONE"]
        if check.command:
            test = ["CMD-SHELL" if check.command.uses_shell else "CMD", *check.command.words]
    return {
        "User": config.user.text,
        "WorkingDir": config.workdir.text,
        "Env": sorted(f"{name}={value}" for name, value in environment.items()),
        "Labels": {name: value.text for name, value in config.labels.items()},
        "Volumes": sorted(config.volumes),
        "ExposedPorts": sorted(ports),
        "Shell": list(config.shell or ()),
        "Cmd": executed(config.command),
        "Entrypoint": executed(config.entrypoint),
        "StopSignal": config.stop_signal.text if config.stop_signal else "",
        "Healthcheck": test,
        "OnBuild": len(config.triggers),
    }


def their_config(config: ROW) -> dict[str, Any]:
    check = config.get("Healthcheck")
    return {
        "User": config.get("User", ""),
        "WorkingDir": config.get("WorkingDir", ""),
        "Env": sorted(config.get("Env") or ()),
        "Labels": config.get("Labels") or {},
        "Volumes": sorted(config.get("Volumes") or ()),
        "ExposedPorts": sorted(config.get("ExposedPorts") or ()),
        "Shell": config.get("Shell") or [],
        "Cmd": config.get("Cmd") or [],
        "Entrypoint": config.get("Entrypoint") or [],
        "StopSignal": config.get("StopSignal", ""),
        "Healthcheck": check and check["Test"],
        "OnBuild": len(config.get("OnBuild") or ()),
    }


def test_the_final_image_is_configured_alike() -> None:
    accepted = [row for row in kind("build") if "config" in row]
    assert len(accepted) > 500
    for row in accepted:
        build = build_of(row["build"])
        assert config_of(build) == their_config(row["config"]), row["build"]
        assert our_warnings(build) == their_warnings(row), row["build"]


def test_ignore_patterns_match_alike() -> None:
    paths = answers()[0]["paths"]
    for row in kind("ignore"):
        found = parse_ignores(row["ignore"])
        assert bool(found.problem) == bool(row["refused"]), row
        if not row["refused"]:
            assert [path for path in paths if found.excludes(path)] == row["paths"], row
