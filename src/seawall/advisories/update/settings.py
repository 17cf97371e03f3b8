"""What holds for every update: ``update.toml`` in the data directory, and the environment.

Not ``seawall.toml``: that one comes with the repository that is scanned, and who wrote it must not
say where this machine gets its data from.
"""

import os
from collections.abc import Mapping
from typing import NamedTuple

from seawall.advisories import database
from seawall.core.errors import UsageError

FILE = "update.toml"
MIRRORS = "SEAWALL_DB_MIRRORS"
"""Mirrors as of ``--mirror``, with blanks between."""
PUBLISHED = "SEAWALL_DB_PUBLISHED"
SIGNERS = "SEAWALL_DB_SIGNERS"
_MAX_SIZE = 1 << 20


class Settings(NamedTuple):
    """They stand behind the options of the command line."""

    mirrors: tuple[str, ...] = ()
    """Each PREFIX=URL."""
    published: str = ""
    """The address of a packed database."""
    signers: str = ""
    """The file of who may sign it."""
    sources: tuple[str, ...] = ()
    """Those that are asked; none for the usual ones."""


def read(environment: Mapping[str, str]) -> Settings:
    """What is set; the environment before the file. Raises ``UsageError``."""
    directory = database.directory(environment)
    file = _of_file(os.path.join(directory, FILE)) if directory else Settings()
    return Settings(
        (*environment.get(MIRRORS, "").split(), *file.mirrors),
        environment.get(PUBLISHED, "") or file.published,
        environment.get(SIGNERS, "") or file.signers,
        file.sources,
    )


def _of_file(path: str) -> Settings:
    import tomllib  # noqa: PLC0415 - not where there is no such file

    try:
        with open(path, "rb") as stream:
            told = tomllib.loads(stream.read(_MAX_SIZE).decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}; make it a file that can be read, or remove it"
        ) from error
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, UnicodeDecodeError
        raise UsageError(f"{path}: it is no TOML: {error}; correct it") from error
    unknown = sorted(set(told) - set(Settings._fields))
    if unknown:
        raise UsageError(
            f"{path}: unknown key {unknown[0]!r}; give one of {', '.join(Settings._fields)}"
        )
    mirrors = told.get("mirrors", {})
    if not isinstance(mirrors, dict) or not all(isinstance(each, str) for each in mirrors.values()):
        raise UsageError(f"{path}: mirrors must be a table of addresses: PREFIX = URL")
    sources = told.get("sources", [])
    if not isinstance(sources, list) or not all(isinstance(each, str) for each in sources):
        raise UsageError(f"{path}: sources must be a list of names")
    for key in ("published", "signers"):
        if not isinstance(told.get(key, ""), str):
            raise UsageError(f"{path}: {key} must be a text")
    return Settings(
        tuple(f"{prefix}={target}" for prefix, target in mirrors.items()),
        told.get("published", ""), told.get("signers", ""), tuple(sources),
    )  # fmt: skip
