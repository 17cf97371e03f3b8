"""What is said of rules about secrets at length, with examples that are drawn when asked for."""

from base64 import b64encode
from random import Random
from textwrap import indent
from typing import NamedTuple

from seawall.secrets.rules.examples import drawn, example
from seawall.secrets.rules.rule import Rule

_WHY = """\
Everybody who can read the file has it: all who may read the repository, its forks and copies,
images that are built of it, and backups. It stays in the history when it is removed, and it must
count as known to others from the moment that it was written down.

After a leak: rotate it first, with a new one from a secret store for whatever uses it; revoke the
old one where it was issued, for a copy stays good until then; look in the provider's log at what
was done with it; and only then purge the history, if at all, for clones and caches keep theirs.
`seawall secrets audit` writes down how far you are."""
FILES = {"password-file": ".netrc"}
"""The file's name that an example needs to be read as what it is."""


def of_token(rule: Rule) -> str:
    """The manual of a form of token, as a docstring."""
    bad = example(rule, Random(rule.id))  # noqa: S311 - the same each time, and no secret
    name = rule.id.upper().replace("-", "_")
    if not rule.after:
        bad = f"{name}: {bad}"
    if rule.identifier:
        return _docstring(
            f"{rule.title}: it tells where something is.",
            "Reports what only names an account, a bucket or an application, and guards nothing\n"
            "by itself: at low confidence, and only where that is asked for.",
            bad, f"{name}: ${{{name}}}", (),
        )  # fmt: skip
    what = f"Reports what has the form of this token of {rule.provider}"
    if rule.after:
        what += ",\nwhere it is assigned to a name that tells whose it is"
    if rule.verify not in ("any", "random", "spread"):
        what += (
            ".\nWhat can be checked of it without a network is: a value that fails is not reported"
        )
    return _docstring(
        f"{rule.title}: it must not be written out in a file.",
        f"{what}.\nThe value is never shown, and never tried.",
        bad,
        f"{name}: ${{{name}}}",
        (rule.revoke,),
    )


def of_form(id_: str) -> str:
    """The manual of a way to write secrets down, as a docstring."""
    summary, what, good = _FORMS[id_]
    return _docstring(summary, what, _bad(id_), good, ())


def _docstring(summary: str, what: str, bad: str, good: str, references: tuple[str, ...]) -> str:
    parts = [
        summary, "", what, "", "Why:", "", _WHY, "", "Bad:", "", indent(bad, "    "), "",
        "Good:", "", indent(good, "    "), "",
    ]  # fmt: skip
    if references:
        parts += ["References:", *references]
    return "\n".join(parts)


class _Form(NamedTuple):
    summary: str
    what: str
    good: str


_FORMS = {
    "assigned-secret": _Form(
        "Passwords, keys and tokens must not be assigned to their names in a file.",
        """\
Reports values that look like secrets under a name that tells of one: variables of programs and of
the environment, keys of configuration files, options of commands, elements of XML. How sure it is
says the confidence: names, looks, places and placeholders are weighed.""",
        "db_password: ${DB_PASSWORD}",
    ),
    "json-web-key": _Form(
        "Private parts of JSON Web Keys must not be written out in a file.",
        "Reports the member ``d`` of a key pair and ``k`` of a symmetric key (RFC 7518).",
        '{"kty": "EC", "crv": "P-256", "x": "...", "y": "..."}',
    ),
    "password-file": _Form(
        "Files of passwords must not be kept with other files.",
        """\
Reports passwords in ``.netrc``, ``.pgpass`` and ``.htpasswd``; those of the last one are hashes,
which can be guessed.""",
        "# machine registry.example.org: see the secret store",
    ),
    "private-key": _Form(
        "Private keys must not be written out in a file.",
        """\
Reports keys in PEM, also on one line and in base64, of OpenSSH, OpenPGP and PuTTY. Keys that are
encrypted count as less bad.""",
        "tls_key: /run/secrets/tls.key",
    ),
    "secret-in-address": _Form(
        "Addresses must not hold passwords or tokens.",
        """\
Reports passwords before the ``@`` of an address, and parameters such as ``access_token``.""",
        "database: postgres://shop@db.example.org/shop",
    ),
    "secret-in-command": _Form(
        "Commands must not hold passwords.",
        """\
Reports ``-u user:password`` of curl and its like. Other users of the machine see it in the list of
processes as well.""",
        "run: curl --netrc https://registry.example.org/",
    ),
    "secret-in-header": _Form(
        "Headers of requests must not hold credentials.",
        "Reports ``Basic`` and ``Bearer`` credentials of HTTP (RFC 7617, 6750).",
        "header: 'Authorization: Bearer ${TOKEN}'",
    ),
}


def _bad(id_: str) -> str:
    """An example that is drawn: no file of ours holds a credential."""
    random = Random(id_)  # noqa: S311 - as above
    password = drawn("[A-Z][a-z]{3}[0-9]{2}[A-Za-z]{4}[0-9]{2}[a-z]{3}", random)
    match id_:
        case "json-web-key":
            key = drawn("[A-Za-z0-9_-]{43}", random)
            return f'{{"kty": "EC", "crv": "P-256", "d": "{key}"}}'
        case "password-file":
            return f"machine registry.example.org login shop password {password}"
        case "private-key":
            body = b"\x02\x01\x00" + random.randbytes(93)
            key = b64encode(bytes((0x30, len(body))) + body).decode()
            return f"-----BEGIN PRIVATE KEY-----\n{key[:64]}\n{key[64:]}\n-----END PRIVATE KEY-----"
        case "secret-in-address":
            return f"database: postgres://shop:{password}@db.internal.test/shop"
        case "secret-in-command":
            return f"run: curl -u shop:{password} https://registry.internal.test/"
        case "secret-in-header":
            login = b64encode(f"shop:{password}".encode()).decode()
            return f"header: 'Authorization: Basic {login}'"
    return f"db_password: {password}"
