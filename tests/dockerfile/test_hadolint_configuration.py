"""hadolint's configuration, from its file and from the environment."""

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.core.severity import Severity
from seawall.dockerfile import hadolint
from seawall.dockerfile.hadolint import NOTHING, Note, Word, read_environment, read_file
from seawall.dockerfile.rules.labels import TYPES
from tests.dockerfile.support import judge

FULL = """\
failure-threshold: warning
format: json
ignored:
  - DL3000
  - SC1010
label-schema:
  author: text
  contact: email
  created: rfc3339
no-color: true
no-fail: false
override:
  error:
    - DL3001
  warning: [DL3042, DL3001]
  style: [DL3015]
strict-labels: true
disable-ignore-pragma: true
trustedRegistries:
  - docker.io
  - "*.gcr.io"
verbose: false
"""


def test_every_key() -> None:
    found = read_file(FULL.encode())
    assert found.ignored == (Word("DL3000", 4), Word("SC1010", 5))
    assert found.severities == {
        "DL3001": Severity.HIGH, "DL3042": Severity.MEDIUM, "DL3015": Severity.INFO,
    }  # fmt: skip
    assert found.trusted_registries == (Word("docker.io", 20), Word("*.gcr.io", 21))
    assert [word.value for word in found.label_schema] == [
        "author:text", "contact:email", "created:rfc3339",
    ]  # fmt: skip
    assert (found.strict_labels, found.disable_ignore_pragma) == (True, True)
    assert (found.failure_threshold, found.no_fail) == (Severity.MEDIUM, False)
    assert (found.no_color, found.verbose, found.formats) == (True, False, ("json",))
    assert found.notes == ()


def test_one_registry_may_be_a_text() -> None:
    assert read_file(b"trustedRegistries: docker.io").trusted_registries == (Word("docker.io", 1),)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("ignored: [DL3000]\nignore: [DL3001]\n", 2, "did you mean 'ignored'"),
        ("ignored: DL3000\n", 1, "must be a list"),
        ("ignored:\n  - DL3000\n  - 7\n", 3, "must be a list of texts"),
        ("ignored:\n  - DL30\n", 2, "'DL30' is no rule"),
        ("override:\n  fatal: [DL3000]\n", 2, "knows no 'fatal'"),
        ("override: [DL3000]\n", 1, "must be a mapping"),
        ("label-schema:\n  a: text\n  b: date\n", 3, "'date' is no type"),
        ("no-fail: maybe\n", 1, "must be true or false"),
        ("failure-threshold: high\n", 1, "must be one of error"),
        ("format: xml\n", 1, "knows no format 'xml'"),
        ("- DL3000\n", 1, "a mapping is wanted"),
        ("a: [\n", 2, "no valid YAML"),
    ],
)
def test_what_is_not_understood_is_told(text: str, line: int, words: str) -> None:
    (note,) = read_file(text.encode()).notes
    assert words in note.text
    assert note.line == line


def test_the_rest_still_counts() -> None:
    assert read_file(b"ignored: [DL3000]\nno-fail: maybe\n").ignored == (Word("DL3000", 1),)


@pytest.mark.parametrize("text", ["", "---\n", "# nothing\n"])
def test_an_empty_file_says_nothing(text: str) -> None:
    assert read_file(text.encode()) == NOTHING


def test_environment() -> None:
    found = read_environment(
        {
            "HADOLINT_NOFAIL": "Yes", "HADOLINT_VERBOSE": "0", "NO_COLOR": "",
            "HADOLINT_FORMAT": "json,xml", "HADOLINT_FAILURE_THRESHOLD": "none",
            "HADOLINT_OVERRIDE_ERROR": "DL3010", "HADOLINT_OVERRIDE_STYLE": "DL3010,DL3020",
            "HADOLINT_IGNORE": "DL3010,DL3020", "HADOLINT_TRUSTED_REGISTRIES": "docker.io,a:5000",
            "HADOLINT_REQUIRE_LABELS": "maintainer:text,version:semver,x,y:z",
            "HADOLINT_STRICT_LABELS": "1", "HADOLINT_DISABLE_IGNORE_PRAGMA": "no",
        }
    )  # fmt: skip
    assert (found.no_fail, found.verbose, found.no_color) == (True, False, True)
    assert (found.formats, found.failure_threshold) == (("json",), Severity.INFO)
    assert found.severities == {"DL3010": Severity.HIGH, "DL3020": Severity.INFO}
    assert found.ignored == (Word("DL3010"), Word("DL3020"))
    assert found.trusted_registries == (Word("docker.io"), Word("a:5000"))
    schema = ("maintainer:text", "version:semver", "x:text")
    assert tuple(word.value for word in found.label_schema) == schema
    assert (found.strict_labels, found.disable_ignore_pragma) == (True, False)
    assert len(found.notes) == 2
    assert read_environment({}) == NOTHING
    assert read_environment({"HADOLINT_FAILURE_THRESHOLD": "high"}).notes


def test_the_file_counts_over_the_environment() -> None:
    environment = read_environment(
        {"HADOLINT_NOFAIL": "1", "HADOLINT_IGNORE": "DL1", "HADOLINT_FAILURE_THRESHOLD": "error",
         "HADOLINT_OVERRIDE_ERROR": "DL2", "HADOLINT_REQUIRE_LABELS": "a:url",
         "HADOLINT_STRICT_LABELS": "1"}
    )  # fmt: skip
    file = read_file(
        b"no-fail: false\nignored: [DL3000]\nfailure-threshold: style\n"
        b"override: {info: [DL2]}\nlabel-schema: {a: text, b: text}\n"
    )
    found = hadolint.together(environment, file)
    assert (found.no_fail, found.failure_threshold) == (False, Severity.INFO)
    assert [word.value for word in found.ignored] == ["DL1", "DL3000"]
    assert found.severities == {"DL2": Severity.HIGH}
    assert {word.value for word in found.label_schema} == {"a:url", "b:text"}
    assert found.strict_labels


def test_where_it_is_looked_for() -> None:
    found = hadolint.candidates("/src", {"HOME": "/home/me"})
    assert found == [
        "/src/.hadolint.yaml", "/src/.hadolint.yml",
        "/home/me/.config/hadolint.yaml", "/home/me/.config/hadolint.yml",
        "/home/me/.hadolint/hadolint.yaml", "/home/me/.hadolint/hadolint.yml",
        "/home/me/.hadolint/config.yaml", "/home/me/.hadolint/config.yml",
        "/home/me/.hadolint.yaml", "/home/me/.hadolint.yml",
    ]  # fmt: skip
    found = hadolint.candidates("", {"XDG_CONFIG_HOME": "/x"})
    assert found == [".hadolint.yaml", ".hadolint.yml", "/x/hadolint.yaml", "/x/hadolint.yml"]


def test_the_schema_is_that_of_our_label_rules() -> None:
    found = read_file(b"label-schema: {contact: email, version: semver}\nstrict-labels: true\n")
    given_ = hadolint.parameters(found)
    assert set(hadolint.LABEL_TYPES) < set(TYPES)
    text = dedent(
        """\
        FROM a
        LABEL version="one" contact="a@example.org"
        LABEL x=y
        """
    )
    rules = ["label-required", "label-strict", "label-type"]
    messages = [one.message for one in judge(rules, text, parameters=given_)]
    assert messages == [
        "the label version is one, which is no semantic version",
        "the label x is not in the schema",
    ]
    assert hadolint.parameters(NOTHING) == {}
    assert "label-strict" not in hadolint.parameters(found._replace(strict_labels=None))


@given(st.binary(max_size=200))
def test_no_file_raises(data: bytes) -> None:
    assert all(isinstance(note, Note) for note in read_file(data).notes)


_TEXTS = st.sampled_from(("", "DL3000", "error", "text", "json", "a:b"))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(hadolint._KEYS), _VALUES))
def test_no_value_raises(values: dict[str, object]) -> None:
    import json

    read_file(json.dumps(values).encode())
