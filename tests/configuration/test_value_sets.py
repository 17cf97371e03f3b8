"""The tables of value sets: what they hold, and what is refused."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall import configuration
from seawall.charts.value_sets import ValueSet
from seawall.configuration import value_sets
from seawall.core.errors import UsageError
from tests.triage.support import command


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(text: str) -> tuple[ValueSet, ...]:
    Path("seawall.toml").write_text(text)
    return configuration.load(None, (".",)).value_sets


FULL = """\
render = true

[value-sets.production]
charts = ["/deploy/", "!old"]
values = ["values-production.yaml", "/environments/production.yaml"]
release = "shop"
namespace = "shop"
kubernetes-version = "v1.34.2"
api-versions = ["monitoring.coreos.com/v1", "apps/v1/Deployment"]

[value-sets.production.set]
"image.tag" = "1.4.2"
replicas = 3
list = [1, "two", {a = true}]
ratio = 0.5

[value-sets.production.set.resources.limits]
memory = "64Mi"
"""


def test_all_that_a_value_set_holds(tree: Path) -> None:
    (found,) = read(FULL)
    assert found.charts is not None
    assert found.charts.matches("deploy/chart/Chart.yaml")
    assert not found.charts.matches("other/Chart.yaml")
    assert found._replace(charts=None) == ValueSet(
        "production",
        None,
        ("values-production.yaml", "/environments/production.yaml"),
        (
            ("image.tag", '"1.4.2"'), ("replicas", "3"), ("list", '[1, "two", {"a": true}]'),
            ("ratio", "0.5"), ("resources.limits.memory", '"64Mi"'),
        ),
        "shop", "shop", "1.34", ("monitoring.coreos.com/v1", "apps/v1/Deployment"),
        str(tree.resolve()), "seawall.toml:3",
    )  # fmt: skip


def test_it_is_shown_as_it_can_be_written(tree: Path) -> None:
    before = read(FULL)
    shown = command("config", "show").out
    assert "render = true  # seawall.toml:1" in shown
    assert "[value-sets.production]  # seawall.toml:3" in shown
    lines = shown.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("[value-sets"))
    (after,) = read("\n".join(lines[start:]))
    assert repr(after._replace(origin="")) == repr(before[0]._replace(origin=""))


def test_the_option_wins(tree: Path) -> None:
    read("render = true\n")
    assert "render = false  # --no-render" in command("config", "show", "--no-render").out
    assert "render = true  # --render" in command("config", "show", "--render", "--no-config").out
    assert "render = false  # default" in command("config", "show", "--no-config").out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("render = 1", "1: render must be true or false"),
        ("value-sets = 1", "1: value-sets must be a table, such as [value-sets.production]"),
        ("[value-sets]\na = 1", "2: value-sets.a must be a table"),
        ("[value-sets.a]\nvalue = []", "2: unknown key 'value'; did you mean 'values'?"),
        ("[value-sets.a]\nvalues = 'x'", "2: value-sets.a.values must be a list of texts"),
        ("[value-sets.a]\nvalues = ['../x.yaml']", "leads out of the chart; begin it with a slash"),
        ("[value-sets.a]\nvalues = ['/../x.yaml']", "leads out of the chart"),
        ("[value-sets.a]\nvalues = ['a/../../x.yaml']", "leads out of the chart"),
        ("[value-sets.a]\nvalues = ['']", "'' is no file's name"),
        ("[value-sets.a]\nrelease = 'A'", "'A' is no release's name"),
        ("[value-sets.a]\nrelease = '-x'", "'-x' is no release's name"),
        ("[value-sets.a]\nrelease = 'a..b'", "'a..b' is no release's name"),
        (f"[value-sets.a]\nrelease = '{'a' * 54}'", "more than the 53 letters"),
        ("[value-sets.a]\nnamespace = 'a.b'", "'a.b' is no namespace's name"),
        ("[value-sets.a]\nkubernetes-version = '2.1'", "'2.1' is no version; give it as 1.34"),
        ("[value-sets.a]\nkubernetes-version = 1.3", "must be a text"),
        ("[value-sets.a]\napi-versions = ['a b']", "'a b' is no API version"),
        ("[value-sets.a]\nset = 'a=b'", "must be a table, such as"),
        ("[value-sets.a.set]\n'a=b' = 1", "'a=b' is no path of a value"),
        ("[value-sets.a.set]\na = {'' = 1}", "'a.' is no path of a value"),
        ("[value-sets.a.set]\na = 2027-01-31", "a: dates and numbers without end are no values"),
        ("[value-sets.a.set]\na = inf", "a: dates and numbers without end are no values"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(tree: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert str(caught.value).startswith("seawall.toml:")
    assert said in str(caught.value)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(value_sets.KEYS)), JUNK)
def test_no_value_breaks_a_check(key: str, value: object) -> None:
    with suppress(ValueError):
        value_sets.KEYS[key](value)


def test_a_first_configuration_names_it(tree: Path) -> None:
    assert command("init").code == 0
    text = Path("seawall.toml").read_text()
    assert "# render = true\n" in text
    tail = text[text.index("# [value-sets") :].partition("\n\n")[0]
    uncommented = "\n".join(line.removeprefix("# ") for line in tail.splitlines())
    (found,) = read(uncommented)
    assert (found.name, found.release, found.namespace) == ("production", "shop", "shop")
