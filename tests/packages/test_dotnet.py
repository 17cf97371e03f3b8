"""Lock files and projects of .NET."""

import pytest

from seawall.packages.package import Unreadable
from tests.packages.files import brings, by_name, read, versions


def test_packages_lock_json() -> None:
    contents = read(
        "packages.lock.json",
        """\
        {"version": 1, "dependencies": {
          "net6.0": {
            "Serilog": {"type": "Direct", "requested": "[2.0, )", "resolved": "2.10.0",
                        "dependencies": {"system.text.json": "4.7.0"}},
            "System.Text.Json": {"type": "Transitive", "resolved": "4.7.2"},
            "own": {"type": "Project"}},
          "net7.0": {
            "Serilog": {"type": "Direct", "requested": "[2.0, )", "resolved": "2.10.0"},
            "System.Text.Json": {"type": "CentralTransitive", "resolved": "7.0.0"},
            "Odd": {"type": "Transitive"}}}}
        """,
    )
    assert versions(contents) == [
        ("Serilog", "2.10.0"), ("System.Text.Json", "4.7.2"), ("System.Text.Json", "7.0.0"),
    ]  # fmt: skip
    serilog, json, _ = contents.packages
    assert (serilog.direct, serilog.constraint) == (True, "[2.0, )")
    assert brings(serilog) == [json.identity]
    assert serilog.requires[0].constraint == "4.7.0"
    assert json.direct is False
    assert json.key_path == ("dependencies", "net6.0", "System.Text.Json")
    assert [problem.what for problem in contents.problems] == ["Odd"]


def test_deps_json_with_the_runtime_it_ships() -> None:
    contents = read(
        "bin/app.deps.json",
        """\
        {"targets": {".NETCoreApp,Version=v6.0/linux-x64": {
           "app/1.0.0": {"dependencies": {
             "Serilog": "2.10.0",
             "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64": "6.0.1"}},
           "Serilog/2.10.0": {"dependencies": {"Deep": "1.0.0"}}}},
         "libraries": {
           "app/1.0.0": {"type": "project"},
           "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/6.0.1": {"type": "runtimepack"},
           "Serilog/2.10.0": {"type": "package"},
           "Deep/1.0.0": {"type": "package"},
           "System.Old/1.0.0": {"type": "referenceassembly"}}}
        """,
    )
    packages = by_name(contents)
    assert list(packages) == ["Microsoft.NETCore.App.Runtime.linux-x64", "Serilog", "Deep"]
    assert [package.direct for package in packages.values()] == [True, True, False]
    assert brings(packages["Serilog"]) == [packages["Deep"].identity]
    assert contents.project == "app"


def test_project_assets_json() -> None:
    contents = read(
        "obj/project.assets.json",
        """\
        {"version": 3, "targets": {"net6.0": {
            "A/1.0.0": {"type": "package", "dependencies": {"b": "[1.0.0, )"}},
            "B/1.2.0": {"type": "package"}, "Own/1.0.0": {"type": "project"}}},
         "project": {"restore": {"projectName": "app"}, "frameworks": {"net6.0": {"dependencies": {
            "A": {"target": "Package", "version": "[1.0.0, )", "suppressParent": "All"}}}}}}
        """,
    )
    a, b = contents.packages
    assert (a.name, a.direct, a.development, a.constraint) == ("A", True, True, "[1.0.0, )")
    assert (b.name, b.direct, b.development) == ("B", False, False)
    assert brings(a) == [b.identity]
    assert contents.project == "app"


def test_packages_config() -> None:
    contents = read(
        "packages.config",
        """\
        <?xml version="1.0" encoding="utf-8"?>
        <packages>
          <package id="jQuery" version="3.1.1" targetFramework="net46" allowedVersions="[3,4)" />
          <package id="Analyzer" version="1.0" developmentDependency="true" />
          <package id="Broken" />
        </packages>
        """,
    )
    assert versions(contents) == [("jQuery", "3.1.1"), ("Analyzer", "1.0")]
    assert [package.line for package in contents.packages] == [3, 4]
    assert contents.packages[0].constraint == "[3,4)"
    assert contents.packages[1].development
    assert [problem.line for problem in contents.problems] == [5]


PROJECT = """\
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><Own>1.5</Own><AssemblyName>Shop</AssemblyName></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Plain" Version="2.0.1" />
    <PackageReference Include="Element"><Version>[1.0]</Version></PackageReference>
    <PackageReference Include="Property" Version="$(Own)" />
    <PackageReference Include="Above" Version="$(Shared)" />
    <PackageReference Include="Central" />
    <PackageReference Include="Overridden" VersionOverride="9.9" />
    <PackageReference Include="Analyzer" Version="1.0" PrivateAssets="all" />
    <PackageReference Include="Floating" Version="1.*" />
    <PackageReference Include="Open" />
    <PackageReference Include="Unset" Version="$(Nobody)" />
    <PackageReference Update="OfTheSdk" Version="1.0" />
  </ItemGroup>
  <ItemGroup Condition="'$(TargetFramework)' == 'net48'">
    <PackageReference Include="Plain" Version="1.0" />
  </ItemGroup>
</Project>
"""
ABOVE = {
    "../Directory.Packages.props": """\
        <Project>
          <ItemGroup>
            <PackageVersion Include="Central" Version="$(Shared)" />
            <PackageVersion Include="Overridden" Version="1.0" />
            <GlobalPackageReference Include="Everywhere" Version="4.0" />
          </ItemGroup>
        </Project>
        """,
    "../../Directory.Build.props": """\
        <Project>
          <Import Project="build\\Versions.props" />
        </Project>
        """,
    "../../build/Versions.props": """\
        <Project>
          <PropertyGroup><Shared>7.7</Shared><Own>0.1</Own></PropertyGroup>
        </Project>
        """,
}


def test_projects() -> None:
    contents = read("src/app/App.csproj", PROJECT, ABOVE)
    assert versions(contents) == [
        ("Plain", "2.0.1"), ("Element", "1.0"), ("Property", "1.5"), ("Above", "7.7"),
        ("Central", "7.7"), ("Overridden", "9.9"), ("Analyzer", "1.0"), ("Floating", ""),
        ("Open", ""), ("Everywhere", "4.0"),
    ]  # fmt: skip
    packages = by_name(contents)
    assert packages["Plain"].line == 4
    assert packages["Floating"].constraint == "1.*"
    assert packages["Analyzer"].development
    assert not packages["Plain"].development
    assert packages["Everywhere"].development
    assert packages["Everywhere"].file == "../Directory.Packages.props"
    assert contents.project == "Shop"
    assert [problem.what for problem in contents.problems] == ["Unset $(Nobody)"]
    assert contents.problems[0].line == 13


def test_files_that_import_each_other_end() -> None:
    beside = {
        "a.props": '<Project><Import Project="b.props"/></Project>',
        "b.props": '<Project><Import Project="a.props"/><Import Project="b.props"/></Project>',
    }
    contents = read("x.csproj", '<Project><Import Project="a.props"/></Project>', beside)
    assert contents.problems == ()


def test_properties_that_grow_without_end_are_cut_short() -> None:
    properties = "".join(f"<P{n}>{f'$(P{n + 1})' * 10}</P{n}>" for n in range(30))
    text = (
        f"<Project><PropertyGroup>{properties}</PropertyGroup><ItemGroup>"
        '<PackageReference Include="A" Version="$(P0)"/></ItemGroup></Project>'
    )
    contents = read("x.fsproj", text)
    assert contents.packages == ()
    assert len(contents.problems) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("packages.lock.json", "{}"), ("a.deps.json", "{}"), ("project.assets.json", "{}"),
        ("packages.config", "<configuration/>"), ("a.vbproj", "<Solution/>"),
        ("packages.lock.json", "[]"), ("a.csproj", "<Project>"),
    ],
)  # fmt: skip
def test_what_is_something_else_is_unreadable(path: str, text: str) -> None:
    with pytest.raises(Unreadable):
        read(path, text)


def test_unknown_versions_are_told_and_read() -> None:
    text = '{"version": 9, "dependencies": {"n": {"A": {"type": "Direct", "resolved": "1"}}}}'
    contents = read("packages.lock.json", text)
    assert versions(contents) == [("A", "1")]
    assert [problem.what for problem in contents.problems] == ["version 9"]
