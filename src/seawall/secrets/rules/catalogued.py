"""Rules of the catalogue: one for each form of token, one for each way to write secrets down.

There are some 250, so what is said of each is made of its data when somebody asks.
"""

from collections.abc import Callable

from seawall.core.rule import SECURITY, Hits, Rule
from seawall.core.severity import Severity
from seawall.secrets.candidate import Candidate, Secret
from seawall.secrets.reporting import Shows, hits, in_address, kind_of
from seawall.secrets.rules.rule import Rule as TokenRule

DOMAIN = "secrets"
TEXT = "text"
STORE = (
    "Keep the new one in a secret store or the environment, and take the old one out of the file "
    "and its history."
)


class SecretRule(Rule):
    """A rule about secrets; ``check`` is called with a secret and what tells what would show it."""

    __slots__ = ("manual", "provider", "revoke")

    def __init__(
        self,
        id_: str,
        check: Callable[[Secret, Shows], Hits],
        manual: Callable[[Rule], str],
        severity: Severity,
        *,
        provider: str = "",
        revoke: str = "",
        remedy: str = "",
    ) -> None:
        where = f" at {revoke}" if revoke else " where it is used"
        super().__init__(
            check, id=id_, domain=DOMAIN, scope=TEXT, severity=severity, profile=SECURITY,
            remedy=remedy or f"Revoke it{where} and make a new one. {STORE}", sensitive=True,
        )  # fmt: skip
        self.manual = manual
        self.provider = provider
        self.revoke = revoke
        """Where its owner makes it worthless; empty where that depends."""

    @property
    def docstring(self) -> str:
        """The manual, made anew each time."""
        return self.manual(self)


_NO_KEY = "See to it that whoever only knows it is let in nowhere; then ignore it."


def of_token(rule: TokenRule) -> SecretRule:
    """The rule of the catalogue for a form of token."""

    def check(secret: Secret, shows: Shows) -> Hits:
        return hits(rule.title, secret, shows, rule.severity)

    def manual(_rule: Rule) -> str:
        from seawall.secrets.rules.manual import of_token  # noqa: PLC0415 - random, for docs only

        return of_token(rule)

    return SecretRule(
        rule.id, check, manual, rule.severity, provider=rule.provider, revoke=rule.revoke,
        remedy=_NO_KEY if rule.identifier else "",
    )  # fmt: skip


def _form(id_: str, what: str | Callable[[Candidate], str]) -> SecretRule:
    severity = Severity.HIGH

    def check(secret: Secret, shows: Shows) -> Hits:
        noun = what if isinstance(what, str) else what(secret.candidate)
        return hits(noun, secret, shows, severity)

    def manual(rule: Rule) -> str:
        from seawall.secrets.rules.manual import of_form  # noqa: PLC0415 - as above

        return of_form(rule.id)

    return SecretRule(id_, check, manual, severity)


FORM_RULES = (
    _form("assigned-secret", kind_of),
    _form("json-web-key", "private part of a JSON Web Key"),
    _form("password-file", "password of a password file"),
    _form("private-key", "private key"),
    _form("secret-in-address", in_address),
    _form("secret-in-command", "password in a command"),
    _form("secret-in-header", "credential in a header"),
)
_OF_READERS = {
    "address": "secret-in-address",
    "assignment": "assigned-secret",
    "command": "secret-in-command",
    "header": "secret-in-header",
}


def id_of(name: str) -> str:
    """The id in the catalogue of what ``Candidate.rule`` names."""
    return _OF_READERS.get(name, name)
