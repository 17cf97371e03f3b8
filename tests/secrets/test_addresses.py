"""Passwords in addresses: how sure we are of them where they stand."""

import secrets
import string

import pytest

from seawall.secrets.candidate import Certainty
from seawall.secrets.search import search
from seawall.secrets.text import text_of

LOOK = search(size=0)
DRAWN = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(8)) + "x7Q"


def sure(name: str, address: str) -> Certainty | None:
    text = text_of(name, f'URL = "{address}"\n'.encode())
    assert text is not None
    found = [secret for result in LOOK.run([text]) for secret in result.secrets]
    return found[0].certainty if found else None


@pytest.mark.parametrize("scheme", ["https", "postgres", "mysql", "amqp", "mongodb+srv"])
def test_a_drawn_password_counts_where_it_is_used(scheme: str) -> None:
    address = f"{scheme}://app:{DRAWN}@db.corp.internal/orders"
    code, configuration = sure("app.py", address), sure("config.yaml", address)
    assert code is not None
    assert code >= Certainty.MEDIUM
    assert configuration is not None
    assert configuration >= Certainty.MEDIUM


def test_in_tests_it_is_less_sure_but_told() -> None:
    address = f"postgres://app:{DRAWN}@db/orders"
    told, usual = sure("tests/test_app.py", address), sure("app.py", address)
    assert told is not None
    assert usual is not None
    assert told <= usual


@pytest.mark.parametrize(
    "address",
    [
        "https://user:pass@host/", "amqp://guest:guest@localhost/", "https://user:password@host/",
        "https://user:${PASSWORD}@host/", "https://user:<password>@host/", "http://foo:bar@host",
        "https://user:your-password@host/", "https://user:xxxxxx@host/",
    ],
)  # fmt: skip
def test_fill_ins_are_no_findings(address: str) -> None:
    for name in ("app.py", "config.yaml"):
        found = sure(name, address)
        assert found is None or found is Certainty.LOW


def test_a_host_that_nobody_has() -> None:
    used = sure("app.py", "https://app:hunter2secret@db.corp.internal/")
    reserved = sure("app.py", "https://app:hunter2secret@db.example.com/")
    assert used is not None
    assert reserved is None or reserved < used
