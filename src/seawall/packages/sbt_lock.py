"""``build.sbt.lock``, as the plugin sbt-dependency-lock writes it.

Source: its description, https://stringbean.github.io/sbt-dependency-lock/file-formats/index.html,
version 1. Names hold the Scala version already (``cats-core_2.13``).
"""

from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes, json_of

_DEVELOPMENT = frozenset(("test", "it", "test-internal", "plugin", "scala-tool"))
_PROVIDED = frozenset(("provided", "optional"))


def read(file: File) -> Contents:
    """The packages of a lock file of sbt."""
    notes = Notes()
    lock = json_of(file.data, notes)
    if "lockVersion" not in lock:
        raise Unreadable("it has no lockVersion: it is no lock file of sbt-dependency-lock")
    if lock["lockVersion"] != 1:
        notes.add(f"lockVersion {lock['lockVersion']}", "this version of the format is not known")
    packages = []
    for number, item in enumerate(notes.array(lock.get("dependencies"), "dependencies")):
        what = f"dependencies[{number}]"
        entry = notes.table(item, what)
        group, name, version = (
            notes.text(entry.get(key), f"{what}.{key}") for key in ("org", "name", "version")
        )
        if not group or not name or not version:
            notes.add(what, "it has no org, name and version")
        elif notes.fits(f"{group}:{name}", version):
            scopes = set(notes.texts(entry.get("configurations"), f"{what}.configurations"))
            packages.append(
                Package(
                    "maven", f"{group}:{name}", version, key_path=("dependencies", number),
                    development=bool(scopes) and scopes <= _DEVELOPMENT,
                    optional=bool(scopes & _PROVIDED) and scopes <= _DEVELOPMENT | _PROVIDED,
                )
            )  # fmt: skip
    return Contents(tuple(packages), notes.problems)
