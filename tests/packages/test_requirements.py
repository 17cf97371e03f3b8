"""requirements.txt."""

import pytest

from seawall.packages.package import Unreadable
from tests.packages.files import brings, by_name, read, versions


def test_what_a_person_writes() -> None:
    contents = read("requirements.txt", """\
        # a comment
        --index-url https://pypi.example.org/simple
        Flask_Login[extra,more] == 1.0 ; python_version > "3.8"
        requests>=2,<3  # any of these
        one===1.0+local
        some==1.*
        both>=1,==1.5
        old (==2.0)
        https://example.org/w-1.2+cu1-cp311-cp311-linux_x86_64.whl
        direct @ git+https://example.org/d.git@v1
        -e git+https://example.org/e.git#egg=E_gg&subdirectory=x
        w2 @ https://example.org/w2-2.0-py3-none-any.whl ; os_name == 'nt'
        -e .
        ./local
        ./archives/a-b-3.1.tar.gz
    """)  # fmt: skip
    packages = by_name(contents)
    assert not contents.problems
    assert versions(contents) == [
        ("flask-login", "1.0"), ("requests", ""), ("one", "1.0+local"), ("some", ""),
        ("both", "1.5"), ("old", "2.0"), ("w", "1.2+cu1"), ("direct", ""), ("e-gg", ""),
        ("w2", "2.0"), ("a-b", "3.1"),
    ]  # fmt: skip
    assert packages["requests"].constraint == ">=2,<3"
    assert packages["requests"].line == 4
    assert packages["w"].download.startswith("https://example.org/w-1.2")
    assert packages["direct"].download == "git+https://example.org/d.git@v1"
    assert packages["e-gg"].download.startswith("git+https://")
    assert all(package.direct for package in contents.packages)


def test_what_a_compiler_writes() -> None:
    contents = read("requirements.txt", """\
        flask==2.0 \\
            --hash=sha256:01 \\
            --hash=sha256:02
            # via -r requirements.in
        jinja2==3.0 \\
            --hash=sha256:03
            # via
            #   -c constraints.txt
            #   Flask
            #   other
        markupsafe==2.0  # via jinja2, flask
        other==1.0
            # via shop (pyproject.toml)
    """)  # fmt: skip
    packages = by_name(contents)
    assert not contents.problems
    assert [package.line for package in contents.packages] == [1, 5, 11, 12]
    assert [package.direct for package in contents.packages] == [True, False, False, True]
    assert brings(packages["flask"]) == ["jinja2@3.0", "markupsafe@2.0"]
    assert brings(packages["jinja2"]) == ["markupsafe@2.0"]
    assert brings(packages["other"]) == ["jinja2@3.0"]


def test_pinned_lines_without_comments_do_not_tell_what_is_direct() -> None:
    assert read("requirements.txt", "a==1\nb==2\n").packages[0].direct is None


def test_includes_and_constraints() -> None:
    contents = read(
        "app/requirements-dev.txt",
        "-r requirements/base.txt\n--constraint=limits.txt\nc\n-r missing.txt\n-r https://example.org/r.txt\n",
        {
            "requirements/base.txt": "a==1.0\n-r ../requirements-dev.txt\n-r ./more.txt\n",
            "requirements/more.txt": "b>=1\n-r base.txt\n",
            "limits.txt": "b==1.5\nc==3.0\nunused==1\n",
        },
    )
    assert sorted(versions(contents)) == [("a", "1.0"), ("b", "1.5"), ("c", "3.0")]
    packages = by_name(contents)
    assert packages["a"].file == "requirements/base.txt"
    assert packages["b"].file == "requirements/more.txt"
    assert packages["b"].constraint == ">=1"
    assert [packages[name].development for name in "abc"] == [False, False, True]
    assert [problem.line for problem in contents.problems] == [4, 5]


def test_sources_of_a_compiler_count_where_they_are_pinned() -> None:
    assert versions(read("requirements.in", "a==1\nb\n")) == [("a", "1")]


def test_what_is_odd_is_told() -> None:
    contents = read(
        "requirements.txt", "a b c\n===\nhttps://example.org/x\n--odd\na==" + "1" * 3000
    )
    assert [problem.line for problem in contents.problems] == [1, 2, 3, 4, 5]


def test_texts_of_windows() -> None:
    assert versions(read("requirements.txt", "a==1\r\nb==2\r\n".encode("utf-16"))) == [
        ("a", "1"),
        ("b", "2"),
    ]
    with pytest.raises(Unreadable):
        read("requirements.txt", b"a==1\n\xff\n")
