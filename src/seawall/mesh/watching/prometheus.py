"""Prometheus's text format (exposition format 0.0.4): families with help, type and samples."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "seawall_mesh_"


class Sample(NamedTuple):
    """One value."""

    labels: Mapping[str, str]
    value: float


class Family(NamedTuple):
    """All samples of one name."""

    name: str
    """Without the prefix; a counter's ends in ``_total``."""
    help: str
    samples: tuple[Sample, ...]

    @property
    def kind(self) -> str:
        """``counter`` or ``gauge``."""
        return "counter" if self.name.endswith("_total") else "gauge"


def text_of(families: Iterable[Family]) -> str:
    """The whole text; families without samples are left out."""
    lines = []
    for family in families:
        if not family.samples:
            continue
        name = PREFIX + family.name
        lines += [f"# HELP {name} {_help(family.help)}", f"# TYPE {name} {family.kind}"]
        lines += [f"{name}{_labels(own.labels)} {own.value:.15g}" for own in family.samples]
    return "\n".join([*lines, ""])


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_value(text)}"' for name, text in labels.items()) + "}"


def _value(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")
