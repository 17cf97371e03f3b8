"""Values that any text may hold, and those that none does by chance."""

import random
import string

import pytest

from seawall.secrets.commonplace import is_commonplace
from seawall.secrets.rules.examples import example
from tests.secrets.rules import RULES, drawn


@pytest.mark.parametrize(
    "value",
    ["password", "Password", "external", "root", "users", "grafana", "kubernetes", "wordpress",
     "hunter2", "123456", "1234", "changeme", "my-secret", "mypassword", "graphql", "admin123",
     "-----BEGIN RSA PRIVATE KEY-----"],
)  # fmt: skip
def test_words(value: str) -> None:
    assert is_commonplace(value)


@pytest.mark.parametrize(
    "value",
    ["Summer2024!", "correct horse battery staple", "correct-horse-battery", "Tr0ub4dor&3",
     "12345678901", "sesame-open-4711", "xkqzjvwp", "Zq7xk2Pm", "p4a8s2s0w7o1rd3!9", "9f8e7d6c"],
)  # fmt: skip
def test_what_a_person_thought_up(value: str) -> None:
    assert not is_commonplace(value)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_no_token_of_any_rule(rule: str) -> None:
    if RULES[rule].identifier:
        return
    assert not any(is_commonplace(example(RULES[rule], random.Random(n))) for n in range(5))


def test_what_is_drawn() -> None:
    assert not any(is_commonplace(drawn(length, length)) for length in range(8, 80))
    chance = random.Random(2)
    letters = ["".join(chance.choices(string.ascii_lowercase, k=12)) for _ in range(2000)]
    assert sum(map(is_commonplace, letters)) < 20
