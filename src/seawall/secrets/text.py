"""A text to be looked at, and what kind of file it is."""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from enum import IntEnum

from seawall.core.named_tuple import NamedTuple


class Kind(IntEnum):
    """What a file is written in, as far as it tells where values stand."""

    CODE = 0
    """Program text: a value is a quoted literal, anything else an expression."""
    CONFIGURATION = 1
    """YAML, INI, properties, environment files: what follows the separator is the value."""
    SCRIPT = 2
    """Shell and Dockerfiles: bare words are values, ``$NAME`` is not."""
    DATA = 3
    """JSON, XML, CSV: values are quoted or stand between tags."""
    PROSE = 4
    """Documentation, and whatever has no known ending."""
    LOCK = 5
    """Lock files and the like: full of digests that look like secrets."""
    BINARY = 6
    """Anything but text: only what proves itself counts, and passwords in addresses."""


class Text(NamedTuple):
    """Bytes under a name; the name may be any path or a made-up one.

    The bytes are UTF-8, as far as they are anything: places count in them, not in the file's own.
    """

    name: str
    data: bytes
    kind: Kind


_MARKS = (
    (BOM_UTF8, ""), (BOM_UTF32_LE, "utf-32-le"), (BOM_UTF32_BE, "utf-32-be"),
    (BOM_UTF16_LE, "utf-16-le"), (BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_ALL_MARKS = tuple(mark for mark, _ in _MARKS)
PROBE = 8192
"""Bytes that tell whether a file is a text."""
_LITTLE = 64


def text_of(name: str, data: bytes) -> Text | None:
    """The text of a file; ``None`` for a binary one."""
    encoding, skipped = encoding_of(data)
    return None if encoding is None else text_in(name, data, encoding, skipped)


def text_in(name: str, data: bytes, encoding: str, skipped: int) -> Text:
    """The text of a file that is one, by what ``encoding_of`` says of it."""
    plain = data[skipped:]  # the same where that is nothing
    if encoding:
        plain = plain.decode(encoding, "replace").encode()
    return Text(name, plain, kind_of(name))


def text_or_bytes(name: str, data: bytes) -> Text:
    """The text of a file, or a binary one as it is."""
    return text_of(name, data) or Text(name, data, Kind.BINARY)


def encoding_of(head: bytes) -> tuple[str | None, int]:
    """What a file is encoded in by its first bytes, and how many of these are a mark.

    Empty for UTF-8 and what is like it, ``None`` for a binary file. UTF-16 and UTF-32 are told by
    their marks, UTF-16 without one by the zeros of plain letters.
    """
    if head.startswith(_ALL_MARKS):
        for mark, encoding in _MARKS:
            if head.startswith(mark):
                return encoding, len(mark)
    if head.find(b"\0", 0, PROBE) >= 0:
        probe = head[:PROBE]
        for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            zeros, others = probe[first::2], probe[1 - first :: 2]
            if len(probe) >= _LITTLE and not zeros.strip(b"\0") and b"\0" not in others:
                return encoding, 0
        return None, 0
    return "", 0


_ENDINGS: dict[str, Kind] = {
    **dict.fromkeys(
        "as asm asp aspx bas c cc clj cljs coffee cpp cs cshtml cxx d dart elm erl ex exs f90 fs "
        "go gradle groovy h hpp hs java jl js jsp jsx kt kts lisp lua m mjs cjs ml mm nim pas php "
        "pl pm proto py pyx r rb re rs s "
        "sbt scala scss sol swift ts tsx vb vbs vue svelte zig html "
        "htm erb ejs haml cfm css less xaml gsp twig tmpl tpl jinja j2 mustache hbs sql "
        "rego".split(),
        Kind.CODE,
    ),
    **dict.fromkeys(
        "cfg cnf conf config env ini properties toml yaml yml tf tfvars hcl nix service plist "
        "npmrc netrc pypirc editorconfig desktop rc gitconfig kubeconfig ovpn nomad".split(),
        Kind.CONFIGURATION,
    ),
    **dict.fromkeys(
        "sh bash zsh fish ksh ps1 psm1 psd1 bat cmd dockerfile containerfile mk".split(),
        Kind.SCRIPT,
    ),
    **dict.fromkeys(
        "json json5 jsonc xml csv tsv tfstate har ipynb postman_collection webmanifest map geojson "
        "resx xsd wsdl csproj config xliff svg".split(),
        Kind.DATA,
    ),
    **dict.fromkeys(
        "md markdown rst adoc asciidoc txt text log tex org wiki rdoc pod out".split(), Kind.PROSE
    ),
    **dict.fromkeys("lock sum lockb".split(), Kind.LOCK),
}
_NAMES: dict[str, Kind] = {
    "dockerfile": Kind.SCRIPT, "containerfile": Kind.SCRIPT, "makefile": Kind.SCRIPT,
    "vagrantfile": Kind.CODE, "jenkinsfile": Kind.CODE, "gemfile": Kind.CODE,
    "rakefile": Kind.CODE, "podfile": Kind.CODE, "fastfile": Kind.CODE,
    "procfile": Kind.SCRIPT, ".env": Kind.CONFIGURATION, ".envrc": Kind.SCRIPT,
    ".npmrc": Kind.CONFIGURATION, ".yarnrc": Kind.CONFIGURATION, ".netrc": Kind.CONFIGURATION,
    "_netrc": Kind.CONFIGURATION, ".pypirc": Kind.CONFIGURATION, ".pgpass": Kind.CONFIGURATION,
    ".htpasswd": Kind.CONFIGURATION, ".git-credentials": Kind.CONFIGURATION,
    ".dockercfg": Kind.DATA, ".s3cfg": Kind.CONFIGURATION, "credentials": Kind.CONFIGURATION,
    "config": Kind.CONFIGURATION, ".gitconfig": Kind.CONFIGURATION,
    "package-lock.json": Kind.LOCK, "npm-shrinkwrap.json": Kind.LOCK, "pnpm-lock.yaml": Kind.LOCK,
    "go.sum": Kind.LOCK, "deno.lock": Kind.LOCK, "packages.lock.json": Kind.LOCK,
    "bun.lock": Kind.LOCK, "composer.lock": Kind.LOCK, "flake.lock": Kind.LOCK,
}  # fmt: skip


def kind_of(name: str) -> Kind:
    """The kind of a file by its name; prose where the name tells nothing."""
    base = name[name.rfind("/") + 1 :].lower()
    known = _NAMES.get(base)
    if known is not None:
        return known
    if base.startswith((".env.", "dockerfile.")):
        return Kind.CONFIGURATION if base.startswith(".env.") else Kind.SCRIPT
    stem, dot, ending = base.rpartition(".")
    if not dot:
        return Kind.PROSE
    if ending in ("example", "sample", "dist", "template", "default", "bak", "old", "orig"):
        return kind_of(stem)
    return _ENDINGS.get(ending, Kind.PROSE)
