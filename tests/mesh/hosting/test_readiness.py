"""What the status of an agent says on whether its proxies are ready, without any process."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from seawall.mesh.control.messages import Standing
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.fleet import Fleet
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.hosting.readiness import Readiness

TAKEN = Standing(("10.88.0.5",), 2, 1, 7, is_connected=True)._asdict()


def ready(directory: Path, standing: dict[str, Any] | None) -> bool:
    """What is made of a status on a host that has no controller."""
    path = directory / "agent.json"
    path.write_text(json.dumps({"workloads": {"web": {"standing": standing}}}))
    layout = cast("Layout", SimpleNamespace(agent_status=str(path)))
    readiness = Readiness(layout, cast("Fleet", None), leads=False)
    return readiness.are_ready(["web"])


def test_what_has_its_configuration_is_ready(tmp_path: Path) -> None:
    assert ready(tmp_path, TAKEN)
    assert not ready(tmp_path, TAKEN | {"generation": -1})
    assert not ready(tmp_path, None)


def test_what_refuses_it_is_waited_for_no_longer(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="web does not take it: no such cipher; correct the file"):
        ready(tmp_path, TAKEN | {"generation": -1, "why": "no such cipher"})


@pytest.mark.parametrize("generation", [-1, 7])
def test_an_agent_of_the_release_before_does_not_say_why(tmp_path: Path, generation: int) -> None:
    """Its status, which may still lie there after an upgrade, has no such word."""
    older = {key: value for key, value in TAKEN.items() if key != "why"}
    assert ready(tmp_path, older | {"generation": generation}) == (generation >= 0)
