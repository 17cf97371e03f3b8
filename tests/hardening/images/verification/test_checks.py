"""What is asked for on the command line."""

import pytest

from seawall.core.errors import UsageError
from seawall.hardening.images.verification.checks import (
    DIFFERS,
    UNVERIFIED,
    VERIFIED,
    Checks,
    Command,
    Http,
    Verdict,
    command_of,
    http_of,
    patience_of,
)


def test_commands_are_split_as_a_shell_does() -> None:
    assert command_of("app --say 'two words' \"$HOME\"").words == (
        "app", "--say", "two words", "$HOME",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "  ", "'' x", "a 'b", "a\0b"])
def test_what_is_no_command_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--verify: "):
        command_of(text)


def test_pages() -> None:
    assert http_of("8080/a?b=%20") == Http(8080, "/a?b=%20")
    assert http_of("80") == Http(80, "/")
    assert http_of("80/") == Http(80, "/")


@pytest.mark.parametrize(
    "text",
    ["", "/", "0/", "65536/", "x/", "-1/", "80/a b", "80/\r\nX: y", "80/ä", "٣/", "http://x"],
)
def test_what_is_no_page_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not PORT/PATH"):
        http_of(text)


def test_patience() -> None:
    assert patience_of("5") == 5.0
    for text in ("0", "-1", "1.5", "", "99999999999"):
        with pytest.raises(UsageError, match="--verify-timeout"):
            patience_of(text)


def test_what_is_refused() -> None:
    def verdict(state: str) -> Verdict:
        return Verdict("linux/amd64", Command(("x",), "x"), state, "")

    for required in (False, True):
        checks = Checks((Http(80, "/"),), required)
        assert not checks.refuse([verdict(VERIFIED)])
        assert checks.refuse([verdict(VERIFIED), verdict(DIFFERS)])
        assert checks.refuse([verdict(VERIFIED), verdict(UNVERIFIED)]) == required
