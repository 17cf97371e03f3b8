"""The environment of a program is the program's alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seawall.mesh.hosting.programs import carried

SHOWS = "import os, json, sys; print(json.dumps([dict(os.environ), sys.argv[1:]]))"


def shown(
    command: tuple[str, ...], environment: dict[str, str]
) -> tuple[dict[str, str], list[str]]:
    import json

    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    variables, words = json.loads(said.stdout)
    return variables, words


def test_values_and_words_come_as_they_are() -> None:
    odd = "a 'b' \"c\" $(id) `id` ${HOME} \\ \n ; exit 1"
    environment = {"PATH": "/usr/bin:/bin", "ODD": odd, "EMPTY": "", "_a1": "1"}
    command, values = carried(environment, (sys.executable, "-c", SHOWS, odd, "", "-x"))
    assert not any(odd in word for word in command[:3])
    variables, words = shown(command, values)
    assert words == [odd, "", "-x"]
    assert {name: variables[name] for name in environment} == environment
    assert not [name for name in variables if name.startswith("SEAWALL_")]


@pytest.mark.parametrize(
    "name", ["PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "IFS", "BASH_ENV", "ENV"]
)
def test_what_runs_before_it_hears_nothing_of_it(tmp_path: Path, name: str) -> None:
    """Else the program's user would be root: whoever owns a directory of its PATH."""
    for program in ("true", "env", "nice"):
        (tmp_path / program).write_text(f"#!/bin/sh\necho taken > {tmp_path}/seen\n")
        (tmp_path / program).chmod(0o755)
    command, values = carried({name: str(tmp_path)}, ("/bin/echo", "done"))
    assert set(values).isdisjoint({name})
    before = ("nice", "env", *command)
    said = subprocess.run(
        before, env={"PATH": os.defpath, **values}, capture_output=True, text=True, check=True
    )
    assert said.stdout == "done\n"
    assert not (tmp_path / "seen").exists()
