"""Other tools' configuration, read as it is: files beside the targets, and kube-score's flags."""

import os
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from seawall.configuration.foreign.files import find

if TYPE_CHECKING:
    from seawall.configuration.foreign.files import ForeignFile
    from seawall.configuration.foreign.words import Foreign
    from seawall.secrets.custom.rule import RuleSet
    from seawall.text.gitignore import Base

BaseOf = Callable[[str], "Base"]
"""How paths of reports read from a directory on."""

FORMS = {
    "detect-secrets": ("detect-secrets",),
    "gitleaks": ("gitleaks", "gitleaks-ignore"),
    "hadolint": ("hadolint",),
    "kube-linter": ("kube-linter",),
    "polaris": ("polaris",),
    "trivy": ("trivy", "trivy-yaml", "trivy-secret"),
}
"""The forms of file that each tool has."""


def load(
    tools: Collection[str],
    targets: Sequence[str],
    base_of: BaseOf,
    kube_score: tuple[str, str],
    *,
    gitleaks: bool = True,
) -> "Foreign | None":
    """What some tools' files say, and kube-score's flags (with their origin); ``None`` for none.

    ``gitleaks`` is whether its configuration is to be looked for: none was named. Raises UsageError
    for files that cannot be understood.
    """
    forms = [form for tool in tools for form in FORMS.get(tool, ())]
    files = find(forms, targets)
    flags, origin = kube_score
    variables = "hadolint" in tools and any(name.startswith("HADOLINT_") for name in os.environ)
    named = gitleaks and "gitleaks" in tools and any(map(os.environ.get, GITLEAKS))
    if named or not gitleaks:
        files.pop("gitleaks", None)  # its variables come before its file
    if not (files or flags or variables or named):
        return None
    from seawall.configuration.foreign.words import together  # noqa: PLC0415 - seldom of use

    parts = [_read(form, file, base_of) for form, file in files.items()]
    if named:
        from seawall.configuration import secret_rules  # noqa: PLC0415 - seldom of use

        found = secret_rules.from_environment(os.environ)
        parts += [] if found is None else [_of_secrets(found, found.path, "")]
    if variables and "hadolint" not in files:
        from seawall.configuration.foreign import hadolint  # noqa: PLC0415

        parts.append(hadolint.read(None, os.environ))
    if flags:
        from seawall.configuration.foreign import kube_score as reader  # noqa: PLC0415

        parts.append(reader.read(flags, origin))
    return together(parts)


GITLEAKS = ("GITLEAKS_CONFIG", "GITLEAKS_CONFIG_TOML")
"""The variables in which gitleaks looks for its configuration."""


def _of_secrets(rules: "RuleSet", path: str, directory: str) -> "Foreign":
    """Rules about secrets, and which of ours do not run beside them."""
    from seawall.configuration.secret_rules import words_of  # noqa: PLC0415 - as above

    return words_of(rules, path, directory)


def _read(form: str, file: "ForeignFile", base_of: BaseOf) -> "Foreign":
    if form in ("gitleaks", "trivy-secret"):
        from seawall.configuration import secret_rules  # noqa: PLC0415 - one of many

        return _of_secrets(secret_rules.read(file.data, file.path), file.path, file.directory)
    if form == "gitleaks-ignore":
        from seawall.configuration.foreign import gitleaks_ignore  # noqa: PLC0415 - one of many

        return gitleaks_ignore.read(file, base_of(file.directory))
    if form == "detect-secrets":
        from seawall.configuration.foreign import known_secrets  # noqa: PLC0415 - one of many

        return known_secrets.read_detect_secrets(file, base_of(file.directory))
    if form == "hadolint":
        from seawall.configuration.foreign import hadolint  # noqa: PLC0415 - one of many

        return hadolint.read(file, os.environ)
    if form == "kube-linter":
        from seawall.configuration.foreign import kube_linter  # noqa: PLC0415 - one of many

        return kube_linter.read(file)
    if form == "polaris":
        from seawall.configuration.foreign import polaris  # noqa: PLC0415

        return polaris.read(file)
    if form == "trivy":
        from seawall.configuration.foreign import trivy  # noqa: PLC0415

        return trivy.read(file)
    from seawall.configuration.foreign import trivy_yaml  # noqa: PLC0415

    return trivy_yaml.read(file, base_of(file.directory))
