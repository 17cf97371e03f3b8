"""Files of an image that everybody has anyway: they came with a package that was published.

A password in the program of a package or a key among its tests gives nothing of this image away, so
such findings are less sure. They are never dropped: what was published may be somebody's all the
same.
"""

from typing import TYPE_CHECKING

from seawall.core.severity import Confidence
from seawall.secrets.candidate import Proof, Secret
from seawall.secrets.features import path_features

if TYPE_CHECKING:
    from seawall.engine.containers.whole import Whole

_OF_PACKAGES = (
    "/site-packages/", "/dist-packages/", "/node_modules/", "/gems/", "/usr/share/doc/",
    "/usr/share/man/", "/usr/share/info/", "/pkg/mod/", "/vendor/bundle/", "/usr/lib/ruby/",
    "/usr/share/perl/", "/usr/share/perl5/", "/usr/lib/go/src/", "/usr/local/go/src/",
    "/usr/local/go/test/", "/jvm/", "/node-gyp/", "/var/lib/dpkg/info/",
)  # fmt: skip
_STANDARD_LIBRARY = ("/lib/python2", "/lib/python3", "/lib64/python3")
_OF_THE_USER = ("etc/", "root/", "home/", "var/www/", "run/", "tmp/")
"""Where people write into files that a package brought."""
_SNAKE_OIL = "ssl-cert-snakeoil.key"
"""Debian's ssl-cert makes it when it is installed, for services that need any key at all."""
_UNLIKE_PLAIN = frozenset(("path:test", "path:docs", "path:example"))


def is_published(whole: "Whole", path: str) -> bool:
    """Whether a file came with a package, as far as that can be told."""
    full = f"/{path}"
    if any(part in full for part in (*_OF_PACKAGES, *_STANDARD_LIBRARY)):
        return True
    if path.startswith(_OF_THE_USER):
        return path.rpartition("/")[2] == _SNAKE_OIL
    return whole.packages.owner_of(path) is not None


def confidence_in(whole: "Whole", path: str, secret: Secret, confidence: Confidence) -> Confidence:
    """How sure a finding is where it stands; ``path`` is empty outside of files.

    Of what was published, only a provider's token that proves itself is as sure as before: keys and
    passwords are there for tests and examples, or known to all.
    """
    if not path or not is_published(whole, path):
        return confidence
    if path.endswith(_SNAKE_OIL):
        return Confidence.LOW
    candidate = secret.candidate
    is_sample = not _UNLIKE_PLAIN.isdisjoint(path_features(path))
    if candidate.form == "token" and candidate.proof is Proof.PROVEN and not is_sample:
        return confidence
    return Confidence.LOW
