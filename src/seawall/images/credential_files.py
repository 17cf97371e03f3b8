"""Files that hold credentials, by their names and by what stands in them.

The names are those under which the programs themselves look for them: see ``ssh(1)``, ``curl(1)``,
``npm-config(7)``, ``git-credential-store(1)``, and the manuals of the AWS, Azure, Google Cloud,
Docker, Kubernetes, Terraform and Twine command lines.
"""

import re

from seawall.core.lazy import pattern
from seawall.core.named_tuple import NamedTuple

_PRIVATE_KEY = pattern(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")
_NPM_TOKEN = pattern(
    r"^[^#;\n]*_(?:authToken|auth|password)[ \t]*=[ \t]*(?!\$\{|[ \t])\S+", re.MULTILINE
)
_NETRC = pattern(r"\bpassword\s+(?!\$)\S+")
_AWS = pattern(r"^[ \t]*aws_(?:secret_access_key|session_token)[ \t]*=[ \t]*\S+", re.MULTILINE)
_ADDRESS = pattern(r"https?://[^\s/:@]+:[^\s/@]+@")
_INI_PASSWORD = pattern(r"^[ \t]*password[ \t]*[=:][ \t]*(?![%$][{(]|[ \t])\S+", re.MULTILINE)
_DOCKER = pattern(r'"(?:auth|identitytoken|password)"\s*:\s*"[^"]+')
_KUBECONFIG = pattern(
    r"^[ \t]*(?:-[ ]+)?\"?(?:client-key-data|token|password)\"?[ \t]*:[ \t]*\S+", re.MULTILINE
)
_GCLOUD = pattern(r'"(?:private_key|refresh_token|client_secret)"\s*:\s*"[^"]+')
_ENV = pattern(
    r"^[ \t]*(?:export[ \t]+)?[A-Z0-9_]{0,64}(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY)"
    r"[A-Z0-9_]{0,64}[ \t]*=[ \t]*['\"]?(?!['\"]|\$|<|changeme|example|xxx)[^\s'\"]{6,}",
    re.MULTILINE | re.IGNORECASE,
)
_HTPASSWD = pattern(r"^[^\s:#]+:(?:\$|\{)\S+", re.MULTILINE)
_STATE = pattern(r'"terraform_version"\s*:')
_RUBYGEMS = pattern(r"^[ \t]*:[a-z_]*api_key[ \t]*:[ \t]*\S+", re.MULTILINE)
_CARGO = pattern(r"^[ \t]*token[ \t]*=[ \t]*[\"'][^\"']+", re.MULTILINE)
_PGPASS = pattern(r"^[^#\s:]+:[^:\s]*:[^:\s]*:[^:\s]+:\S+", re.MULTILINE)


class Kind(NamedTuple):
    """A kind of file that holds credentials."""

    what: str
    """With its article: ``a private key``."""
    says: re.Pattern[str]
    """What its text must hold to be one."""


KEY = Kind("a private key", _PRIVATE_KEY)
_GOOGLE = Kind("credentials of Google Cloud", _GCLOUD)

_BY_NAME = {
    ".npmrc": Kind("a token for npm", _NPM_TOKEN),
    ".yarnrc": Kind("a token for npm", _NPM_TOKEN),
    ".netrc": Kind("passwords of hosts", _NETRC),
    "_netrc": Kind("passwords of hosts", _NETRC),
    ".git-credentials": Kind("passwords of git hosts", _ADDRESS),
    ".pypirc": Kind("a password for a Python package index", _INI_PASSWORD),
    ".dockercfg": Kind("passwords of registries", _DOCKER),
    ".env": Kind("credentials of an application", _ENV),
    ".htpasswd": Kind("password hashes", _HTPASSWD),
    ".pgpass": Kind("passwords of databases", _PGPASS),
    "terraform.tfstate": Kind("a Terraform state, with its secrets", _STATE),
    "application_default_credentials.json": _GOOGLE,
    "credentials.json": _GOOGLE,
    "service-account.json": _GOOGLE,
    "serviceaccount.json": _GOOGLE,
}
_BY_PLACE = {
    ".aws/credentials": Kind("credentials of AWS", _AWS),
    ".docker/config.json": Kind("passwords of registries", _DOCKER),
    "containers/auth.json": Kind("passwords of registries", _DOCKER),
    ".kube/config": Kind("credentials of a Kubernetes cluster", _KUBECONFIG),
    ".gem/credentials": Kind("a key for RubyGems", _RUBYGEMS),
    ".cargo/credentials": Kind("a token for a Cargo registry", _CARGO),
    ".cargo/credentials.toml": Kind("a token for a Cargo registry", _CARGO),
    ".config/gh/hosts.yml": Kind("a token for GitHub", pattern(r"oauth_token\s*:\s*\S+")),
    "pip/pip.conf": Kind("a password for a Python package index", _ADDRESS),
    ".pip/pip.conf": Kind("a password for a Python package index", _ADDRESS),
}
_KEY_NAMES = frozenset(("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "identity"))
_KEY_ENDS = (".pem", ".key", ".ppk", ".p8", ".pkcs8")
_NAMES_OF_PLACES = frozenset(place.rpartition("/")[2] for place in _BY_PLACE)

_EXAMPLES = ("/doc/", "/docs/", "/test/", "/tests/", "/testdata/", "/examples/", "/fixtures/")
"""Directories whose keys guard nothing: they come with packages for their own tests."""


KNOWN_NAMES = frozenset((*_BY_NAME, *_NAMES_OF_PLACES, *_KEY_NAMES))
KNOWN_ENDS = frozenset(end[1:] for end in _KEY_ENDS)
KNOWN_STARTS = ("ssh_host_", ".env.")
"""No other name is any of these, wherever a file is."""


def kind_of(path: str) -> Kind | None:
    """What a file may hold by its path (without a leading ``/``); ``None`` for nothing.

    It is asked for every file of an image.
    """
    name = path[path.rfind("/") + 1 :]
    kind = _BY_NAME.get(name)
    if kind is None:
        if name in _NAMES_OF_PLACES:
            kind = _BY_PLACE.get("/".join(path.rsplit("/", 2)[-2:]))
            kind = kind or _BY_PLACE.get("/".join(path.rsplit("/", 3)[-3:]))
        elif name in _KEY_NAMES or name.endswith(_KEY_ENDS) or name.startswith("ssh_host_"):
            kind = KEY
        elif name.startswith(".env.") and not name.endswith((".example", ".sample", ".dist")):
            kind = _BY_NAME[".env"]
    if kind is not None and any(part in f"/{path}" for part in _EXAMPLES):
        return None
    return kind


def holds(kind: Kind, text: str) -> str:
    """The part of a text that makes it such a file; empty where it is none."""
    found = kind.says.search(text)
    return "" if found is None else found[0]
