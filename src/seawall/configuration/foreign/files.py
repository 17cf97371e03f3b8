"""Other tools' files: the nearest above the targets, up to the top of the repository."""

import os
from collections.abc import Iterable, Sequence

from seawall.configuration.files import SIZE_LIMIT, directories_above, read_if_there
from seawall.core.errors import UsageError
from seawall.core.named_tuple import NamedTuple
from seawall.sources.files import names

FILES: dict[str, tuple[str, ...]] = {
    # The first of these that is there counts, as for the tool; Trivy has two forms of its own.
    "detect-secrets": (".secrets.baseline",),
    "gitleaks": (".gitleaks.toml",),
    "gitleaks-ignore": (".gitleaksignore",),
    "hadolint": (".hadolint.yaml", ".hadolint.yml"),
    "kube-linter": (".kube-linter.yaml", ".kube-linter.yml"),
    "polaris": ("polaris.yaml", ".polaris.yaml"),
    "trivy": (".trivyignore",),
    "trivy-secret": ("trivy-secret.yaml",),
    "trivy-yaml": (".trivyignore.yaml", ".trivyignore.yml"),
}

_TOOLS = {"gitleaks-ignore": "gitleaks", "trivy-secret": "trivy", "trivy-yaml": "trivy"}
"""Whose the forms are whose name does not say it."""
_LARGEST = 16 << 20
"""Bytes of a file that holds what was found, and not what somebody wrote."""


class ForeignFile(NamedTuple):
    """A file of another tool: its name for messages, its directory and its bytes."""

    path: str
    directory: str
    data: bytes
    beside: str = ""
    """A second file that the tool would pass over in favour of this one."""


def find(forms: Iterable[str], targets: Sequence[str]) -> dict[str, ForeignFile]:
    """The files of some forms that hold for the targets, by form.

    Raises UsageError when two targets have different ones.
    """
    result: dict[str, ForeignFile] = {}
    for form in forms:
        found: dict[str, ForeignFile | None] = {}
        first: dict[str, str] = {}
        for target in targets:
            file = _upwards(target, FILES[form], grows=form in _GROWING)
            key = os.path.realpath(os.path.join(file.directory, file.path)) if file else ""
            found.setdefault(key, file)
            first.setdefault(key, target)
        if len(found) > 1:
            told = " and ".join(
                f"{file.path if file else 'none'} for {first[key]}" for key, file in found.items()
            )
            raise UsageError(
                f"two configurations of {_TOOLS.get(form, form)} at once: {told}; scan them "
                "apart, or heed none with foreign = false in seawall.toml or --no-config"
            )
        one = next(iter(found.values()), None)
        if one is not None:
            result[form] = one
    return result


_GROWING = frozenset(("detect-secrets", "gitleaks-ignore"))


def _upwards(target: str, candidates: Sequence[str], *, grows: bool) -> ForeignFile | None:
    limit = _LARGEST if grows else SIZE_LIMIT
    for directory in directories_above(target):
        there = []
        for name in candidates:
            path = os.path.normpath(os.path.join(directory, name))
            data = read_if_there(path, limit=limit)
            if data is not None:
                there.append((path, data))
        if there:
            (name,) = names([there[0][0]])
            beside = os.path.basename(there[1][0]) if len(there) > 1 else ""
            return ForeignFile(name, directory, there[0][1], beside)
    return None
