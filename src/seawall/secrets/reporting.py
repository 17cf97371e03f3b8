"""What is said of a secret: in words, and as details for programs. Its value is in neither."""

from collections.abc import Callable
from typing import Any

from seawall.core.rule import Hit, Hits
from seawall.core.severity import Confidence, Severity
from seawall.secrets.candidate import Candidate, Certainty, Proof, Secret
from seawall.text.credential_names import meaning_of

Shows = Callable[[bytes], bool]
"""Whether a short text shows one of the secrets of a file."""
CONFIDENCES = {
    Certainty.LOW: Confidence.LOW,
    Certainty.MEDIUM: Confidence.MEDIUM,
    Certainty.HIGH: Confidence.HIGH,
    Certainty.CERTAIN: Confidence.HIGH,
}
_USERS = frozenset(("url", "user", "netrc", "pgpass", "htpasswd"))
"""Forms whose names are a user's: some services take a token there."""
_ABOUT = {
    "expired": Severity.LOW,
    "encrypted": Severity.MEDIUM,
    "meant to be public": Severity.INFO,
    "the sample of jwt.io": Severity.INFO,
}
"""What a value may tell about itself that makes it less bad, and how bad it then is."""
_KINDS = {
    "password": "password", "secret": "secret", "token": "token", "credential": "credential",
    "auth": "credential", "api-key": "API key", "key": "key", "salt": "salt",
    "otp": "seed of one-time passwords",
}  # fmt: skip
_LONGEST_NAME = 80


def hits(what: str, secret: Secret, shows: Shows, severity: Severity) -> Hits:
    """What a rule says of a secret; ``what`` it is, as a noun without an article."""
    candidate = secret.candidate
    name = name_of(candidate, shows)
    about = "" if shows(candidate.about.encode()) else candidate.about
    yield Hit(
        _message(what, candidate, name, about, len(secret.occurrences)),
        severity=min(severity, _ABOUT.get(about, severity), _of_form(candidate, severity)),
        confidence=CONFIDENCES[secret.certainty],
        evidence=name,
        secret=candidate.value,
    )


def name_of(candidate: Candidate, shows: Shows) -> str:
    """The variable, key or header that a value stands under; empty where it may not be shown."""
    name = candidate.name
    if candidate.form in _USERS or len(name) > _LONGEST_NAME or shows(name.encode("utf-8")):
        return ""
    return name


def in_address(candidate: Candidate) -> str:
    """What stands in an address: a password before its host, or a parameter."""
    what = "password" if candidate.form == "url" else kind_of(candidate)
    return f"{what} in an address"


def kind_of(candidate: Candidate) -> str:
    """What a value is by the name that it stands under."""
    return _KINDS.get(meaning_of(candidate.name).kind, "secret")


def _of_form(candidate: Candidate, severity: Severity) -> Severity:
    return Severity.MEDIUM if candidate.form == "htpasswd" else severity


def _message(what: str, candidate: Candidate, name: str, about: str, places: int) -> str:
    text = f"{what} is written out"
    if name:
        text += f" as {name}"
    if candidate.decoded:
        text += f" in {' within '.join(reversed(candidate.decoded))}"
    if about:
        text += f" ({about})"
    return f"{text}, {places} times" if places > 1 else text


def details_of(secret: Secret, provider: str, revoke: str, shows: Shows) -> dict[str, Any]:
    """What programs may want to know besides."""
    candidate = secret.candidate
    details: dict[str, Any] = {"provider": provider} if provider else {}
    details["proof"] = "proven" if candidate.proof is Proof.PROVEN else "plausible"
    if candidate.about and not shows(candidate.about.encode()):
        details["about"] = candidate.about
    details["occurrences"] = len(secret.occurrences)
    if candidate.decoded:
        details["decoded"] = list(candidate.decoded)
    if revoke:
        details["revoke"] = revoke
    return details
