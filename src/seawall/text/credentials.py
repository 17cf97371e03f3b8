"""Credentials in settings and texts: by names, by the formats of providers, in addresses."""

import re
from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple
from seawall.text.credential_names import names_credential
from seawall.text.placeholders import is_fill_in, is_reference, placeholder
from seawall.text.token_formats import FORMATS

ADDRESS_WITH_PASSWORD = pattern(r"[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/@${]+@", re.IGNORECASE)
_GENERAL = ("PRIVATE KEY", "LS0tLS1CRUdJTi", "sk-")
"""Marks of what has other rules, or stands in many texts that have no token."""
_TOKENS = tuple(each for each in FORMATS if each.mark not in _GENERAL)
TOKEN = pattern("|".join(f"(?:{each.pattern})" for each in _TOKENS))
_GITHUB = ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")
_TOKEN_MARKS = (*_GITHUB, *(each.mark for each in _TOKENS if each.mark != "gh"))
"""Without one of these there is no token."""
_MASKS = frozenset(("mask", "repeated"))
_SAMPLES = frozenset(("secret", "password", "test"))
"""What documentation writes where a value belongs: as a default nobody means it."""
_SHORTEST = 4


class Named(NamedTuple):
    """A credential that was found."""

    what: str
    """With its article: ``a provider's token``."""
    value: str


def may_hold_credentials(text: str) -> bool:
    """Whether the patterns need to look: they are slow, and few texts have any of this."""
    return ("://" in text and "@" in text) or any(mark in text for mark in _TOKEN_MARKS)


def in_setting(name: str, value: str) -> Named | None:
    """The credential that a setting holds, by its value or by its name; ``None`` for none."""
    if may_hold_credentials(value):
        if TOKEN.search(value):
            return Named("a provider's token", value)
        if ADDRESS_WITH_PASSWORD.search(value):
            return Named("an address with a password", value)
    if len(value) >= _SHORTEST and names_credential(name) and not _stands_for_another(value):
        return Named("a credential", value)
    return None


def _stands_for_another(value: str) -> bool:
    """Whether a value is a reference, a path or a fill-in."""
    lower = value.lower()
    if is_reference(value) or lower in _SAMPLES or is_fill_in(lower):
        return True
    return placeholder(value) in _MASKS


def tokens(text: str) -> Iterator[Named]:
    """Tokens of providers and addresses with a password, wherever they stand in a text."""
    if may_hold_credentials(text):
        for found in TOKEN.finditer(text):
            yield Named("a provider's token", found[0])
        for found in ADDRESS_WITH_PASSWORD.finditer(text):
            yield Named("an address with a password", found[0])
