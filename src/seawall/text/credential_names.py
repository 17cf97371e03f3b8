"""What the name of a variable, key, option or header says of its value.

All that judge names ask here: the search for secrets, the rules about manifests, Dockerfiles and
images. ``meaning_of`` tells all there is; ``kind_of_setting`` and ``names_credential`` what follows
for settings, whose names also tell of switches and of files.
"""

from functools import lru_cache

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple

_WORDS = pattern(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

_CLASSES: dict[str, str] = {
    **dict.fromkeys(
        "password passwd passphrase passcode pass pwd pw psw passwords pswd passw "
        "userpassword rootpassword dbpassword adminpassword mypassword adminpass dbpass rootpass "
        "userpass requirepass masterauth storepass keypass pword psk bindpw rootpw".split(),
        "password",
    ),
    **dict.fromkeys("secret secrets clientsecret appsecret sharedsecret".split(), "secret"),
    **dict.fromkeys(
        "token tokens accesstoken authtoken apitoken refreshtoken pat jwt bearer".split(), "token"
    ),
    **dict.fromkeys("credential credentials cred creds".split(), "credential"),
    **dict.fromkeys("auth authorization authorisation authentication".split(), "auth"),
    **dict.fromkeys(
        "apikey accesskey secretkey privatekey accountkey authkey appkey masterkey "
        "encryptionkey signingkey licensekey".split(),
        "api-key",
    ),
    **dict.fromkeys("key keys".split(), "key"),
    **dict.fromkeys("salt nonce".split(), "salt"),
    **dict.fromkeys("otp totp hotp otpsecret".split(), "otp"),
    **dict.fromkeys("sig signature".split(), "signature"),
}
_ENDS = (
    ("password", "password"), ("passwd", "password"), ("passphrase", "password"),
    ("secret", "secret"), ("token", "token"), ("apikey", "api-key"), ("secretkey", "api-key"),
    ("accesskey", "api-key"), ("privatekey", "api-key"), ("accountkey", "api-key"),
)  # fmt: skip
_ANY_END = tuple(end for end, _ in _ENDS)
_KEY_KINDS = frozenset(
    "access account admin aes api app application auth aws cipher client consumer cookie crypto "
    "decryption deploy encryption hmac integration jwt license licence master private publishable "
    "secret server service session shared signature signing sso storage subscription token user "
    "validation webhook write".split()
)
"""What makes a ``key`` one of a lock, not of a dictionary."""
_PASSWORD_ENDS = ("securestring", "identified")
"""PowerShell's cmdlet that makes a password of a literal, and SQL's clause."""
_PUBLIC = frozenset("public pub publishable pubkey".split())
_ABOUT = frozenset(
    "alias algorithm alphabet attribute attr chars charset count class column comment "
    "description desc dir directory doc "
    "enabled endpoint error errors expiration expires expiry ext extension field fields file "
    "filename files flag format hash header headers hint host ident identifier identity "
    "id ids index input issuer kind label length len "
    "limit link max message min mode model msg name names namespace number option options page "
    "param parameter params path pattern placeholder policy port prefix prompt property provider "
    "ref reference regex regexp request required reset response role rotation scheme scope screen "
    "service size source state status store strategy suffix template text title ttl type types "
    "uri url usage validation validator validity var variable version view weight".split()
)
"""What a name is about if it ends so: not the secret, but something of it."""
_MADE_OF_IT = frozenset(
    "hashed encrypted hash digest md5 sha sha1 sha256 fingerprint checksum thumbprint wrapped "
    "sealed".split()
)
"""Words that make it something else than the secret itself."""
_WRONG = frozenset("expected invalid wrong bad incorrect mismatched".split())
_VALUES = frozenset(
    "value val str string text plain plaintext literal default test prod production dev stage "
    "staging new old current b base b64 base64 encoded raw example local live sandbox".split()
)
"""Words behind the telling one that leave it the telling one."""


class Meaning(NamedTuple):
    """What a name says."""

    kind: str
    """``password``, ``secret``, ``token``, ``credential``, ``auth``, ``api-key``, ``key``, ``salt``
    or empty."""
    place: str
    """Where the telling word stands: ``end``, ``about`` (something of it follows) or ``inside``;
    ``made`` where the value is a hash of it, say; ``wrong`` where it is one to be refused."""
    public: bool


NOTHING = Meaning("", "", public=False)


def words_of(name: str) -> list[str]:
    """The words of a name in lower case, however they are joined."""
    return [word.lower() for word in _WORDS.findall(name)]


def first_word(name: str) -> str:
    """The first of these words; empty for none."""
    found = _WORDS.search(name)
    return found[0].lower() if found else ""


@lru_cache(maxsize=8192)
def meaning_of(name: str) -> Meaning:
    """What a name says of its value."""
    if name.lower().endswith(_PASSWORD_ENDS):
        return Meaning("password", "end", public=False)
    last = name.rpartition(".")[2]
    words = words_of(name if last in ("new", "of", "value", "") else last)
    if words and words[-1] == "new":
        words.pop()
    while words and (words[-1].isdigit() or (words[-1] in _VALUES and len(words) > 1)):
        words.pop()
    for index in range(len(words) - 1, -1, -1):
        kind = _class(words, index)
        if kind:
            rest = words[index + 1 :]
            place = "inside"
            if not rest:
                place = "end"
            elif rest[-1] in _ABOUT:
                place = "about"
            if not _MADE_OF_IT.isdisjoint(words):
                place = "made"
            elif not _WRONG.isdisjoint(words):
                place = "wrong"
            return Meaning(kind, place, public=not _PUBLIC.isdisjoint(words))
    return NOTHING


def _class(words: list[str], index: int) -> str:
    word = words[index]
    kind = _CLASSES.get(word, "")
    if kind == "signature" and index and words[index - 1] != "oauth":
        return ""
    if word == "verifier" and index and words[index - 1] in ("oauth", "code"):
        return "token"
    if kind == "key" and index and words[index - 1] in _KEY_KINDS:
        return "api-key"
    if kind or not word.endswith(_ANY_END):
        return kind
    return next(found for end, found in _ENDS if word.endswith(end))


# Settings -------------------------------------------------------------------------------------

PASSWORD, SECRET = "password", "secret"
_SECRETS = frozenset(("secret", "token", "credential", "api-key"))
"""Kinds of what lets somebody in that nobody has to remember."""
_SWITCHES = frozenset(
    "allow allowed ask change checksum count digest disable disabled enable enabled encrypted "
    "existing expiration expire expired expires expiry fingerprint forgot generate has hash hashed "
    "hide hint is length max md min num policy prompt public require required reset sha show skip "
    "use validate version without".split()
)
"""Words that make a name one of a setting, a sum or a mark, whatever else it says; digits are words
of their own, so ``SHA256`` begins with ``sha``."""
_DIRECTORIES = frozenset(("PWD", "OLDPWD"))
"""Where a shell is and was (POSIX, Shell Command Language, 2.5.3)."""
_OF_USERS = frozenset("audience user username ttl".split())
_NO_KEYS = frozenset("gpg file files id name path url user username".split())
"""Words with which a mere ``key`` opens nothing: fingerprints of GPG, and whose or which it is."""
_CONNECTIONS = frozenset((("connection", "string"), ("conn", "string")))


def kind_of_setting(name: str) -> str:
    """Whether a name is one of a password or of another secret; empty when it is neither.

    What a name is about stands at its end: ``PASSWORD_FILE`` is a file.
    """
    meaning = meaning_of(name)
    if meaning.place != "end" or meaning.public or is_switch(name):
        return ""
    if meaning.kind == "password":
        return PASSWORD
    return SECRET if meaning.kind in _SECRETS else ""


def is_switch(name: str) -> bool:
    """Whether a name is one of a setting about a secret, or of the shell's directory."""
    return name in _DIRECTORIES or not _SWITCHES.isdisjoint(words_of(name))


@lru_cache(maxsize=512)  # the same names stand in many files
def names_credential(name: str) -> bool:
    """Whether the name of a setting tells of a credential anywhere: ``TOKEN_OF_CI``.

    An address of a service that usually has a password in it counts too.
    """
    words = words_of(name)
    if is_switch(name) or not _PUBLIC.isdisjoint(words):
        return False
    if words[-1:] == ["dsn"] or tuple(words[-2:]) in _CONNECTIONS:
        return True
    for index in range(len(words) - 1, -1, -1):
        kind = _class(words, index)
        if kind:
            rest = words[index + 1 :]
            if not (_ABOUT.isdisjoint(rest) and _OF_USERS.isdisjoint(rest)):
                return False
            if kind == "auth":
                return words[index] == "auth" and not rest
            if kind == "key":
                return _NO_KEYS.isdisjoint(words)
            return kind == "password" or kind in _SECRETS
    return False
