"""Values that stand for a secret and are none: references, templates, masks, fill-in words."""

from functools import lru_cache

from seawall.core.lazy import pattern

ELSEWHERE = (
    "__", "arn:", "aws-ssm:", "azurekeyvault:", "enc(", "enc[", "env.", "env:", "file:", "gcpsm:",
    "k8s:", "kms:", "kubernetes://", "op://", "projects/", "ref+", "secretref", "sm://", "ssm:",
    "vault:", "{cipher}",
)  # fmt: skip
"""How values begin that say where the real one is, in lower case; in settings of any kind."""
_REFERENCES = (
    *ELSEWHERE,
    "data.", "each.", "env(", "local.", "module.", "os.", "process.env", "secretsmanager:", "self.",
    "sops:", "this.", "var.", "vault/", "$ansible_vault", "!vault", "keyvault:", "system.getenv",
    "getenv", "input.", "params.", "args.", "config.", "options.", "settings.", "request.", "req.",
    "credentials(", "lookup(", "!ref", "!sub", "!secret",
)  # fmt: skip
"""The same in programs and templates."""
_TEMPLATE = pattern(
    r"\$\{|\$\(|\{\{|\}\}|<%|%>|#\{|^\$\w|^\$\$|^<[^<>]*>$|^\[[^\]]*\]$|^\{[^{}\"]*\}$|^%[\w.()-]+%?$"
    r"|^@[\w.]+@$|^%%\w+%%$|^###?\w"
    r"|^%\(|\\\(|^&\w+;$|^\$[A-Z_]{2,}|^:\w+$|<[a-z][\w -]*>|^_\(|^\*\w+$"
)
_SIGNS = pattern(r"[${}%<#\\]|^[\[@&:_*]")
"""One of them stands in whatever the pattern above finds."""
_PATH = pattern(r"(?:~|\.{1,2})?/[\w.@-]+(?:/[\w.@-]*)*/?|[A-Za-z]:\\.*|(?:\w+/){2,}[\w.-]*")
_CALL = pattern(
    r"[A-Za-z_][\w.:>-]*\(.*\)?;?|new\s.*|[\w.]+\[[\w'\"]*\]?|\[[A-Z][\w.]+\].*|\[[A-Za-z.]+"
    r"|(?:ConvertTo|Get|New|Read|Import|Select)-[A-Z]\w+"
)
"""Calls, casts of PowerShell and its cmdlets, types with parameters."""
_BETWEEN = pattern(
    r"[)\]},;+.\s].*[\[({+,.\s]|.*(?:\)\.|\"\s?\+|\+\s?\").*|[\s,;)\]]*\}.*|[^\w]+|\w+:\".*|#{2,}.*#{2,}"
)
"""What stands between two literals of a program, taken for a literal."""
_MASK = pattern(r"[*x•._#?=~-]{3,}|.{0,12}(?:\*{3,}|•{2,}|\.{3,}|…|x{5,}).{0,12}")
NO_VALUES = frozenset("~ - false n/a nil no none null off on true undefined unset yes".split())
"""What a setting without a value has."""
_NOTHING = NO_VALUES | frozenset(
    "nullptr empty string string! str int int! bool boolean optional required object array any "
    "void number bytes byte char text function default static const public private required "
    "varchar unknown "
    # what MD5, SHA-1 and SHA-256 make of nothing
    "d41d8cd98f00b204e9800998ecf8427e da39a3ee5e6b4b0d3255bfef95601890afd80709 "
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".split()
)
_FILL_IN_WORDS = (
    "your", "insert", "example", "sample", "dummy", "todo", "fixme", "redacted", "removed",
    "deleted", "qux",
    "asdf", "blah", "lorem", "fake", "mock", "masked", "hidden", "deadbeef", "cafebabe", "replace",
)  # fmt: skip
_FILL_IN = pattern(
    r"change.?(?:me|it|this)"
    r"|place.?holder|put.?here|to.?be.?(?:set|replaced)|fill.?in"
    r"|enter.|goes.here|foo.?bar|^foo|^(?:bar|baz)+$|^baz"
    r"|(?:secret|token|key|pass\w*|id|value)[_.-]?here|not.?a.?real|base64.?encoded|some.?(?:secret|pass|token|key|value)"
    r"|^new.?value$"
)
_FILL_IN_PARTS = (
    "change", "holder", "here", "be", "fill", "enter", "foo", "bar", "baz", "real", "encoded",
    "some", "new",
)  # fmt: skip
"""What the pattern matches holds one of these: to look for them is ten times as fast."""
DEFAULTS = frozenset(
    "123456 12345678 admin administrator changeit guest mysql pass passw0rd password password1 "
    "postgres qwerty rabbitmq redis mongo root secret test user welcome".split()
)
"""Passwords that programs are delivered with, and that everybody tries first."""
_WEAK = DEFAULTS | frozenset(
    "123 1234 12345 1234567 123456789 1234567890 password123 pass123 test123 admin123 p@ssw0rd "
    "letmein abc123 foobar hunter2 s3cret s3cr3t secret123 topsecret mypassword testpassword "
    "testpass pass1234 passwd pwd".split()
)
_WEAK_WORDS = frozenset(
    "admin changeme changeit default demo example foo guest hello hunter letmein mypass mypassword "
    "mysecret newpass newpassword oldpassword pass password passwd passphrase postgres qwerty root "
    "rootpassword sample secret secretkey supersecret test testpass testpassword testing testtoken "
    "testuser token topsecret user userpassword welcome wrongpassword badpassword password test "
    "apassword thepassword somepassword sometoken mytoken abc xyz apikey key mykey testkey "
    "wrong invalid incorrect nope".split()
)
"""What a value is without its digits and signs, if somebody typed it for lack of a better one."""
_PLAINER = str.maketrans("@$", "as", "0123456789!#%^&*()-_=+.,:;?/ \t'\"")
_NAME_LIKE = pattern(r"[a-z_]*(?:pass(?:word|wd)?|secret|token|key|credentials?|auth)[a-z_]*")
"""Like the two above for lower case: where case does not matter, each letter is looked at twice."""
_SALTED = pattern(r"[0-9a-f]{32}:[0-9a-f]{24,64}")
"""A salt and a hash, as our own baselines have them: nothing can be done with it."""
_LONGEST = 120
_MUCH = 1000
_SEALED = pattern(r"Ag[A-D][A-Za-z0-9+/]{400}")
"""What sealed-secrets encrypted: base64 of a length of two bytes, then a key under RSA with 4096
bits (``HybridEncrypt`` of its crypto package)."""


def is_reference(value: str) -> bool:
    """Whether a value says where the real one is, is a template, an expression or nothing."""
    plain = value.strip()
    if len(plain) > _MUCH:
        return plain.lower().startswith(_REFERENCES) or _SEALED.match(plain) is not None
    return _is_reference(plain)


@lru_cache(maxsize=8192)  # the same lines stand in many files
def _is_reference(plain: str) -> bool:
    lower = plain.lower()
    if not plain or lower in _NOTHING or lower.startswith(_REFERENCES):
        return True
    if plain.startswith("Ag") and _SEALED.match(plain):
        return True
    if plain.replace("_", "a").isalnum():  # most are, and all that is looked for has signs
        return False
    return bool(
        (_SIGNS.search(plain) and _TEMPLATE.search(plain))
        or _PATH.fullmatch(plain)
        or _CALL.fullmatch(plain)
        or _SALTED.fullmatch(plain)
        or _BETWEEN.fullmatch(plain)
    )


def placeholder(value: str) -> str:
    """Which kind of fill-in a value is; empty for none."""
    whole = value.lower()
    lower = whole.strip()
    if lower in _WEAK:
        return "weak"
    if lower.translate(_PLAINER) in _WEAK_WORDS:
        return "weak-variant"
    if len(lower) > _LONGEST:
        return ""
    if _MASK.fullmatch(whole):
        return "mask"
    if len(set(lower)) <= 2 and len(lower) > 2:
        return "repeated"
    if is_fill_in(whole):
        return "fill-in"
    if _NAME_LIKE.fullmatch(whole):
        return "name"
    return ""


def is_fill_in(lower: str) -> bool:
    """Whether a text in lower case has a word of manuals in it: ``your``, ``example``, ``foo``."""
    if any(map(lower.__contains__, _FILL_IN_WORDS)):
        return True
    return any(map(lower.__contains__, _FILL_IN_PARTS)) and bool(_FILL_IN.search(lower))


_OF_MANUALS = pattern(
    r"(?i)(?:my)?(?:user(?:name)?|name|login):(?:my)?(?:pass(?:w(?:or)?d)?|pw|user)"
)


def is_of_manuals(user: str, password: str) -> bool:
    """Whether a user and a password only say where both belong: ``user:password``."""
    return _OF_MANUALS.fullmatch(f"{user}:{password}") is not None


def looks_like_prose(value: str) -> bool:
    """Whether a value is a phrase: words with blanks between them."""
    words = value.split()
    return len(words) > 2 or (len(words) == 2 and not any(map(str.isdigit, value)))
