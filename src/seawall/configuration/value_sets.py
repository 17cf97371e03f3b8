"""The tables ``[value-sets.NAME]``: with what Helm charts are rendered."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from seawall.charts.value_sets import RELEASE, ValueSet
from seawall.core.lazy import pattern
from seawall.text.gitignore import RootedPaths

Check = Callable[[object], object]

# helm.sh/helm/v3/pkg/chartutil/validate_name.go
_RELEASE = pattern(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_RELEASE_LENGTH = 53
_NAMESPACE = pattern(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_VERSION = pattern(r"v?1\.[0-9]{1,3}(?:\.[0-9]{1,3})?")
_API_VERSION = pattern(r"[A-Za-z0-9.-]+(?:/[A-Za-z0-9.-]+){0,2}")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("must be a text")


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError("must be a list of texts")


def _matching(form: re.Pattern[str], said: str) -> Check:
    def check(value: object) -> str:
        text = _text(value)
        if form.fullmatch(text) is None:
            raise ValueError(f"{text!r} is {said}")
        return text

    return check


def _release(value: object) -> object:
    text = _matching(_RELEASE, "no release's name: letters, digits and hyphens, all lower case")(
        value
    )
    if len(_text(text)) > _RELEASE_LENGTH:
        raise ValueError(f"has more than the {_RELEASE_LENGTH} letters that helm allows")
    return text


def _files(value: object) -> tuple[str, ...]:
    names = _texts(value)
    for name in names:
        inner = os.path.normpath(name.lstrip("/"))
        if not name.strip("/") or "\0" in name:
            raise ValueError(f"{name!r} is no file's name")
        if inner.split("/")[0] == os.pardir:
            raise ValueError(
                f"{name!r} leads out of the chart; begin it with a slash to name a file from the "
                "configuration's directory on"
            )
    return names


def _api_versions(value: object) -> tuple[str, ...]:
    names = _texts(value)
    check = _matching(_API_VERSION, "no API version; give it as apps/v1 or apps/v1/Deployment")
    for name in names:
        check(name)
    return names


def _set(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004 - told with file and line, as all of these
            'must be a table, such as { "image.tag" = "1.4.2" }'
        )
    return tuple(_flat(value, ""))


def _flat(table: Mapping[str, Any], above: str) -> Iterator[tuple[str, str]]:
    """Paths of values, tables within tables as dotted paths."""
    for key, value in table.items():
        path = f"{above}{key}"
        if not key or "=" in key or "\n" in key:
            raise ValueError(f"{path!r} is no path of a value, as helm --set takes it")
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{path}.")
            continue
        try:
            yield path, json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError):
            raise ValueError(f"{path}: dates and numbers without end are no values") from None


KEYS: Mapping[str, Check] = {
    "charts": _texts,
    "values": _files,
    "set": _set,
    "release": _release,
    "namespace": _matching(_NAMESPACE, "no namespace's name"),
    "kubernetes-version": _matching(_VERSION, "no version; give it as 1.34"),
    "api-versions": _api_versions,
}


def made(
    name: str, values: Mapping[str, Any], charts: RootedPaths | None, directory: str, origin: str
) -> ValueSet:
    """A value set of what its table holds."""
    version = values.get("kubernetes-version", "").removeprefix("v")
    return ValueSet(
        name, charts, values.get("values", ()), values.get("set", ()),
        values.get("release", RELEASE), values.get("namespace", ""),
        ".".join(version.split(".")[:2]), values.get("api-versions", ()),
        os.path.realpath(directory or os.curdir), origin,
    )  # fmt: skip
