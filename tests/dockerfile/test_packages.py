import pytest

from seawall.dockerfile.build import evaluate
from seawall.dockerfile.package_commands import (
    PackageCommand,
    installed,
    managers_used,
    package_commands,
)
from seawall.dockerfile.package_leftovers import leftovers, removed_paths
from seawall.dockerfile.stages import Stage
from seawall.text.dockerfile.parser import parse


def stage(text: str) -> Stage:
    build = evaluate(parse(f"FROM a\n{text}\n".encode()))
    assert build.problem is None, build.problem
    assert build.final
    return build.final


def calls(command: str) -> list[PackageCommand]:
    (script,) = stage(f"RUN {command}").steps[-1].scripts
    return list(package_commands(script.commands))


@pytest.mark.parametrize(
    ("command", "family", "action", "packages"),
    [
        ("apt-get -qq update", "apt", "update", []),
        ("apt-get install -y -t sid a=1 b/sid ./c.deb", "apt", "install",
         [("a", "1"), ("b/sid", ""), ("./c.deb", "")]),
        ("apt-get -o A=b install a", "apt", "install", [("a", "")]),
        ("apk add --no-cache -t .x 'a=1-r0' b~=2 c@edge", "apk", "install",
         [("a", "1-r0"), ("b", "2"), ("c@edge", "")]),
        ("pip3.11 install --no-cache-dir -r req.txt 'a[x]>=1' b==2 .", "pip", "install",
         [("a", "1"), ("b", "2"), (".", "")]),
        ("python3 -m pip install a", "pip", "install", [("a", "")]),
        ("npm install -g @s/a@1 b", "npm", "install", [("@s/a", "1"), ("b", "")]),
        ("npm ci", "npm", "install", []),
        ("yarn", "yarn", "install", []),
        ("gem install a:1 -v 2 b", "gem", "install", [("a", "1"), ("b", "")]),
        ("go install example.org/x@latest", "go", "install", [("example.org/x", "latest")]),
        ("dnf -y install a && dnf clean all", "dnf", "install", [("a", "")]),
        ("yum update -y", "yum", "upgrade", []),
        ("zypper in -y a=1", "zypper", "install", [("a", "1")]),
        ("apt-get purge a", "apt", "remove", [("a", "")]),
        ("apt-get dist-upgrade", "apt", "upgrade", []),
    ],
)  # fmt: skip
def test_command_lines(
    command: str, family: str, action: str, packages: list[tuple[str, str]]
) -> None:
    call = calls(command)[0]
    assert (call.family, call.action) == (family, action)
    assert [(package.name, package.version) for package in call.packages] == packages


def test_behind_sudo() -> None:
    (call,) = calls("sudo -E apt-get install a")
    assert call.command.runners == ["sudo"]


def test_requirement_files() -> None:
    (call,) = calls("pip install -r a.txt --requirement=b.txt")
    assert call.values("-r", "--requirement") == ["a.txt", "b.txt"]


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("rm -rf /var/lib/apt/lists/* /tmp/x", ["/var/lib/apt/lists", "/tmp/x"]),
        ("rm /var/lib/apt/lists/*", []),
        ("rm -r /var/lib/../cache/", ["/var/cache"]),
        ("find /var/cache/apk -type f -delete", ["/var/cache/apk"]),
    ],
)
def test_removed_paths(command: str, paths: list[str]) -> None:
    step = stage(f"RUN {command}").steps[-1]
    assert removed_paths(step.scripts[0].commands[0], step) == paths


@pytest.mark.parametrize(
    ("run", "left"),
    [
        ("apt-get update", ["/var/lib/apt/lists"]),
        ("apt-get update && apt-get install -y a", ["/var/lib/apt/lists"]),
        ("apt-get update && rm -rf /var/lib/apt/lists/*", []),
        ("apt-get update && rm -rf /opt/x", ["/var/lib/apt/lists"]),
        ("rm -rf /var/lib/apt/lists/* && apt-get update", ["/var/lib/apt/lists"]),
        ("apt-get update && rm -rf /var/lib/apt", []),
        ("apt-get update && apt-get dist-clean", []),
        ("--mount=type=cache,target=/var/lib/apt apt-get update", []),
        ("bash -c 'apt-get update && rm -rf /var/lib/apt/lists/*'", []),
        ("apk add a", ["/var/cache/apk"]),
        ("apk add --no-cache a", []),
        ("yum install -y a && yum clean metadata", ["/var/cache/yum"]),
        ("yum install -y a && yum clean all", []),
        ("pip install a", ["/root/.cache/pip"]),
        ("pip install --no-cache-dir a", []),
    ],
)
def test_what_stays_in_the_layer(run: str, left: list[str]) -> None:
    assert [one.directory for one in leftovers(stage(f"RUN {run}").steps[-1])] == left


def test_environment_switches_pips_cache_off() -> None:
    assert not leftovers(stage("ENV PIP_NO_CACHE_DIR=1\nRUN pip install a").steps[-1])


def test_installed_packages_of_a_chain() -> None:
    build = evaluate(
        parse(
            b"FROM a AS base\nRUN apt-get update && apt-get install -y curl=8 git\n"
            b"FROM base\nRUN apt-get purge -y git && pip install flask==3\n"
        )
    )
    assert build.final
    assert [(one.package.name, one.package.version) for one in installed(build.final)] == [
        ("curl", "8"), ("flask", "3"),
    ]  # fmt: skip
    assert managers_used(build.final) == {"apt", "pip"}
