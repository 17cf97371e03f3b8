"""What is read out of the calls of package managers, and what they leave in a layer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.dockerfile.base_systems import shell_of, system_of
from seawall.dockerfile.build import evaluate
from seawall.dockerfile.package_commands import (
    PackageCommand,
    installed,
    managers_used,
    step_package_commands,
)
from seawall.dockerfile.package_leftovers import covers, leftovers, removed_paths
from seawall.dockerfile.package_managers import MANAGERS
from seawall.dockerfile.stages import Step
from seawall.text.dockerfile.parser import parse


def last_step(text: str) -> Step:
    return evaluate(parse(text.encode())).stages[-1].steps[-1]


def call_of(command: str) -> PackageCommand:
    calls = list(step_package_commands(last_step(f"FROM debian:12\nRUN {command}\n")))
    assert len(calls) == 1, calls
    return calls[0]


CALLS = [
    ("apt-get -qqy -t stable install a=1 b", "apt", "install", "install", ["a=1", "b"]),
    ("apt-get -o Dpkg::Options::=--force-confold install a- b", "apt", "install", "install", ["b"]),
    ("sudo apt-get upgrade", "apt", "upgrade", "upgrade", []),
    ("env A=b apt-get update", "apt", "update", "update", []),
    ("apt-cache search a && apt-get clean", "apt", "clean", "clean", []),
    ("apk --no-cache add -t .deps 'a~=1' b>2", "apk", "install", "add", ["a~=1", "b"]),
    ("apk cache clean", "apk", "clean", "cache clean", []),
    ("dnf -y --setopt x=y group install g", "dnf", "install", "group install", ["g"]),
    ("dnf module enable nodejs:18", "dnf", "install", "module enable", ["nodejs:18"]),
    ("microdnf install a-1.2-3.el9.x86_64", "dnf", "install", "install", ["a-1.2-3.el9"]),
    ("yum install java-11-openjdk", "yum", "install", "install", ["java-11-openjdk"]),
    ("zypper -n in 'a>=1'", "zypper", "install", "in", ["a>=1"]),
    ("zypper ref", "zypper", "update", "ref", []),
    ("pacman -Syu --noconfirm", "pacman", "upgrade", "-Syu", []),
    ("pacman -Syu a", "pacman", "install", "-Syu", ["a"]),
    ("pacman -Sy", "pacman", "update", "-Sy", []),
    ("pacman -Scc", "pacman", "clean", "-Scc", []),
    ("pacman --remove a", "pacman", "remove", "--remove", ["a"]),
    ("pacman -Q a", "pacman", "other", "-Q", []),
    ("pip install -r r.txt -c c.txt 'a[x]>=1,<2' b", "pip", "install", "install", ["a>=1,<2", "b"]),
    ("python3.12 -m pip --quiet install a==1", "pip", "install", "install", ["a==1"]),
    ("uv pip install a", "pip", "install", "install", ["a"]),
    ("pipx install a", "pip", "install", "install", ["a"]),
    ("pip cache purge", "pip", "clean", "cache purge", []),
    ("npm i -g @a/b@1 c", "npm", "install", "i", ["@a/b@1", "c"]),
    ("npm cache clean --force", "npm", "clean", "cache clean", []),
    ("yarn", "yarn", "install", "", []),
    ("yarn --version", "yarn", "other", "", []),
    ("yarn global add a@1", "yarn", "install", "global add", ["a@1"]),
    ("gem install a:1 -v 2 b", "gem", "install", "install", ["a:1", "b"]),
    ("go install -ldflags '-s -w' x.org/a@v1", "go", "install", "install", ["x.org/a@v1"]),
    ("go run x.org/a@v1 install b", "go", "install", "run", ["x.org/a@v1"]),
    ("go build ./...", "go", "other", "build", []),
    ("cargo install --git https://x/y a", "cargo", "install", "install", ["a"]),
    ("apt-get install -- -a", "apt", "install", "install", ["-a"]),
    ("apt-get install $A b-$C", "apt", "install", "install", ["", ""]),
]  # fmt: skip


@pytest.mark.parametrize(("command", "family", "action", "verb", "packages"), CALLS)
def test_calls(command: str, family: str, action: str, verb: str, packages: list[str]) -> None:
    call = call_of(command)
    assert (call.family, call.action, call.verb) == (family, action, verb)
    found = [one.name + one.operator + one.version for one in call.packages]
    assert found == packages


def test_options() -> None:
    call = call_of("apt-get -qqy -tstable -o A::B=c --foo=bar install a -q=2")
    assert [(option.name, option.value) for option in call.options] == [
        ("-q", None), ("-q", None), ("-y", None), ("-t", "stable"), ("-o", "A::B=c"),
        ("--foo", "bar"), ("-q", "2"),
    ]  # fmt: skip
    assert call.count("-q") == 3
    assert call.values("-t") == ["stable"]
    assert call.option("--foo", "-z")


@pytest.mark.parametrize(
    "command", ["python3 x.py", "python3 -m venv pip", "pipenv install", "uv sync", "echo apt-get"]
)
def test_no_calls(command: str) -> None:
    assert not list(step_package_commands(last_step(f"FROM a\nRUN {command}\n")))


def test_installed_packages_are_those_that_stay() -> None:
    text = (
        "FROM alpine AS a\nRUN apk add x y && apk add -t .deps gcc && apk del .deps\n"
        "FROM a\nRUN apk del x && pip install x && apk add $Z\n"
    )
    stage = evaluate(parse(text.encode())).stages[-1]
    assert [(one.call.family, one.package.name) for one in installed(stage)] == [
        ("apk", "y"), ("pip", "x"),
    ]  # fmt: skip
    assert managers_used(stage) == {"apk", "pip"}


LEFT = [
    ("apt-get update", ["/var/lib/apt/lists"]),
    ("apt-get update && rm -rf /var/lib/apt/lists/*", []),
    ("apt-get update && rm -r /var/lib/apt", []),
    ("apt-get update && rm -rf /var/lib/apt/lists/partial", ["/var/lib/apt/lists"]),
    ("apt-get update && rm /var/lib/apt/lists/*", ["/var/lib/apt/lists"]),
    ("apt-get update && rm -rf /var/lib/apt/li*", []),
    ("apt-get update && rm -rf /opt", ["/var/lib/apt/lists"]),
    ("apt-get update && rm -rf /var/lib/{apt,dpkg}/lists/*", ["/var/lib/apt/lists"]),  # dash
    ("apt-get update && find /var/lib/apt/lists -type f -delete", []),
    ("apt-get update && apt-get clean", ["/var/lib/apt/lists"]),
    ("apt-get update && apt-get dist-clean", []),
    ("rm -rf /var/lib/apt/lists/* && apt-get update", ["/var/lib/apt/lists"]),
    ("apt-get install a", []),
    ("--mount=type=cache,target=/var/lib/apt apt-get update", []),
    ("--mount=type=tmpfs,target=/var/lib/apt/lists/ apt-get update", []),
    ("--mount=type=secret,id=a,target=/var/lib/apt apt-get update", ["/var/lib/apt/lists"]),
    ("dnf install a", ["/var/cache/dnf"]),
    ("dnf install a && dnf clean metadata", ["/var/cache/dnf"]),
    ("yum install a && dnf clean all", []),
    ("yum install a && rm -rf /var/cache/yum/*", []),
    ("pip install a", ["/root/.cache/pip"]),
    ("pip install a && rm -rf ~/.cache", []),
    ("PIP_NO_CACHE_DIR=1 pip install a", []),
    ("PIP_NO_CACHE_DIR=0 pip install a", ["/root/.cache/pip"]),
    ("apk add --no-cache a && apk add b", ["/var/cache/apk"]),
    ("go build", ["/go/pkg/mod"]),
]


@pytest.mark.parametrize(("command", "directories"), LEFT)
def test_leftovers(command: str, directories: list[str]) -> None:
    found = leftovers(last_step(f"FROM debian:12\nRUN {command}\n"))
    assert [one.directory for one in found] == directories


@pytest.mark.parametrize(
    ("removed", "directory", "expected"),
    [
        ("/", "/a", True), ("/a", "/a", True), ("/a", "/a/b", True), ("/a/b", "/a", False),
        ("/a", "/ab", False), ("/a/b*", "/a/bc/d", True), ("/a/*/b", "/a/x/b", False),
    ],
)  # fmt: skip
def test_covers(removed: str, directory: str, expected: bool) -> None:
    assert covers(removed, directory) is expected


def test_braces_are_carried_out_where_the_shell_may_have_them() -> None:
    step = last_step("FROM fedora\nRUN rm -rf /{a,b{c,d}}/x ${Y,} $HOME/z\n")
    command = step.scripts[0].commands[0]
    found = set(removed_paths(command, step))
    assert found == {"${Y,}", "/a/x", "/bc/x", "/bd/x", "/root/z"}


SYSTEMS = [
    ("debian", "", "debian", "dash"),
    ("python:3.13", "", "debian", "dash"),
    ("python:3.13-alpine", "", "alpine", "ash"),
    ("registry.example.org/x:1-bookworm", "", "debian", "dash"),
    ("registry.example.org/x", "RUN apk add a\n", "alpine", "ash"),
    ("registry.example.org/x", "RUN apk add a && apt-get update\n", "", ""),
    ("registry.example.org/x", "", "", ""),
    ("redhat/ubi9-minimal", "", "red hat", "bash"),
    ("scratch", "", "", ""),
    ("debian", 'SHELL ["/bin/bash", "-c"]\n', "debian", "bash"),
]


@pytest.mark.parametrize(("image", "rest", "system", "shell"), SYSTEMS)
def test_systems(image: str, rest: str, system: str, shell: str) -> None:
    step = last_step(f"FROM {image}\n{rest}RUN a\n")
    assert (system_of(step.stage), shell_of(step)) == (system, shell)


WORDS = st.sampled_from(
    [*MANAGERS, "pip", "install", "add", "-", "--", "-y", "-q=2", "--opt=x", "a=1", "a==", "@",
     "a@", "=", "-t", "''", "$X", "a-1", "-S", "-Syu", "cache", "clean", "group", "x~=1", "'a @ b'"]
)  # fmt: skip


@given(st.lists(WORDS, min_size=1, max_size=9))
def test_nothing_raises(words: list[str]) -> None:
    step = last_step(f"FROM a\nRUN true && {' '.join(words)}\n")
    for call in step_package_commands(step):
        assert all(one.word in call.command.words for one in call.packages)
        assert all(one.word in call.command.words for one in call.options)
    leftovers(step)
    installed(step.stage)
