"""``seawall mesh policy``: a table, questions, and a description's own tests."""

from pathlib import Path

import pytest

from seawall.cli import mesh
from seawall.core.errors import UsageError
from seawall.mesh.plan.errors import PlanError
from tests.mesh.plan.shop import SHOP

TESTS = """\
tests:
  - {from: web, to: orders, port: 8080, method: GET, path: /orders/1, expect: allow}
  - {from: web, to: orders, port: 8080, method: POST, path: /orders/1, expect: deny}
  - {from: /ns/shop/sa/job, to: database, port: 5432, expect: allow}
  - {from: /ns/test/sa/job, to: database, port: 5432, expect: deny}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "mesh.yaml"
    path.write_text(SHOP + TESTS)
    return str(path)


def test_check(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert mesh.run(["policy", "check", file]) == 0
    assert capsys.readouterr().out == f"{file}: 3 rules for 3 workloads\n"


def test_explain(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert mesh.run(["policy", "explain", file]) == 0
    assert (
        capsys.readouterr().out
        == """\
FROM      TO        PORT       ANSWER         BECAUSE
orders    web       8000/http  refused        no rule allows it
database  web       8000/http  refused        no rule allows it
web       orders    8080/http  some requests  rule 1 allows GET /orders/*
database  orders    8080/http  refused        no rule allows it
web       database  5432/tcp   refused        no rule allows it
orders    database  5432/tcp   allowed        rule 2
"""
    )


def test_where_it_is_open_whatever_rules_say_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table of rules alone would say that nobody gets there."""
    path = tmp_path / "mesh.yaml"
    path.write_text("""\
mesh: shop
trustDomain: shop.example.org
workloads:
  web: {}
  old: {ports: {80: http, 81: tcp}, mode: {permissive: {until: 2027-01-31}}}
  shut: {ports: {80: http}, mode: {permissive: {until: 2027-01-31}}}
  printer: {mode: {off: {reason: its vendor is gone}}}
policy:
  - deny: {from: "*", to: shut}
  - deny: {from: "*", to: old, ports: [80], methods: [GET]}
  - deny: {from: web, to: old}
""")
    told = """\
permissive: anybody reaches old on 80, 81 without TLS until 2027-01-31T00:00:00Z
off: printer is no part of the mesh (its vendor is gone)
"""
    for what in ("check", "explain"):
        assert mesh.run(["policy", what, str(path)]) == 0
        assert capsys.readouterr().out.endswith(told)


def test_the_tests_of_a_description(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert mesh.run(["policy", "test", file]) == 0
    assert capsys.readouterr().out == "4 as expected, 0 not\n"
    path = Path(file)
    path.write_text(path.read_text().replace("method: POST", "method: GET"))
    assert mesh.run(["policy", "test", file]) == 1
    assert capsys.readouterr().out == (
        f"{file}:25: spiffe://shop.example.org/workload/web -> orders:8080 should be refused and "
        "is allowed (rule 1)\n3 as expected, 1 not\n"
    )


def test_one_question(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    ask = ["policy", "test", file, "--to", "database", "--port", "5432", "--from"]
    assert mesh.run([*ask, "/ns/shop/sa/anybody"]) == 0
    assert mesh.run([*ask, "spiffe://shop.example.org/ns/test/x"]) == 1
    assert mesh.run([*ask, "web"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "allowed: rule 2", "refused: no tests", "refused: no rule allows it",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--from", "web"], "needs --from, --to and --port"),
        (["--from", "web", "--to", "x", "--port", "1"], "no workload 'x'; name one of web, orders"),
        (["--from", "web", "--to", "web", "--port", "1"], "serves no port 1"),
        (["--from", "web", "--to", "database", "--port", "5432", "--path", "/"], "is tcp"),
        (["--from", "?", "--to", "web", "--port", "8000"], "is no SPIFFE id"),
    ],
)
def test_questions_that_mean_nothing(file: str, arguments: list[str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        mesh.run(["policy", "test", file, *arguments])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("expect: allow", "expect: yes", ":24: must be a text"),
        ("to: orders, port: 8080, method: POST", "to: x, port: 8080, method: POST", "'x' is not"),
        ("port: 5432, expect", "port: 5432, path: /, expect", "is tcp: leave method and path out"),
        ("method: GET, path: /orders/1, ", "", "is http: add method and path"),
        ("from: web, to: orders", "from: nobody, to: orders", "no workload 'nobody'"),
    ],
)  # fmt: skip
def test_tests_that_are_wrong(file: str, old: str, new: str, says: str) -> None:
    path = Path(file)
    assert old in TESTS
    path.write_text(SHOP + TESTS.replace(old, new, 1))
    with pytest.raises(PlanError, match=says):
        mesh.run(["policy", "test", file])


def test_no_tests(file: str) -> None:
    Path(file).write_text(SHOP)
    with pytest.raises(UsageError, match="has no tests"):
        mesh.run(["policy", "test", file])
