"""Checks of values that need nothing but the value: checksums, structure, variety.

A check takes a value and tells whether that proves it, speaks against it, or neither. ``sign`` of a
module makes a drawn value right, for examples.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from seawall.secrets.chance import Chance
from seawall.secrets.verifying.verdict import Verdict

Check = Callable[[str], Verdict]
Sign = Callable[[str, Chance], str]

_MODULES = {
    "any": ("variety", "check_any"),
    "age": ("bech32_key", "check"),
    "atlassian": ("atlassian", "check"),
    "atlassian-server": ("atlassian_server", "check"),
    "aws-key-id": ("aws", "check"),
    "azure-storage-key": ("azure", "check"),
    "base62-crc": ("base62_crc", "check"),
    "discord": ("discord", "check"),
    "gitlab-routable": ("gitlab", "check"),
    "grafana": ("grafana", "check"),
    "grafana-cloud": ("grafana_cloud", "check"),
    "jfrog": ("jfrog", "check"),
    "jwt": ("jwt", "check"),
    "nats": ("nats", "check"),
    "pypi": ("pypi", "check"),
    "random": ("variety", "check_random"),
    "sentry": ("sentry", "check"),
    "spread": ("variety", "check_spread"),
}
NAMES = frozenset(_MODULES)
PROVING = NAMES - {"any", "aws-key-id", "azure-storage-key", "discord", "random", "spread"}
"""Checks that can prove a value, not only speak against it."""
SUMS = frozenset(("age", "atlassian", "base62-crc", "gitlab-routable", "grafana", "nats"))
"""Those that work out a checksum: what they refute is a sample, whatever it stands under."""


def checker(name: str) -> Check:
    """The check of a name; KeyError when there is none."""
    module, function = _MODULES[name]
    return getattr(_module(module), function)  # type: ignore[no-any-return]


def signer(name: str) -> Sign | None:
    """What makes a drawn value pass the check of a name; ``None`` where any value does."""
    return getattr(_module(_MODULES[name][0]), "sign", None)


def _module(name: str) -> Any:
    return import_module(f"seawall.secrets.verifying.{name}")
