"""Lines of an image's history: what a build step was given."""

from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.text.credentials import in_setting, tokens

_BUILD_ARGUMENTS = pattern(r"(?:RUN )?\|([0-9]{1,4}) ")
"""What both builders write before a command that build arguments were given to."""
_ASSIGNMENT = pattern(
    r"(?:^|[\s;&|(])(?:export\s+|ARG\s+)?([A-Za-z_][A-Za-z0-9_]{0,99})=([^\s;&|]+)"
)

_FINGERPRINTS = pattern(r"(?:0x)?[0-9A-F]{40}(?:\s+(?:0x)?[0-9A-F]{40})*")
_OF_THE_BASE = frozenset(("GPG_KEY", "GPG_KEYS"))
"""Names that official images use for the fingerprints of public keys."""

_SECRET_KEY = pattern(
    r"SECRET|API|ACCESS|PRIV|AUTH|CRYPT|MASTER|SESSION|COOKIE|JWT|HMAC|TOKEN|PASS"
)
"""In the name of a key that is kept: it may well have forty digits, too."""

REMOVED = "(removed: a credential stood here)"


_BEGINS = ("RUN ", "/bin/sh -c ", "|")
_NOTHING_DONE = pattern(r"/bin/sh -c #\(nop\)\s+")
_SHELL = pattern(r"(?:/bin/(?:ba)?sh|/bin/ash|sh|bash) (?:-[a-z]+ )*-[a-z]*c ")
_BLANKS = pattern(r"\s+")


def step_of(created_by: str) -> str:
    """A step as a Dockerfile has it, on one line: ``RUN apt-get update``, ``COPY . /app``.

    Docker wrote ``/bin/sh -c #(nop) COPY ...`` and ``/bin/sh -c apt-get update``, BuildKit writes
    ``RUN /bin/sh -c apt-get update # buildkit``, both with ``|1 A=b`` before the shell where there
    are build arguments.
    """
    text = created_by.removesuffix("# buildkit").strip()
    found = _NOTHING_DONE.match(text)
    if found is not None:
        return _BLANKS.sub(" ", text[found.end() :]).strip()
    if not text.startswith(_BEGINS):
        return _BLANKS.sub(" ", text)
    text = text.removeprefix("RUN ")
    given = _BUILD_ARGUMENTS.match(text)
    if given is not None:
        _, text = _words(text[given.end() :], int(given[1]))
    shell = _SHELL.search(text) if given is not None else _SHELL.match(text)
    command = text if shell is None else text[shell.end() :]
    return _BLANKS.sub(" ", f"RUN {command}").strip()


def assignments(created_by: str) -> Iterator[tuple[str, str]]:
    """Names and values that a step was given as build arguments or sets in its command.

    ``|2 A=1 B=2 /bin/sh -c make`` gives A and B; ``ENV`` steps give nothing, for what they set
    stands in the configuration.
    """
    if created_by.startswith(("ENV ", "/bin/sh -c #(nop)  ENV")):
        return
    given = _BUILD_ARGUMENTS.match(created_by)
    command = created_by
    if given is not None:
        words, command = _words(created_by[given.end() :], int(given[1]))
        for word in words:
            name, equals, value = word.partition("=")
            if equals:
                yield name, value
    for found in _ASSIGNMENT.finditer(command):
        yield found[1], found[2].strip("'\"")


def names_public_key(name: str, value: str) -> bool:
    """Whether a variable says which public key a download is held against.

    Official images set ``GPG_KEY``, ``YARN_KEY``, ``NGINX_GPGKEY`` and the like to fingerprints of
    OpenPGP (RFC 4880, 12.2), which are written in capitals. A name that says that its key is kept
    (``API_KEY``, ``SECRET_KEY``) names none.
    """
    upper = name.upper()
    is_key = upper.endswith(("KEY", "KEYS")) and _SECRET_KEY.search(upper) is None
    return name in _OF_THE_BASE or (is_key and _FINGERPRINTS.fullmatch(value.strip()) is not None)


def _words(text: str, number: int) -> tuple[list[str], str]:
    """The first words of a text, and what is behind them.

    Values are not quoted, so a blank in one moves the rest on.
    """
    parts = text.split(" ", number)
    return parts[:number], parts[number] if len(parts) > number else ""


def without_credentials(created_by: str) -> str:
    """A step without the credentials that rules find in it."""
    held = [each.value for each in tokens(created_by)]
    for name, value in assignments(created_by):
        found = None if names_public_key(name, value) else in_setting(name, value)
        if found is not None:
            held.append(found.value)
    for value in sorted(set(held), key=len, reverse=True):
        created_by = created_by.replace(value, REMOVED) if value else created_by
    return created_by
