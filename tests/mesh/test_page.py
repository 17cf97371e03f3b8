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


def test_descriptions_can_be_carried_out(tmp_path: Path) -> None:
    for name in ("tls.crt", "tls.key"):
        (tmp_path / name).write_text("")
    whole: dict[str, Any] = {}
    plan = None
    for number, block in enumerate(_blocks("yaml")):
        for key, value in yaml.safe_load(block).items():
            if isinstance(value, list):
                whole[key] = [*whole.get(key, []), *value]
            elif isinstance(value, dict):
                whole[key] = {**whole.get(key, {}), **value}
            else:
                whole[key] = value
        plan = plan_of(str(tmp_path / "mesh.yaml"), yaml.safe_dump(whole).encode())
        assert failures(plan) == [], number
    assert plan is not None
    assert plan.edges.gateway is not None
    assert [own.name for own in plan.members if own.mode.off_reason] == ["printer"]


def _commands() -> list[str]:
    found = re.findall(r"^(?:sudo )?seawall mesh (.*)$", "\n".join(_blocks("text")), re.MULTILINE)
    return [re.split(r"\s{2,}|\s>\s", line)[0] for line in found]


@pytest.mark.parametrize("command", _commands())
def test_commands_exist(command: str) -> None:
    mesh.parser().parse_args(shlex.split(command))


def test_there_are_some() -> None:
    assert len(_commands()) > 8
