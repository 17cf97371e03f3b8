"""Hosts and descriptions that will not do: what is said, and that nothing is left behind."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.cli import mesh as cli
from seawall.core.errors import SeawallError
from seawall.mesh.hosting import host_checks, network
from seawall.mesh.hosting.errors import HostError
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.plan.errors import PlanError
from seawall.mesh.plan.reading import plan_of
from seawall.mesh.proxies import program
from tests.mesh.lifted import needs_host

NAME = f"b{os.getpid() % 100_000}"
DESCRIPTION = f"""\
mesh: {NAME}
trustDomain: shop.example.org
workloads:
  web: {{}}
  orders:
    ports: {{8080: http}}
policy:
  - allow: {{from: web, to: orders}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mesh.yaml"
    path.write_text(DESCRIPTION)
    return path


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    layout = Layout(NAME)
    assert not os.path.exists(layout.run)
    assert not os.path.exists(layout.state)
    if shutil.which("ip"):
        assert network.namespaces_of(NAME) == []


def up(file: Path, *options: str) -> None:
    cli.run(["up", str(file), *options])


def test_not_root(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(HostError, match="needs root for namespaces and rules: use sudo"):
        up(file)


def test_another_system(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(HostError, match=r"needs Linux: .* use mesh inject"):
        up(file)


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.mark.usefixtures("root")
def test_programs_that_are_missing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None if name == "nft" else name)
    with pytest.raises(HostError, match=r"not installed here: nft \(package nftables\); install"):
        up(file)


@pytest.mark.usefixtures("root")
def test_no_ipv6(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: name)
    monkeypatch.setattr(host_checks, "IPV6", "/nowhere/if_inet6")
    with pytest.raises(HostError, match=r"no IPv6, .*: boot without ipv6\.disable=1"):
        up(file)


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 'envoy  version: abc/1.20.3/Clean/RELEASE'", r"Envoy 1\.20\.3, older than 1\.37: "),
        ("echo hello", "does not say that it is an Envoy: install"),
    ],
)
def test_an_envoy_that_will_not_do(
    file: Path, monkeypatch: pytest.MonkeyPatch, script: str, says: str
) -> None:
    monkeypatch.setattr(host_checks, "check", lambda: None)
    other = file.parent / "envoy"
    other.write_text(f"#!/bin/sh\n{script}\n")
    other.chmod(0o755)
    with pytest.raises(program.EnvoyError, match=says):
        up(file, "--envoy", str(other))


@pytest.mark.usefixtures("root")
def test_no_envoy(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_checks, "check", lambda: None)
    monkeypatch.setattr(program, "_DISTRIBUTION", "no-such-distribution")
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    with pytest.raises(program.EnvoyError, match=r"there is no Envoy: install seawall\[mesh\]"):
        up(file)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("mesh: ", "mesh: [", "correct the YAML"),
        ("  web: {}", "  web: &a {x: *a}", "mesh.yaml:"),
        ("ports: {8080: http}", "id: /workload/web", "is the id of 'web' already: give each"),
        ("{8080: http}", "{8080: http, 8080: tcp}", "the key 8080 stands here twice|stands here"),
        ("{8080: http}", "{15001: http}", "port 15001 is the proxy's own: let the program use"),
        ("{8080: http}", "{70000: http}", "is no port: write a number from 1 to 65535"),
        ("ports:", "id: /a//b\n    ports:", "empty segment"),
        ("trustDomain: shop.example.org", "trustDomain: Shop_X", "is no SPIFFE id"),
        ("policy:", "metrics: {controller: 1}\npolicy:", "mesh.yaml:7: must be a text"),
        ("policy:", "metrics: {controller: x}\npolicy:", "write one like 127.0.0.1:9464"),
        ("policy:", 'metrics: {controller: "a:0"}\npolicy:', "0 is no port"),
        ("policy:", 'metrics: {controller: "a:1", agent: "a:1"}\npolicy:', "give them two ports"),
        ("policy:", 'metrics: {proxy: "a:1"}\npolicy:', "unknown key 'proxy'"),
    ],
)
def test_descriptions_that_cannot_be_carried_out(file: Path, old: str, new: str, says: str) -> None:
    assert old in DESCRIPTION
    file.write_text(DESCRIPTION.replace(old, new, 1))
    with pytest.raises(PlanError, match=says) as told:
        up(file)
    assert str(file) in str(told.value)


@needs_host
def test_a_path_of_a_socket_that_is_too_long(tmp_path: Path) -> None:
    """By the command itself, as a process of its own: it is what has to clean up."""
    long = "x" * 39
    text = DESCRIPTION.replace("  web: {}", f"  {long}: {{}}").replace("from: web", f"from: {long}")
    path = tmp_path / "mesh.yaml"
    path.write_text(text)
    said = subprocess.run(
        [sys.executable, "-c", _LONG, str(path), str(tmp_path / ("y" * 40))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "is longer than 107 bytes, the most for the path of a socket" in said.stdout, said
    assert "give the mesh or the workload a shorter name" in said.stdout
    assert not os.path.exists(tmp_path / ("y" * 40) / NAME)


_LONG = """
import sys
from seawall.core.errors import SeawallError
from seawall.mesh.hosting import running
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.plan.reading import load
plan = load(sys.argv[1])
try:
    running.keep_up(plan, Layout(plan.mesh, sys.argv[2] + "-state", sys.argv[2]), "envoy", print)
except SeawallError as error:
    print(error)
"""


@needs_host
def test_an_address_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        path = tmp_path / "mesh.yaml"
        path.write_text(
            DESCRIPTION.replace("policy:", f'metrics: {{controller: "{address}"}}\npolicy:')
        )
        said = subprocess.run(
            [sys.executable, "-m", "seawall", "mesh", "up", str(path)], capture_output=True,
            text=True, check=False, timeout=60,
        )  # fmt: skip
    shutil.rmtree(Layout(NAME).state, ignore_errors=True)  # issuers stay, as they should
    assert said.returncode == 2, said
    assert f"cannot listen at {address} for metrics (" in said.stderr
    assert "address already in use): choose another address" in said.stderr


def test_every_fault_is_told_as_ours() -> None:
    assert issubclass(HostError, SeawallError)
    with pytest.raises(PlanError):
        plan_of("x", b"")
