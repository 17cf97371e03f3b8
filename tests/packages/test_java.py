"""pom.xml, lock files of Gradle and sbt, version catalogues."""

import pytest

from seawall.packages.package import Contents, Unreadable
from tests.packages.files import by_name, read, versions

POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent>
    <groupId>org.example</groupId>
    <artifactId>root</artifactId>
    <version>1</version>
  </parent>
  <artifactId>app</artifactId>
  <properties><jackson>2.9.0</jackson></properties>
  <dependencies>{}</dependencies>
</project>
"""
ROOT = """\
<project>
  <groupId>org.example</groupId>
  <artifactId>root</artifactId>
  <version>1</version>
  <properties><jackson>2.8.0</jackson><junit>4.12</junit><netty>${{netty.major}}.1</netty>
    <netty.major>4</netty.major></properties>
  <modules><module>app</module><module>platform</module></modules>
  <dependencyManagement><dependencies>{}</dependencies></dependencyManagement>
  <dependencies>{}</dependencies>
</project>
"""


def dependency(name: str, version: str = "", **others: str) -> str:
    group, _, artifact = name.partition(":")
    parts = {"groupId": group, "artifactId": artifact, "version": version, **others}
    return (
        "<dependency>"
        + "".join(f"<{key}>{value}</{key}>" for key, value in parts.items() if value)
        + "</dependency>"
    )


def pom(*dependencies: str, managed: str = "", inherited: str = "", **beside: str) -> Contents:
    files = {"../pom.xml": ROOT.format(managed, inherited), **beside}
    return read("app/pom.xml", POM.format("\n".join(dependencies)), files)


def reasons(contents: Contents) -> list[str]:
    return [problem.reason for problem in contents.problems]


def test_versions_of_properties_parents_and_management() -> None:
    contents = pom(
        dependency("com.x:plain", "1.0"),
        dependency("com.x:property", "${jackson}"),
        dependency("com.x:nested", "${netty}"),
        dependency("com.x:managed"),
        dependency("${project.groupId}:sibling", "${project.version}"),
        managed=dependency("com.x:managed", "${jackson}", scope="test"),
    )
    assert contents.problems == ()
    assert versions(contents) == [
        ("com.x:plain", "1.0"),
        ("com.x:property", "2.9.0"),
        ("com.x:nested", "4.1"),
        ("com.x:managed", "2.9.0"),
        ("org.example:sibling", "1"),
    ]
    assert contents.project == "org.example:app"
    packages = by_name(contents)
    assert packages["com.x:plain"].line == 9
    assert packages["com.x:managed"].development
    assert all(package.direct for package in contents.packages)


@pytest.mark.parametrize(
    ("scope", "development", "optional"),
    [
        ("compile", False, False), ("runtime", False, False), ("test", True, False),
        ("provided", False, True), ("system", False, True),
    ],
)  # fmt: skip
def test_scopes(scope: str, development: bool, optional: bool) -> None:
    (package,) = pom(dependency("g:a", "1", scope=scope)).packages
    assert (package.development, package.optional) == (development, optional)


def test_optional_types_and_classifiers() -> None:
    found = pom(
        dependency("g:a", "1", optional="true", type="zip", classifier="linux"),
        dependency("g:a", "2"),
    ).packages
    assert found[0].optional
    assert found[0].qualifiers == (("classifier", "linux"), ("type", "zip"))
    assert (found[1].version, found[1].qualifiers) == ("2", ())


@pytest.mark.parametrize(
    ("text", "version", "constraint"),
    [
        ("[1.2]", "1.2", "[1.2]"), ("[1,2)", "", "[1,2)"), ("(,1]", "", "(,1]"),
        ("RELEASE", "", "RELEASE"), ("1.0", "1.0", ""),
    ],
)  # fmt: skip
def test_ranges_are_constraints(text: str, version: str, constraint: str) -> None:
    (package,) = pom(dependency("g:a", text)).packages
    assert (package.version, package.constraint) == (version, constraint)


def test_what_parents_ask_for_counts_where_it_comes_out_otherwise() -> None:
    inherited = dependency("g:same", "1") + dependency("g:other", "${jackson}")
    (package,) = pom(inherited=inherited).packages
    assert (package.name, package.version) == ("g:other", "2.9.0")
    assert package.file == "../pom.xml"


def test_imported_projects_are_found_among_the_modules() -> None:
    platform = ROOT.format(dependency("g:a", "3.3"), "").replace(">root<", ">platform<")
    contents = pom(
        dependency("g:a"),
        managed=dependency("org.example:platform", "1", type="pom", scope="import"),
        **{"../platform/pom.xml": platform},
    )
    assert versions(contents) == [("g:a", "3.3")]


def test_projects_that_import_each_other_end() -> None:
    def platform(name: str, other: str) -> str:
        imported = dependency(f"org.example:{other}", "1", type="pom", scope="import")
        return ROOT.format(imported, "").replace(">root<", f">{name}<")

    root_imports = dependency("org.example:one", "1", type="pom", scope="import")
    root = ROOT.format(root_imports, "").replace(
        "<module>app</module>", "<module>one</module><module>two</module>"
    )
    files = {
        "../pom.xml": root,
        "../one/pom.xml": platform("one", "two"),
        "../two/pom.xml": platform("two", "one"),
    }
    contents = read("app/pom.xml", POM.format(dependency("g:a")), files)
    assert reasons(contents) == ["it has no version, and none of the files manages one"]


def test_a_project_that_is_its_own_parent_ends() -> None:
    text = POM.format(dependency("g:a")).replace(
        "<version>1", "<relativePath>pom.xml</relativePath>"
    )
    text = text.replace(">root<", ">app<").replace("</relativePath></version>", "</relativePath>")
    assert read("pom.xml", text).packages == ()


def test_what_is_not_among_the_files_is_named() -> None:
    text = POM.format(dependency("g:a") + dependency("g:b", "${nobody}"))
    contents = read("app/pom.xml", text)
    assert contents.packages == ()
    assert reasons(contents) == [
        "its version comes from org.example:root:1, not among the files",
        "no file sets a property in it; its parent org.example:root:1 is not among the files",
    ]
    contents = pom(dependency("g:a"), managed=dependency("x:bom", "7", type="pom", scope="import"))
    assert reasons(contents) == ["its version comes from x:bom:7, not among the files"]


def test_another_project_at_the_parents_path_is_none() -> None:
    root = ROOT.format(dependency("g:a", "1"), "").replace(">root<", ">stranger<")
    contents = read("app/pom.xml", POM.format(dependency("g:a")), {"../pom.xml": root})
    assert contents.packages == ()


def test_profiles_are_told() -> None:
    text = POM.replace(
        "</project>",
        f"<profiles><profile><id>p</id><dependencies>{dependency('g:a', '1')}</dependencies>"
        "</profile><profile><id>q</id></profile></profiles></project>",
    )
    contents = read("pom.xml", text.format(""))
    assert [problem.what for problem in contents.problems] == ["profile p"]
    assert contents.problems[0].line == 10


def test_a_property_that_grows_without_end_is_cut_short() -> None:
    bombs = "".join(f"<p{n}>{f'${{p{n + 1}}}' * 10}</p{n}>" for n in range(30))
    text = POM.replace("<jackson>", f"{bombs}<jackson>").replace("{}", dependency("g:a", "${{p0}}"))
    contents = read("pom.xml", text.replace("${{p0}}", "${p0}"))
    assert contents.packages == ()
    assert len(contents.problems) == 1


@pytest.mark.parametrize(
    "text", ["", "<a/>", "<project>", "<!DOCTYPE p [<!ENTITY a 'b'>]><project/>"]
)
def test_what_is_no_project_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        read("pom.xml", text)


# Gradle ---------------------------------------------------------------------------------------


def test_lock_files_of_gradle() -> None:
    contents = read(
        "gradle.lockfile",
        """\
        # This is a Gradle generated file for dependency locking.
        com.google.guava:guava:31.0-jre=compileClasspath,runtimeClasspath,testRuntimeClasspath
        junit:junit:4.13=testCompileClasspath,testRuntimeClasspath
        org.projectlombok:lombok:1.18.22=annotationProcessor,compileClasspath
        oops
        empty=annotationProcessor
        """,
    )
    assert versions(contents) == [
        ("com.google.guava:guava", "31.0-jre"), ("junit:junit", "4.13"),
        ("org.projectlombok:lombok", "1.18.22"),
    ]  # fmt: skip
    assert [package.development for package in contents.packages] == [False, True, False]
    assert [package.line for package in contents.packages] == [2, 3, 4]
    assert [problem.line for problem in contents.problems] == [5]


def test_lock_files_of_build_scripts_and_of_old_gradle() -> None:
    (package,) = read("buildscript-gradle.lockfile", "a:b:1=classpath\n").packages
    assert package.development
    (package,) = read("gradle/dependency-locks/runtimeClasspath.lockfile", "a:b:1\n").packages
    assert (package.name, package.development) == ("a:b", False)
    (package,) = read("gradle/dependency-locks/testRuntimeClasspath.lockfile", "a:b:1\n").packages
    assert package.development


def test_version_catalogues() -> None:
    contents = read(
        "gradle/libs.versions.toml",
        """\
        [versions]
        kotlin = "1.9.0"
        slf4j = { strictly = "[1.7, 1.8[", prefer = "1.7.25" }
        [libraries]
        a = "g:a:1.0"
        b = { module = "g:b", version.ref = "kotlin" }
        c = { group = "g", name = "c", version.ref = "slf4j" }
        d = { module = "g:d" }
        e = { module = "g:e", version = "1.+" }
        f = { module = "g:f", version.ref = "gone" }
        h = 5
        [plugins]
        p = { id = "org.x", version.ref = "kotlin" }
        q = "org.y:2.0"
        """,
    )
    assert [(p.name, p.version, p.constraint) for p in contents.packages] == [
        ("g:a", "1.0", ""), ("g:b", "1.9.0", ""), ("g:c", "1.7.25", "[1.7, 1.8["),
        ("g:d", "", ""), ("g:e", "", "1.+"), ("g:f", "", ""),
        ("org.x:org.x.gradle.plugin", "1.9.0", ""), ("org.y:org.y.gradle.plugin", "2.0", ""),
    ]  # fmt: skip
    assert [package.development for package in contents.packages] == [False] * 6 + [True] * 2
    assert contents.packages[1].line == 6
    assert [problem.line for problem in contents.problems] == [10, 11, 11]


def test_lock_files_of_sbt() -> None:
    contents = read(
        "build.sbt.lock",
        """\
        {"lockVersion": 1, "dependencies": [
          {"org": "org.typelevel", "name": "cats-core_2.13", "version": "2.9.0",
           "configurations": ["compile", "test"]},
          {"org": "org.scalatest", "name": "scalatest_2.13", "version": "3.2.0",
           "configurations": ["test"]},
          {"org": "javax.servlet", "name": "servlet-api", "version": "2.5",
           "configurations": ["provided", "test"]},
          {"org": "x"}]}
        """,
    )
    assert [(p.name, p.development, p.optional) for p in contents.packages] == [
        ("org.typelevel:cats-core_2.13", False, False),
        ("org.scalatest:scalatest_2.13", True, False),
        ("javax.servlet:servlet-api", False, True),
    ]
    assert contents.packages[1].key_path == ("dependencies", 1)
    assert reasons(contents) == ["it has no org, name and version"]
