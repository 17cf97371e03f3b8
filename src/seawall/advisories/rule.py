"""How a rule about known vulnerabilities is written: it is called with an exposure.

An exposure is a package of a file and one vulnerability that it has; the engine asks every rule
about each. Rules about runtimes are called with one whose support has ended. ``Hit.at`` is left
empty: the place is that of the package.
"""

from collections.abc import Callable
from typing import Unpack

from seawall.core.rule import Hits, Rule
from seawall.core.rule_decorator import Metadata, ParameterContext, decorator
from seawall.core.severity import Severity

DOMAIN = "vulnerabilities"
EXPOSURE = "exposure"
RUNTIME = "runtime"

Context = ParameterContext


def exposure_rule(
    id_: str, *, severity: Severity, remedy: str, **metadata: Unpack[Metadata]
) -> Callable[[Callable[..., Hits]], Rule]:
    """A rule that is called with an exposure and the context."""
    return decorator(id_, DOMAIN, EXPOSURE, severity, remedy, (), metadata)


def runtime_rule(
    id_: str, *, severity: Severity, remedy: str, **metadata: Unpack[Metadata]
) -> Callable[[Callable[..., Hits]], Rule]:
    """A rule that is called with a runtime whose support has ended, and the context."""
    return decorator(id_, DOMAIN, RUNTIME, severity, remedy, (), metadata)
