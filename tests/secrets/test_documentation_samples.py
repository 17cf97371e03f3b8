"""Tokens with a checksum: each right one is found and certain, each sample of documentation none.

Samples are made here as documentation makes them: a token whose letters somebody replaced, counted
through or typed over. None of them stands in this file.
"""

import random
from collections.abc import Iterator

import pytest

from seawall.secrets.candidate import Certainty
from seawall.secrets.rules.examples import example
from seawall.secrets.text import Text, kind_of
from seawall.secrets.verifying import SUMS as CHECKS
from tests.secrets.rules import RULES, native

SUMS = sorted(rule.id for rule in RULES.values() if rule.verify in CHECKS)
TEMPLATES = (
    ("README.md", "Authorization: Bearer {}\n"),
    ("config.yaml", "token: {}\n"),
    ("main.py", 'client = Client(token="{}")\n'),
    ("deploy.sh", "export API_TOKEN={}\n"),
    ("tests/data.json", '{{"password": "{}"}}\n'),
)


def told(name: str, text: str) -> list[Certainty]:
    (*results,) = native().run([Text(name, text.encode(), kind_of(name))])
    return [secret.certainty for result in results for secret in result.secrets]


@pytest.mark.parametrize("name", SUMS)
def test_each_token_is_certain(name: str) -> None:
    for seed in range(40):
        token = example(RULES[name], random.Random(seed))
        for path, template in TEMPLATES:
            assert Certainty.CERTAIN in told(path, template.format(token)), (path, seed)


HEADS = {
    "age-secret-key": 16, "atlassian-token": 12, "bitbucket-app-password": 4,
    "github-classic-token": 4, "gitlab-routable-token": 8, "grafana-service-token": 5,
    "nats-seed": 2, "npm-token": 4,
}  # fmt: skip
"""How long what they begin with is."""


def samples(name: str) -> Iterator[str]:
    """What stands for a token in documentation."""
    token, head = example(RULES[name], random.Random(5)), HEADS[name]
    tail = len(token) - head
    yield token[:head] + "x" * tail
    yield token[:head] + "X" * tail
    yield token[:head] + "0" * tail
    yield token[:head] + ("1234567890" * 20)[:tail]
    yield token[:head] + ("abcdefghijklmnopqrstuvwxyz0123456789" * 8)[:tail]
    for place in (head, head + tail // 2):  # typed over in one place
        other = "A" if token[place] != "A" else "C"
        yield token[:place] + other + token[place + 1 :]


@pytest.mark.parametrize("name", SUMS)
def test_no_sample_of_documentation_is_found(name: str) -> None:
    for sample in samples(name):
        for path, template in TEMPLATES:
            assert told(path, template.format(sample)) == [], (path, sample[:8])
