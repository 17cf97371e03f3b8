"""Lock files of Dart, Elixir, Haskell, R, Swift, Objective-C, C and C++, Julia and OCaml."""

# ruff: noqa: E501 - lock files have long lines

import json
from typing import Any

import pytest

from seawall.packages.package import Contents, Unreadable
from seawall.packages.registries import default
from seawall.packages.swift_resolved import repository_name
from tests.packages.files import brings, by_name, read, versions


def problems(contents: Contents) -> list[tuple[str, int]]:
    return [(problem.what, problem.line) for problem in contents.problems]


def test_pubspec_lock() -> None:
    contents = read(
        "pubspec.lock",
        """\
        packages:
          http:
            dependency: "direct main"
            description: {name: http, sha256: aa, url: "REGISTRY"}
            source: hosted
            version: "0.13.5"
          lints:
            dependency: "direct dev"
            description: {name: lints, url: "https://pub.example.org"}
            source: hosted
            version: "2.0.1"
          forked:
            dependency: transitive
            description: {path: ".", ref: HEAD, url: "https://example.org/forked.git"}
            source: git
            version: "1.0.0"
          flutter: {dependency: "direct main", description: flutter, source: sdk, version: "0.0.0"}
          own: {dependency: "direct main", description: {path: "../own"}, source: path, version: "1.0.0"}
          odd: {dependency: transitive, source: hosted}
        sdks: {dart: ">=2.18.0"}
        """.replace("REGISTRY", default("pub")),
    )
    assert versions(contents) == [("http", "0.13.5"), ("lints", "2.0.1"), ("forked", "1.0.0")]
    http, lints, forked = contents.packages
    assert (http.direct, http.development, http.download) == (True, False, "")
    assert (lints.direct, lints.development) == (True, True)
    assert lints.download == "https://pub.example.org"
    assert (forked.direct, forked.download) == (False, "https://example.org/forked.git")
    assert http.key_path == ("packages", "http")
    assert problems(contents) == [("odd", 0)]


def test_mix_lock() -> None:
    contents = read(
        "mix.lock",
        """\
        %{
          "plug": {:hex, :plug, "1.14.0", "ba4f", [:mix], [{:mime, "~> 2.0", [hex: :mime, repo: "hexpm", optional: false]}, {:gone, "~> 1.0", []}], "hexpm", "bf02"},
          "mime": {:hex, :mime, "2.0.3", "3676", [:mix], [], "hexpm", "27a3"},
          # a comment
          "app_name": {:hex, :"package.name", "1.0.0", "x", [:rebar3], [], "hexpm:acme", "y"},
          "cowboy" => {:hex, :cowboy, "2.9.0"},
          "foo": {:git, "https://example.org/foo.git", "abcdef", [tag: "v1"]},
        }
        """,
    )
    assert versions(contents) == [
        ("plug", "1.14.0"), ("mime", "2.0.3"), ("acme/package.name", "1.0.0"), ("cowboy", "2.9.0"),
    ]  # fmt: skip
    plug = contents.packages[0]
    assert plug.line == 2
    assert brings(plug) == ["mime"]
    assert plug.requires[0].constraint == "~> 2.0"
    assert problems(contents) == [("foo", 7)]


def test_cabal_freeze() -> None:
    contents = read(
        "cabal.project.freeze",
        """\
        active-repositories: hackage.haskell.org:merge
        constraints: any.Cabal ==3.8.1.0,
                     any.HUnit ==1.6.2.0,
                     aeson -cffi +ordered-keymap,
                     any.base installed,
                     loose >=1.0 && <2
        -- constraints: any.commented ==1.0
        index-state: hackage.haskell.org 2023-01-01T00:00:00Z
        """,
    )
    assert [(p.name, p.version, p.constraint, p.line) for p in contents.packages] == [
        ("Cabal", "3.8.1.0", "", 2), ("HUnit", "1.6.2.0", "", 3), ("loose", "", ">=1.0 && <2", 6),
    ]  # fmt: skip
    assert problems(contents) == [("any.base installed", 5)]


def test_stack_lock() -> None:
    contents = read(
        "stack.yaml.lock",
        """\
        packages:
        - completed:
            hackage: fuzzyset-0.2.3@sha256:f1b6,1957
            pantry-tree: {sha256: a, size: 1}
          original: {hackage: fuzzyset-0.2.3}
        - completed: {name: forked, version: 0.1.0.0, git: "https://example.org/f.git", commit: a}
        - completed: {}
        snapshots:
        - completed: {sha256: a, size: 1, url: "https://example.org/20/1.yaml"}
          original: lts-20.1
        """,
    )
    assert versions(contents) == [("fuzzyset", "0.2.3"), ("forked", "0.1.0.0")]
    assert contents.packages[1].download == "https://example.org/f.git"
    assert problems(contents) == [("packages[2]", 0), ("lts-20.1", 0)]


def test_renv_lock() -> None:
    entries = {
        "digest": {"Package": "digest", "Version": "0.6.31", "Source": "Repository",
                   "Requirements": ["R", "utils", "mime"]},
        "mime": {"Package": "mime", "Version": "0.12", "Source": "GitHub", "RemoteHost":
                 "api.github.com", "RemoteUsername": "user", "RemoteRepo": "mime"},
        "limma": {"Package": "limma", "Version": "3.54.0", "Source": "Bioconductor",
                  "Imports": "grDevices, digest (>= 0.5), stats"},
        "odd": {"Package": "odd"},
    }  # fmt: skip
    contents = read("renv.lock", json.dumps({"R": {"Version": "4.2"}, "Packages": entries}))
    packages = by_name(contents)
    assert [package.type for package in packages.values()] == ["cran", "cran", "bioconductor"]
    assert brings(packages["digest"]) == ["mime"]
    assert packages["mime"].download == "https://github.com/user/mime"
    assert [tuple(need) for need in packages["limma"].requires] == [("digest", ">= 0.5")]
    assert problems(contents) == [("odd", 0)]


PINS_2 = [
    {"identity": "swift-nio", "kind": "remoteSourceControl", "location":
     "https://github.com/apple/swift-nio.git", "state": {"revision": "a", "version": "2.48.0"}},
    {"identity": "branchy", "kind": "remoteSourceControl", "location":
     "git@github.com:owner/branchy.git", "state": {"revision": "a", "branch": "main"}},
    {"identity": "own", "kind": "localSourceControl", "location": "/own", "state": {"version": "1"}},
    {"identity": "acme.lib", "kind": "registry", "location": "", "state": {"version": "1.0.0"}},
]  # fmt: skip


@pytest.mark.parametrize("version", [2, 3])
def test_package_resolved(version: int) -> None:
    contents = read("Package.resolved", json.dumps({"pins": PINS_2, "version": version}))
    (package,) = contents.packages
    assert (package.name, package.version) == ("github.com/apple/swift-nio", "2.48.0")
    assert package.key_path == ("pins", 0)
    assert [what for what, _ in problems(contents)] == ["github.com/owner/branchy", "acme.lib"]


def test_package_resolved_of_version_1() -> None:
    pin = {"package": "NIO", "repositoryURL": "https://GitHub.com/apple/swift-nio",
           "state": {"branch": None, "revision": "a", "version": "2.0.0"}}  # fmt: skip
    contents = read("Package.resolved", json.dumps({"object": {"pins": [pin]}, "version": 1}))
    (package,) = contents.packages
    assert (package.name, package.version) == ("github.com/apple/swift-nio", "2.0.0")
    assert package.key_path == ("object", "pins", 0)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/a/b.git", "github.com/a/b"), ("git@github.com:a/b.git", "github.com/a/b"),
        ("ssh://git@example.org:2222/a/b", "example.org/a/b"), ("https://u:p@x.org/a/", "x.org/a"),
        ("nonsense", ""), ("", ""), ("https://", ""),
    ],
)  # fmt: skip
def test_names_of_repositories(address: str, name: str) -> None:
    assert repository_name(address) == name


def test_podfile_lock() -> None:
    contents = read(
        "Podfile.lock",
        """\
        PODS:
          - Alamofire (5.4.0)
          - Firebase/Core (8.0.0):
            - Alamofire (~> 5.0)
            - Firebase/CoreOnly
          - Firebase/CoreOnly (8.0.0)
          - Forked (1.0)
          - nonsense

        DEPENDENCIES:
          - Firebase/Core (~> 8.0)
          - "Forked (from `https://example.org/forked.git`)"

        EXTERNAL SOURCES:
          Forked:
            :git: https://example.org/forked.git

        COCOAPODS: 1.11.2
        """,
    )
    packages = by_name(contents)
    assert versions(contents) == [("Alamofire", "5.4.0"), ("Firebase", "8.0.0"), ("Forked", "1.0")]
    assert [package.direct for package in packages.values()] == [False, True, True]
    assert brings(packages["Firebase"]) == ["Alamofire"]
    assert packages["Firebase"].constraint == "~> 8.0"
    assert packages["Forked"].download == "https://example.org/forked.git"
    assert packages["Forked"].constraint == ""
    assert problems(contents) == [("nonsense", 0)]


def test_conan_lock_2() -> None:
    lock = {
        "version": "0.5",
        "requires": ["zlib/1.2.13#13c9%1670927.46", "openssl/3.0.7@acme/stable#aa", "nonsense", 5],
        "build_requires": ["cmake/3.25.1#bb"],
    }
    contents = read("conan.lock", json.dumps(lock))
    assert versions(contents) == [("zlib", "1.2.13"), ("openssl", "3.0.7"), ("cmake", "3.25.1")]
    assert contents.packages[1].qualifiers == (("channel", "stable"), ("user", "acme"))
    assert [package.development for package in contents.packages] == [False, False, True]
    assert contents.packages[0].key_path == ("requires", 0)
    assert ("nonsense", 0) in problems(contents)


def test_conan_lock_1() -> None:
    nodes: dict[str, Any] = {
        "0": {"ref": "app/1.0", "path": "conanfile.py", "requires": ["1"], "build_requires": ["3"]},
        "1": {"ref": "poco/1.9.4#aa", "requires": ["2", "9"]},
        "2": {"ref": "zlib/1.2.11"},
        "3": {"ref": "cmake/3.19", "context": "build", "requires": ["4"]},
        "4": {"ref": "ninja/1.10"},
    }
    lock = {"graph_lock": {"nodes": nodes, "revisions_enabled": True}, "version": "0.4"}
    packages = by_name(read("conan.lock", json.dumps(lock)))
    assert [(p.version, p.direct, p.development) for p in packages.values()] == [
        ("1.9.4", True, False), ("1.2.11", False, False), ("3.19", True, True), ("1.10", False, True),
    ]  # fmt: skip
    assert brings(packages["poco"]) == ["2"]


def test_conanfile_txt() -> None:
    contents = read(
        "conanfile.txt",
        """\
        [requires]
        # a comment
        poco/1.9.4  # another
        ranged/[>=1.2 <2]
        any/[]@_/_
        wrong
        [tool_requires]
        cmake/3.25.1
        [options]
        poco/*:shared=True
        """,
    )
    assert [(p.name, p.version, p.constraint, p.line) for p in contents.packages] == [
        ("poco", "1.9.4", "", 3), ("ranged", "", ">=1.2 <2", 4), ("any", "", "*", 5),
        ("cmake", "3.25.1", "", 8),
    ]  # fmt: skip
    assert contents.packages[3].development
    assert problems(contents) == [("wrong", 6)]


def test_vcpkg_json() -> None:
    manifest = {
        "name": "app", "builtin-baseline": "a",
        "dependencies": [
            "fmt", {"name": "zlib", "version>=": "1.2.12#1"}, {"name": "tool", "host": True},
            {"name": "sqlite3"}, {}, 5,
        ],
        "overrides": [{"name": "tool", "version": "2.0.0#3"}, {"name": "fmt", "version-date": "2023-01-01"}],
        "features": {"gui": {"dependencies": [{"name": "qt", "version>=": "6"}]}},
    }  # fmt: skip
    contents = read("vcpkg.json", json.dumps(manifest))
    assert [(p.name, p.version, p.constraint, p.development, p.optional) for p in contents.packages] == [
        ("fmt", "2023-01-01", "", False, False), ("zlib", "", ">=1.2.12", False, False),
        ("tool", "2.0.0", "", True, False), ("qt", "", ">=6", False, True),
    ]  # fmt: skip
    assert contents.project == "app"
    assert ("sqlite3", 0) in problems(contents)


MANIFEST = """\
julia_version = "1.9.0"
manifest_format = "2.0"

[[deps.Dates]]
deps = ["Printf"]
uuid = "ade2ca70-3891-5945-98fb-dc099432e06a"

[[deps.JSON]]
deps = ["Dates", "Parsers"]
git-tree-sha1 = "3c837543ddb02250ef42f4738347454f95079d4e"
uuid = "682c06a0-de6a-54ab-a142-c8b1cf79cde6"
version = "0.21.3"

[[deps.Parsers]]
deps = ["Dates"]
uuid = "69de0a69-1ddd-5017-9359-2bf0b02dc9f0"
version = "2.5.8"

[[deps.Own]]
path = "Own"
uuid = "00000000-0000-0000-0000-000000000001"
version = "0.1.0"
"""


@pytest.mark.parametrize("form", [1, 2])
def test_manifest_toml(form: int) -> None:
    text = MANIFEST
    if form == 1:
        text = "\n\n\n" + MANIFEST.partition("\n\n")[2].replace("deps.", "")
    project = 'name = "Shop"\n[deps]\nJSON = "682c06a0-de6a-54ab-a142-c8b1cf79cde6"\n'
    contents = read("Manifest.toml", text, {"Project.toml": project})
    packages = by_name(contents)
    dates = [("Dates", "1.9.0")] if form == 2 else []  # no version of Julia in form 1
    assert versions(contents) == [*dates, ("JSON", "0.21.3"), ("Parsers", "2.5.8")]
    assert [packages[name].direct for name in ("JSON", "Parsers")] == [True, False]
    needs = [*dates, ("Parsers", "")]
    assert brings(packages["JSON"]) == [packages[name].identity for name, _ in needs]
    assert packages["JSON"].line == 8
    assert packages["JSON"].qualifiers == (("uuid", "682c06a0-de6a-54ab-a142-c8b1cf79cde6"),)
    assert contents.project == "Shop"


def test_manifest_toml_alone() -> None:
    package = read("Manifest.toml", MANIFEST).packages[0]
    assert package.direct is None
    contents = read("Manifest.toml", MANIFEST, {"Project.toml": "["})
    assert [what for what, _ in problems(contents)] == ["Project.toml"]


def test_opam_locked() -> None:
    contents = read(
        "shop.opam.locked",
        """\
        opam-version: "2.0"
        name: "shop"
        description: \"\"\"
        depends: ["not" {= "1"}]
        \"\"\"
        depends: [
          "base" {= "v0.14.0"}
          "alcotest" {= "1.0" & with-test}
          "conf-gmp" {= "4" & os != "win32"}
          "loose" {>= "1.0"}  # "comment" {= "2"}
        ]
        (* "old" {= "1"} *)
        pin-depends: [
          ["base.v0.14.0" "git+https://example.org/base.git"]
        ]
        build: [["dune" "build" "@runtest" {with-test}]]
        """,
    )
    assert [(p.name, p.version, p.line, p.development) for p in contents.packages] == [
        ("base", "v0.14.0", 7, False), ("alcotest", "1.0", 8, True), ("conf-gmp", "4", 9, False),
    ]  # fmt: skip
    assert contents.packages[0].download == "git+https://example.org/base.git"
    assert contents.project == "shop"
    assert problems(contents) == [("loose", 10)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("mix.lock", "nothing"), ("mix.lock", "%{"), ("mix.lock", '%{"a": {:hex]}'),
        ("mix.lock", "%{" * 50), ("mix.lock", "%{} %{}"), ("mix.lock", "%{:a}"),
        ("renv.lock", "{}"), ("renv.lock", "[]"), ("Package.resolved", "{}"),
        ("conan.lock", "{}"), ("vcpkg.json", "[]"), ("Manifest.toml", "a ="),
        ("shop.opam.locked", "depends: ["), ("shop.opam.locked", "]"), ("shop.opam.locked", "§"),
        ("Podfile.lock", "- a"), ("Podfile.lock", "a: ["), ("pubspec.lock", "- a"),
        ("pubspec.lock", b"\xff\xfe\0"), ("build.sbt.lock", "{}"),
    ],
)  # fmt: skip
def test_what_is_something_else_is_unreadable(path: str, text: str | bytes) -> None:
    with pytest.raises(Unreadable):
        read(path, text)


@pytest.mark.parametrize(
    "path", ["Podfile.lock", "pubspec.lock", "stack.yaml.lock", "conanfile.txt"]
)
def test_empty_files_hold_nothing(path: str) -> None:
    assert read(path, "") == Contents()
