"""Logins, where docker, podman and their helpers keep them."""

import base64
import json
import os
import secrets
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.core.redacted import Redacted
from seawall.sources.images.registry.credentials import Credentials, Login
from seawall.sources.images.registry.errors import RegistryError
from seawall.sources.images.registry.helpers import MAX_OUTPUT, HelperFault, Kept, ask

HUB = "https://index.docker.io/v1/"


def entry(login: str) -> dict[str, str]:
    return {"auth": base64.b64encode(login.encode()).decode()}


def of_file(directory: Path, value: object, **environment: str) -> Credentials:
    (directory / "config.json").write_text(json.dumps(value))
    return Credentials({"DOCKER_CONFIG": str(directory), **environment})


def of_logins(directory: Path, logins: Mapping[str, str]) -> Credentials:
    return of_file(directory, {"auths": {key: entry(login) for key, login in logins.items()}})


def test_docker_hub_has_names_of_its_own(tmp_path: Path) -> None:
    for key in (HUB, "docker.io", "index.docker.io", "https://registry-1.docker.io/v2/"):
        known = of_logins(tmp_path, {key: "ann:b"})
        assert known.of("docker.io", "library/a") == Login("ann", Redacted("b"))
        assert known.of("registry.example.org") is None


def test_a_login_is_not_shown(tmp_path: Path) -> None:
    word = secrets.token_urlsafe(8)
    found = of_logins(tmp_path, {"a.example": f"ann:{word}"}).of("a.example")
    assert found is not None
    assert found.secret.reveal() == word
    assert word not in repr(found) + str(found)


@pytest.mark.parametrize(
    "value",
    [
        [], {}, None, 1, {"auths": 1}, {"auths": {"a": {"auth": "%"}}}, {"auths": {"a": 1}},
        {"auths": {"a": {}}}, {"auths": {"a": {"auth": "é"}}}, {"auths": {"a": {"auth": None}}},
        {"auths": {"a": {"username": "x"}}}, {"credHelpers": 1}, {"credsStore": 1},
        {"credHelpers": {"a": 1}}, {"auths": {"a": {"auth": "YQ=="}}},
        {"auths": {"a": {"auth": "OmE="}}},
    ],
)  # fmt: skip
def test_odd_configurations(tmp_path: Path, value: object) -> None:
    assert of_file(tmp_path, value).of("a") is None


@pytest.mark.parametrize(
    "data", [b"{", b"\xff", b"[" * 100_000, b" " * (2 << 20)], ids=["cut", "bytes", "deep", "long"]
)
def test_a_broken_configuration_is_said(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "config.json").write_bytes(data)
    with pytest.raises(RegistryError, match=r"config\.json: .*; correct"):
        Credentials({"DOCKER_CONFIG": str(tmp_path)}).of("a")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_one_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "config.json").touch(0)
    with pytest.raises(RegistryError, match="correct or remove it"):
        Credentials({"DOCKER_CONFIG": str(tmp_path)}).of("a")


def test_the_longest_key_counts(tmp_path: Path) -> None:
    known = of_logins(
        tmp_path,
        {"a.example": "host:x", "a.example/team": "team:x", "a.example/team/app": "app:x",
         "a.example:5000": "port:x", "https://b.example": "b:x"},
    )  # fmt: skip
    for registry, repository, user in [
        ("a.example", "team/app", "app"),
        ("a.example", "team/app/more", "app"),
        ("a.example", "team/application", "team"),
        ("a.example", "teams", "host"),
        ("a.example", "", "host"),
        ("a.example:5000", "team/app", "port"),
        ("b.example", "x", "b"),
    ]:
        login = known.of(registry, repository)
        assert login is not None
        assert login.user == user, (registry, repository)
    assert known.of("example", "a") is None
    assert known.of("xa.example", "team") is None


NAMES = st.sampled_from(["a", "b", "ab", "a-b"])
PATHS = st.lists(NAMES, min_size=1, max_size=3)


@given(st.lists(PATHS, max_size=5), PATHS)
def test_the_key_is_a_whole_beginning(
    tmp_path_factory: pytest.TempPathFactory, keys: list[list[str]], wanted: list[str]
) -> None:
    directory = tmp_path_factory.getbasetemp() / "known"
    directory.mkdir(exist_ok=True)
    known = of_logins(directory, {"/".join(key): f"{'.'.join(key)}:x" for key in keys})
    fitting = [key for key in keys if wanted[: len(key)] == key]
    login = known.of(wanted[0], "/".join(wanted[1:]))
    longest: list[str] = max(fitting, key=len) if fitting else []
    assert (login.user if login else "") == ".".join(longest)


WORDS = st.sampled_from(["auths", "a", "auth", "credHelpers"]) | st.text()


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner),
    )
)
def test_no_configuration_raises(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    directory = tmp_path_factory.getbasetemp() / "odd"
    directory.mkdir(exist_ok=True)
    known = of_file(directory, value, PATH="/nowhere")
    login = known.of("a", "b")
    assert login is None or login.secret


def test_the_order_of_files(tmp_path: Path) -> None:
    places = {
        "docker": tmp_path / ".docker" / "config.json",
        "run": tmp_path / "run" / "containers" / "auth.json",
        "home": tmp_path / ".config" / "containers" / "auth.json",
        "chosen": tmp_path / "chosen.json",
    }
    for user, path in places.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"auths": {"a.example": entry(f"{user}:x")}}))
    environment = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run")}

    def user_of(**more: str) -> str:
        login = Credentials({**environment, **more}).of("a.example")
        return login.user if login else ""

    assert user_of(REGISTRY_AUTH_FILE=str(places["chosen"])) == "chosen"
    assert user_of(REGISTRY_AUTH_FILE="/nowhere.json") == ""
    for user in ("docker", "run", "home"):
        assert user_of() == user
        places[user].unlink()
    assert user_of() == ""
    assert Credentials({}).of("a.example") is None


def test_tokens(tmp_path: Path) -> None:
    known = of_file(tmp_path, {"auths": {
        "a": {"auth": entry("u:p")["auth"], "identitytoken": "i"}, "b": {"registrytoken": "r"},
        "c": {"username": "u", "password": "p"},
    }})  # fmt: skip
    assert known.of("a") == ("<token>", Redacted("i"), "identity")
    assert known.of("b") == ("<token>", Redacted("r"), "bearer")
    assert known.of("c") == ("u", Redacted("p"), "password")


# Helpers --------------------------------------------------------------------------------------


def helper(directory: Path, text: str, name: str = "fake") -> Mapping[str, str]:
    path = directory / f"docker-credential-{name}"
    path.write_text(f"#!{sys.executable} -IS\nimport json, os, sys, time\n{text}\n")
    path.chmod(0o755)
    return {"PATH": str(directory)}


ANSWER = 'json.dump({"Username": sys.stdin.read(), "Secret": sys.argv[1]}, sys.stdout)'


def test_a_helper_is_asked(tmp_path: Path) -> None:
    environment = helper(tmp_path, ANSWER)
    assert ask("fake", "a.example", environment) == Kept("a.example", Redacted("get"))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("print('no')", "wrote no JSON"),
        ("print('[1]')", "wrote no Username"),
        ("print('{}')", "wrote no Username"),
        ("sys.exit(3)", "ended with 3"),
        (
            f"sys.stdout.write('x' * {MAX_OUTPUT + 1}); sys.stdout.flush(); time.sleep(60)",
            "wrote more",
        ),
        ("time.sleep(60)", "gave no answer"),
        ("os.fork(); time.sleep(60)", "gave no answer"),
    ],
)
def test_helpers_with_faults(tmp_path: Path, text: str, word: str) -> None:
    began = time.monotonic()
    with pytest.raises(HelperFault, match=f"docker-credential-fake {word}"):
        ask("fake", "a.example", helper(tmp_path, text), timeout=2.0)
    assert time.monotonic() - began < 30


def test_a_helper_that_knows_nothing(tmp_path: Path) -> None:
    text = "print('credentials not found in native keychain'); sys.exit(1)"
    assert ask("fake", "a.example", helper(tmp_path, text)) is None
    assert ask("fake", "a.example", helper(tmp_path, "sys.stdin.close()\n" + ANSWER.replace(
        "sys.stdin.read()", "''"))) is None  # fmt: skip


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "a b", "a.b", "a\n", "ä", "-" * 3 + "/"])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(HelperFault, match="is no name of a credential helper"):
        ask(name, "a.example", {"PATH": str(tmp_path)})


@pytest.mark.parametrize("path", ["", ".", ":", "bin:."])
def test_none_is_taken_from_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    helper(tmp_path, ANSWER)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HelperFault, match="is not on PATH"):
        ask("fake", "a.example", {"PATH": path})


class Asked:
    def __init__(self, answers: Mapping[str, str]) -> None:
        self.answers = answers
        self.calls: list[tuple[str, str]] = []

    def __call__(self, name: str, server: str, _: Mapping[str, str]) -> Kept | None:
        self.calls.append((name, server))
        if name == "broken":
            raise HelperFault("docker-credential-broken is not on PATH")
        found = self.answers.get(server)
        return Kept(found, Redacted("x")) if found else None


def test_which_helper_is_asked(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({
        "auths": {"a.example": {}, "d.example": entry("file:x")},
        "credHelpers": {"a.example/team": "team", "b.example": "broken", "docker.io": "hub"},
        "credsStore": "all",
    }))  # fmt: skip
    asked = Asked({"a.example/team": "one", "a.example": "two", HUB: "<token>"})
    known = Credentials({"DOCKER_CONFIG": str(tmp_path)}, asked)
    users = [
        (known.of(*name) or Login("", Redacted(""))).user
        for name in [("a.example", "team/x"), ("a.example", "x"), ("a.example", "y"),
                     ("b.example", ""), ("d.example", "")]
    ]  # fmt: skip
    assert users == ["one", "two", "two", "", "file"]
    assert known.of("docker.io", "library/a") == ("<token>", Redacted("x"), "identity")
    assert asked.calls == [
        ("team", "a.example/team"), ("all", "a.example"), ("broken", "b.example"),
        ("all", "d.example"), ("hub", HUB),
    ]  # fmt: skip
    assert known.faults == ["docker-credential-broken is not on PATH"]
