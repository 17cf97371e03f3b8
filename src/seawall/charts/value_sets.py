"""Value sets: under which names, versions and values a chart is rendered."""

from collections.abc import Sequence
from typing import NamedTuple

from seawall.text.gitignore import RootedPaths

RELEASE = "release-name"
"""What ``helm template`` calls a release that was given no name."""
NAMESPACE = "default"


class ValueSet(NamedTuple):
    """One way to install a chart, as somebody has configured it."""

    name: str
    charts: RootedPaths | None = None
    """The charts it is for; ``None`` for all."""
    values: tuple[str, ...] = ()
    """Files of values, the later ones over the earlier, from the chart's directory on; those that
    begin with a slash from the configuration's directory on."""
    set: tuple[tuple[str, str], ...] = ()
    """Paths of single values (as in ``helm --set``), each with the value as JSON."""
    release: str = RELEASE
    namespace: str = ""
    """Empty for helm's default."""
    kubernetes_version: str = ""
    """Empty for that of the scan."""
    api_versions: tuple[str, ...] = ()
    """What a cluster has besides what is built into helm: ``group/version`` or with a kind."""
    directory: str = ""
    """The directory of the configuration."""
    origin: str = ""
    """Where it is written; empty for the one that holds where nobody configured any."""


DEFAULTS = ValueSet("defaults")
"""The values that a chart brings itself."""


def sets_of(chart: str, configured: Sequence[ValueSet]) -> tuple[ValueSet, ...]:
    """The value sets of a chart, by its directory in reports; its own values where it has none."""
    file = f"{chart}/Chart.yaml" if chart else "Chart.yaml"
    found = [item for item in configured if item.charts is None or item.charts.matches(file)]
    return tuple(found) or (DEFAULTS,)
