"""The page about the mesh: its descriptions can be carried out, its commands exist."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from seawall.cli import mesh
from seawall.mesh.plan.reading import plan_of
from seawall.mesh.plan.trying import failures

PAGE = (Path(__file__).parents[2] / "docs" / "mesh.md").read_text()


def _blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def _with(whole: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A description with a further part: entries and items are added."""
    found = dict(whole)
    for key, value in part.items():
        if isinstance(value, list):
            found[key] = [*found.get(key, []), *value]
        elif isinstance(value, dict):
            found[key] = {**found.get(key, {}), **value}
        else:
            found[key] = value
    return found


def test_descriptions_can_be_carried_out(tmp_path: Path) -> None:
    for name in ("tls.crt", "tls.key"):
        (tmp_path / name).write_text("")
    whole: dict[str, Any] = {}
    for block in _blocks("yaml"):
        part = yaml.safe_load(block)
        is_alone = "hosts" in part  # where all workloads say where they are
        head = {key: whole[key] for key in ("mesh", "trustDomain")} if is_alone else whole
        description = _with(head, part)
        whole = whole if is_alone else description
        text = yaml.safe_dump(description).encode()
        assert failures(plan_of(str(tmp_path / "mesh.yaml"), text)) == [], block
    plan = plan_of(str(tmp_path / "mesh.yaml"), yaml.safe_dump(whole).encode())
    assert plan.edges.gateway is not None
    assert [own.name for own in plan.members if own.mode.off_reason] == ["printer"]


def _commands() -> list[str]:
    lines = r"^(?:\w+\$\s+)?(?:sudo )?seawall mesh (.*)$"
    found = re.findall(lines, "\n".join(_blocks("text")), re.MULTILINE)
    return [re.split(r"\s{2,}|\s>\s", line)[0] for line in found]


@pytest.mark.parametrize("command", _commands())
def test_commands_exist(command: str) -> None:
    mesh.parser().parse_args(shlex.split(command))


def test_there_are_some() -> None:
    assert len(_commands()) > 8
