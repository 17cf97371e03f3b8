"""Lock files of npm."""

import json
from typing import Any

import pytest

from seawall.packages.package import Contents, Unreadable
from tests.packages.files import brings, by_name, read, versions

REGISTRY = "https://registry.example.org"


def lock(packages: dict[str, Any], **more: Any) -> Contents:
    text = json.dumps({"name": "shop", "lockfileVersion": 3, "packages": packages, **more})
    return read("package-lock.json", text)


def test_directories_become_packages() -> None:
    contents = lock({
        "": {"dependencies": {"a": "^1.0.0"}, "devDependencies": {"d": "~2.0.0"}},
        "node_modules/a": {
            "version": "1.2.0", "resolved": f"{REGISTRY}/a/-/a-1.2.0.tgz",
            "dependencies": {"@s/b": "2"},
        },
        "node_modules/@s/b": {"version": "2.0.0", "optional": True},
        "node_modules/d": {"version": "2.0.1", "dev": True, "dependencies": {"@s/b": "^1"}},
        "node_modules/d/node_modules/@s/b": {"version": "1.0.0", "dev": True},
    })  # fmt: skip
    a, b, d, inner = contents.packages
    assert contents.project == "shop"
    assert not contents.problems
    assert (a.type, a.name, a.version, a.download) == ("npm", "a", "1.2.0", "")
    assert a.direct
    assert a.constraint == "^1.0.0"
    assert a.key_path == ("packages", "node_modules/a")
    assert brings(a) == [b.identity]
    assert a.requires[0].constraint == "2"
    assert (b.name, b.direct, b.optional, b.development) == ("@s/b", False, True, False)
    assert (d.direct, d.development, d.constraint) == (True, True, "~2.0.0")
    assert brings(d) == [inner.identity]  # node looks into its own directory first
    assert inner.version == "1.0.0"


def test_workspaces_are_the_project_and_what_they_ask_for_is_direct() -> None:
    packages = by_name(lock({
        "": {"workspaces": ["packages/*"]},
        "packages/w": {"name": "@shop/w", "dependencies": {"a": "^1", "b": "1"}},
        "packages/w/node_modules/b": {"version": "1.0.0"},
        "node_modules/@shop/w": {"resolved": "packages/w", "link": True},
        "node_modules/a": {"version": "1.1.0", "peerDependencies": {"@shop/w": "1"}},
    }))  # fmt: skip
    assert sorted(packages) == ["a", "b"]
    assert packages["a"].direct
    assert packages["b"].direct
    assert packages["a"].requires == ()


def test_production_wins_over_development() -> None:
    packages = by_name(lock({
        "": {"devDependencies": {"a": "^1.1.0"}},
        "w": {"dependencies": {"a": "^1"}},
        "node_modules/a": {"version": "1.1.0"},
    }))  # fmt: skip
    assert packages["a"].constraint == "^1"


def test_an_alias_bears_its_real_name() -> None:
    packages = by_name(lock({
        "": {"dependencies": {"old": "npm:@s/real@^1"}},
        "node_modules/old": {"name": "@s/real", "version": "1.0.0"},
    }))  # fmt: skip
    assert packages["@s/real"].direct
    assert packages["@s/real"].constraint == "^1"


@pytest.mark.parametrize(
    ("resolved", "download"),
    [
        (f"{REGISTRY}/a/-/a-1.0.0.tgz", ""),
        ("https://npm.pkg.github.com/download/@s/a/1.0.0/0123", ""),
        ("git+ssh://git@example.org/a.git#0123", "git+ssh://git@example.org/a.git#0123"),
        ("https://example.org/a.tgz", "https://example.org/a.tgz"),
        ("file:a.tgz", "file:a.tgz"),
    ],
)
def test_downloads_are_what_comes_from_no_registry(resolved: str, download: str) -> None:
    contents = lock({"node_modules/a": {"version": "1.0.0", "resolved": resolved}})
    assert contents.packages[0].download == download


V1 = {
    "name": "shop",
    "lockfileVersion": 1,
    "requires": True,
    "dependencies": {
        "a": {
            "version": "1.2.0", "resolved": f"{REGISTRY}/a/-/a-1.2.0.tgz",
            "requires": {"b": "^1", "c": "2"},
            "dependencies": {"b": {"version": "1.0.0", "requires": {"c": "*"}}},
        },
        "b": {"version": "2.0.0", "dev": True},
        "c": {"version": "npm:real@2.1.0", "optional": True},
        "g": {"version": "git+https://example.org/g.git#0123", "from": "g@git+https://example.org"},
        "l": {"version": "file:../l"},
    },
}  # fmt: skip


def test_version_1_is_a_tree() -> None:
    contents = read("package-lock.json", json.dumps(V1))
    assert versions(contents) == [
        ("a", "1.2.0"), ("b", "2.0.0"), ("real", "2.1.0"), ("g", ""), ("l", ""), ("b", "1.0.0"),
    ]  # fmt: skip
    a, b, real, git, local, inner = contents.packages
    assert not contents.problems
    assert brings(a) == [inner.identity, real.identity]
    assert brings(inner) == [real.identity]
    assert inner.key_path == ("dependencies", "a", "dependencies", "b")
    assert b.development
    assert real.optional
    assert git.download == "git+https://example.org/g.git#0123"
    assert local.download == "file:../l"
    assert {package.direct for package in contents.packages} == {None}


def test_version_1_asks_the_manifest_what_is_direct() -> None:
    manifest = {"dependencies": {"a": "^1.0.0"}, "devDependencies": {"b": "2"}}
    contents = read("npm-shrinkwrap.json", json.dumps(V1), {"package.json": json.dumps(manifest)})
    direct = [package for package in contents.packages if package.direct]
    asked = [(package.name, package.version, package.constraint) for package in direct]
    assert asked == [("a", "1.2.0", "^1.0.0"), ("b", "2.0.0", "2")]


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("{", "expecting property name", 1),
        ('{"lockfileVersion": 3,\n "packages": {]}', "expecting property name", 2),
        ("[]", "an object is expected, not a list", 1),
        ("{}", "neither packages nor dependencies", 0),
        ('{"a":' * 100_000, "nested too deeply", 0),
        ('{"a":' + "1" * 5000 + "}", "too many digits", 0),
        (b"\xff\xfe\x00", "not", 1),
    ],
)
def test_what_is_no_lock_file(text: str, reason: str, line: int) -> None:
    with pytest.raises(Unreadable) as raised:
        read("package-lock.json", text)
    assert reason in raised.value.reason
    assert raised.value.line == line


def test_what_is_odd_is_told() -> None:
    contents = read(
        "package-lock.json",
        '{"lockfileVersion": 9, "packages": {"node_modules/a": {"version": 1},'
        '"node_modules/b": [],'
        '"node_modules/c": {}, "node_modules/d": {"version": "1", "version": "2"}}}',
    )
    assert versions(contents) == [("d", "2")]
    told = [(problem.what, problem.reason) for problem in contents.problems]
    assert ("lockfileVersion 9", "this version of the format is not known") in told
    assert ("version", "the key stands twice in one object; the last one counts") in told
    assert ("node_modules/a", "a text is expected, not a number or date") in told
    assert ("node_modules/b", "a table is expected, not a list") in told
    assert ("node_modules/c", "it has no version") in told


def test_a_shrinkwrap_goes_before_the_lock() -> None:
    beside = {"npm-shrinkwrap.json": "{}"}
    assert not read("package-lock.json", json.dumps(V1), beside).packages
    assert read("npm-shrinkwrap.json", json.dumps(V1), beside).packages
