"""What is looked at where a value is judged: its name, its place, what stands around it."""

import random
import string

import pytest

from seawall.secrets import scoring, search
from seawall.secrets.candidate import Candidate, Certainty
from seawall.secrets.features import features, path_features, shape_of
from seawall.secrets.surroundings import Crowd
from seawall.secrets.text import Kind, text_of
from seawall.text.placeholders import is_reference, looks_like_prose
from tests.secrets.rules import drawn

LOOK = search.search(size=0)
PASSWORD = drawn(14, 5)


def candidates(name: str, content: str) -> list[Candidate]:
    text = text_of(name, content.encode())
    assert text is not None
    return search.worth_judging(LOOK.candidates(text))


def words(name: str, content: str) -> set[str]:
    """What is told of the last candidate of a text."""
    text = text_of(name, content.encode())
    assert text is not None
    found = search.worth_judging(LOOK.candidates(text))
    return set(scoring.words(found[-1], text, Crowd(found)))


def sure(name: str, content: str) -> list[Certainty]:
    text = text_of(name, content.encode())
    assert text is not None
    return [secret.certainty for found in LOOK.run([text]) for secret in found.secrets]


def test_many_values_under_one_name_are_a_table() -> None:
    def listed(count: int) -> str:
        rows = (f'{{"license_key": "{drawn(14, number)}"}}' for number in range(100, 100 + count))
        return f"[{', '.join(rows)}]"

    assert "table" not in words("data.json", listed(40))
    assert "table" in words("data.json", listed(41))
    assert max(sure("data.json", listed(4))) > max(sure("data.json", listed(41)), default=-1)


def test_one_value_many_times_is_no_table() -> None:
    assert "table" not in words("data.json", f'{{"password": "{PASSWORD}"}}\n' * 60)


@pytest.mark.parametrize(
    ("call", "verb"), [("setPassword", "set"), ("util.EncodePassword", "encode"), ("Password", "")]
)
def test_what_a_function_does_is_told(call: str, verb: str) -> None:
    assert f"verb:{verb}" in words("a.go", f'{call}("{PASSWORD}")')


def test_quotes_are_told() -> None:
    assert "quote:double" in words("a.py", f'password = "{PASSWORD}"')
    assert "quote:single" in words("a.py", f"password = '{PASSWORD}'")
    assert "quote:none" in words("a.yaml", f"password: {PASSWORD}")


def test_the_user_of_an_address_is_no_name() -> None:
    told = words("a.py", f'a = "https://token:{PASSWORD}@db.corp.internal/"')
    assert "address:real" in told
    assert not any(word.startswith("word:") for word in told)


@pytest.mark.parametrize(
    "address", ["https://your-user:{}@db.corp.internal/", "https://app:{}@db.example.com/",
                "https://app:p%61ssword@db.corp.internal/"],
)  # fmt: skip
def test_addresses_that_nobody_means(address: str) -> None:
    told = words("a.py", f'a = "{address.format(PASSWORD)}"')
    assert not {"address:real", "address:elsewhere"} & told


def test_letters_of_a_translation_and_signs() -> None:
    path = path_features("a.py")
    for value, foreign in (("pässwörter", True), ("x§9Kq2LmVt", False)):
        groups = features("assigned", "password", value, Kind.CODE, path)
        assert any("not-ascii" in words for words in groups) is foreign


def test_prose_and_what_is_none() -> None:
    assert looks_like_prose("export EXTRA_PROPERTIES")
    assert looks_like_prose("staying alive")
    assert not looks_like_prose("Mr. N00dles")


@pytest.mark.parametrize("letters", [32, 40, 64])
def test_sums_of_nothing_say_nothing(letters: int) -> None:
    import hashlib

    of_nothing = {32: hashlib.md5, 40: hashlib.sha1, 64: hashlib.sha256}[letters](b"").hexdigest()
    assert is_reference(of_nothing)


def test_badges_are_shown_to_everybody() -> None:
    badge = f"[c](https://codecov.io/gh/a/b/graph/badge.svg?token={PASSWORD})"
    assert not candidates("README.md", badge)
    assert candidates("README.md", badge.replace("badge", "data"))


@pytest.mark.parametrize(
    "line", ['password = os.environ.get("DB_PASSWORD") or "{}"', 'if (user.password !== "{}") {{}}']
)
def test_defaults_and_comparisons(line: str) -> None:
    values = [one.value.reveal() for one in candidates("a.js", line.format(PASSWORD))]
    assert PASSWORD in values


@pytest.mark.parametrize("scheme", ["Bearer", "ApiKey", "Token"])
def test_the_scheme_of_a_header_is_no_part_of_its_value(scheme: str) -> None:
    found = candidates("a.js", f"headers = {{authorization: '{scheme} {PASSWORD}'}}")
    assert {one.value.reveal() for one in found} == {PASSWORD}


def test_a_private_member_is_of_the_key_around_it() -> None:
    symmetric = drawn(43, 9)
    text = f"a = {{kty: 'EC', crv: 'P-256', x: 'y'}}\nb = {{ k: '{symmetric}', kty: 'oct' }}"
    (found,) = (one for one in candidates("a.mjs", text) if one.form == "jwk")
    assert (found.value.reveal(), found.about) == (symmetric, "of a oct key")


UPPER, LOWER, DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits


@pytest.mark.parametrize(
    "alphabet", [UPPER + LOWER, LOWER, UPPER, UPPER + LOWER + DIGITS, LOWER + DIGITS],
    ids=["letters", "lower", "upper", "letters and digits", "lower and digits"],
)  # fmt: skip
@pytest.mark.parametrize("length", [16, 20, 24, 32, 40])
@pytest.mark.parametrize(
    ("name", "line", "least"),
    [
        ("api.py", 'API_PASSWORD = "{}"\n', 85),
        ("app.yaml", "password: {}\n", 95),
        (".env", "DB_PASSWORD={}\n", 95),
        ("client.js", 'const client = new Client({{apiKey: "{}"}});\n', 70),
    ],
)
def test_what_was_drawn_is_told(
    alphabet: str, length: int, name: str, line: str, least: int
) -> None:
    """Also where no digit or sign is among the letters: so are 6 of 100 values of 16."""
    chance = random.Random(f"{alphabet}{length}{name}")
    values = ["".join(chance.choices(alphabet, k=length)) for _ in range(100)]
    texts = [text_of(name, line.format(value).encode()) for value in values]
    told = [found for found in LOOK.run(filter(None, texts)) if found.secrets]
    assert len(told) >= least


@pytest.mark.parametrize(
    "name",
    ["getHTTPSURLForIDToken", "NVMeHighHostCPU", "setAWSIAMRoleARN", "addToZip", "dNSNames",
     "assertIsNaN", "passwordFieldName", "apiKeyHeader"],
)  # fmt: skip
def test_names_of_programs_are_not_drawn(name: str) -> None:
    assert shape_of(name) == "identifier"
