"""Files of the user's own rules about secrets: which there are, and in whose format."""

import os
from collections.abc import Iterable, Mapping

from seawall.configuration.files import read_if_there
from seawall.configuration.foreign.words import Foreign, Word
from seawall.core.errors import UsageError
from seawall.secrets.custom.peers import catalogued
from seawall.secrets.custom.reading import MAX_SIZE
from seawall.secrets.custom.rule import RuleSet
from seawall.text.decoding import Undecodable, decode
from seawall.text.toml import TomlError, parse

VARIABLE, TEXT_VARIABLE = "GITLEAKS_CONFIG", "GITLEAKS_CONFIG_TOML"
"""Where gitleaks looks before it looks into the target: a file's name, and its text."""


def load(paths: Iterable[str], directory: str = "") -> tuple[RuleSet, ...]:
    """The rules of some files, whose names are read from a directory on; raises UsageError."""
    result: list[RuleSet] = []
    first: dict[str, str] = {}
    for name in paths:
        path = os.path.normpath(os.path.join(directory, name))
        rules = read(_bytes(path), path)
        for rule in rules.rules:
            if rule.id in first:
                raise UsageError(
                    f"{rule.origin}: the rule {rule.id!r} is there already ({first[rule.id]}); "
                    "give one of the two another id"
                )
            first[rule.id] = rule.origin
        result.append(rules)
    return tuple(result)


def read(data: bytes, path: str) -> RuleSet:
    """The rules of a file in any of the three formats, told by what is in it."""
    if _is_yaml(data, path):
        from seawall.configuration.foreign import trivy_secret  # noqa: PLC0415 - one of three

        return trivy_secret.read(data, path)
    text = _text(data, path)
    if _is_ours(text):
        from seawall.secrets.custom import seawall_format  # noqa: PLC0415 - one of three

        return seawall_format.read(text, path)
    return gitleaks(text, path)


def gitleaks(text: str, path: str) -> RuleSet:
    """The rules of a gitleaks configuration, with the files that it extends."""
    from seawall.secrets.custom import gitleaks as reader  # noqa: PLC0415 - one of three

    def opened(name: str) -> tuple[str, str]:
        """Gitleaks reads the name from the working directory on; we look beside the file, too."""
        beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
        found = name if os.path.isfile(name) else beside
        if not os.path.isfile(found):
            raise ValueError(f"there is no file {name!r}: name one that there is")
        return found, _text(_bytes(found), found)

    return reader.read(text, path, opened)


def from_environment(environment: Mapping[str, str]) -> RuleSet | None:
    """What gitleaks' variables say; ``None`` where they say nothing. Raises UsageError."""
    path = environment.get(VARIABLE, "")
    if path:
        return gitleaks(_text(_bytes(path), path), path)
    text = environment.get(TEXT_VARIABLE, "")
    return gitleaks(text, TEXT_VARIABLE) if text else None


def words_of(rules: RuleSet, path: str, directory: str) -> Foreign:
    """What another tool's file of rules says: its rules, and which of ours do not run."""
    off = rules.disabled
    if rules.only is not None:
        from seawall.catalogue import rules_of  # noqa: PLC0415 - seldom of use

        kept = catalogued(rules.only)
        ours = tuple(rule.id for rule in rules_of("secrets") if rule.id not in kept)
        off = (*off, *ours)
    said = f"{rules.format}: turned off"
    return Foreign(
        (path,), (directory,),
        ignore=tuple(Word(id_, rules.off_at, said) for id_ in dict.fromkeys(catalogued(off))),
        secret_rules=(rules,), notes=rules.notes,
    )  # fmt: skip


def _bytes(path: str) -> bytes:
    data = read_if_there(path, needed=True, limit=MAX_SIZE, option="--secret-rules")
    return data or b""


def _text(data: bytes, path: str) -> str:
    text = decode(data)
    if isinstance(text, Undecodable):
        raise UsageError(f"{path}:{text.line}: {text.reason}; save it as UTF-8")
    return text


def _is_yaml(data: bytes, path: str) -> bool:
    """Whether a file is Trivy's: YAML by its name, or else by what its first line looks like."""
    if path.endswith((".yaml", ".yml")):
        return True
    if path.endswith(".toml"):
        return False
    from seawall.configuration.foreign.trivy_secret import TOP  # noqa: PLC0415 - seldom

    return any(line.partition(b":")[0].decode("latin-1") in TOP for line in data.splitlines())


def _is_ours(text: str) -> bool:
    """Whether a TOML document is in our format: gitleaks' has ``rules``, ours has ``rule``."""
    try:
        value = parse(text).value
    except TomlError:
        return False  # whoever reads it says what is wrong
    folded = {key.lower() for key in value}
    gitleaks_keys = {"rules", "extend", "allowlist", "allowlists", "title", "minversion"}
    return not folded & gitleaks_keys
