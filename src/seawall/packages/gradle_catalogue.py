"""Version catalogues of Gradle: ``gradle/libs.versions.toml``.

Source: Gradle User Manual, "Version Catalogs" (the TOML format) and "Declaring Versions and Ranges"
(rich versions). A catalogue says what the build may ask for; where it gives no version, a platform
or the build script does. The plugin ``id`` is published as the module ``id:id.gradle.plugin``
("Using Plugins", plugin marker artifacts).
"""

from collections.abc import Iterator

from seawall.core.lazy import pattern
from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes, Table, text_of
from seawall.text.toml import Toml, TomlError, parse

_OPEN = pattern(r"\+$|[\[\](),]|^latest\.|^$")
"""A version that says which ones would do: ``1.+``, ``[1.0, 2.0[``, ``latest.release``."""


def read(file: File) -> Contents:
    """The libraries and plugins of a version catalogue."""
    try:
        document = parse(text_of(file.data))
    except TomlError as error:
        raise Unreadable(error.reason, error.line, error.column) from None
    except ValueError:  # a whole number of more than 4,300 digits
        raise Unreadable("a number has too many digits") from None
    catalogue = _Catalogue(document)
    packages = (*catalogue.libraries(), *catalogue.plugins())
    return Contents(packages, catalogue.notes.problems)


class _Catalogue:
    def __init__(self, document: Toml) -> None:
        self.notes = Notes()
        self._line = document.line
        self._root = document.value
        self._versions = self._table("versions")

    def _table(self, name: str) -> Table:
        return self.notes.table(self._root.get(name), name, self._line((name,)))

    def libraries(self) -> Iterator[Package]:
        """The libraries, in their order."""
        for alias, entry in self._table("libraries").items():
            line = self._line(("libraries", alias))
            if isinstance(entry, str):
                group, _, rest = entry.partition(":")
                name, _, version = rest.partition(":")
                yield from self._package(group, name, version, alias, line)
                continue
            entry = self.notes.table(entry, alias, line)  # noqa: PLW2901 - narrowed
            group, _, name = self.notes.text(entry.get("module"), alias, line).partition(":")
            group = group or self.notes.text(entry.get("group"), alias, line)
            name = name or self.notes.text(entry.get("name"), alias, line)
            yield from self._package(group, name, entry.get("version"), alias, line)

    def plugins(self) -> Iterator[Package]:
        """The plugins, as the modules that stand for them."""
        for alias, entry in self._table("plugins").items():
            line = self._line(("plugins", alias))
            if isinstance(entry, str):
                name, _, version = entry.partition(":")
                found = self._package(name, f"{name}.gradle.plugin", version, alias, line)
            else:
                entry = self.notes.table(entry, alias, line)  # noqa: PLW2901 - narrowed
                name, asked = self.notes.text(entry.get("id"), alias, line), entry.get("version")
                found = self._package(name, f"{name}.gradle.plugin", asked, alias, line)
            for package in found:
                yield package._replace(development=True)

    def _package(
        self, group: str, name: str, version: object, alias: str, line: int
    ) -> Iterator[Package]:
        if not group or not name:
            self.notes.add(alias, "it names no module", line)
            return
        chosen, constraint = self._version(version, alias, line)
        if self.notes.fits(f"{group}:{name}", chosen or constraint, line):
            yield Package(
                "maven", f"{group}:{name}", chosen, line, direct=True, constraint=constraint
            )

    def _version(self, value: object, alias: str, line: int) -> tuple[str, str]:
        """The version and the constraint that an entry asks for."""
        if isinstance(value, dict) and "ref" in value:
            reference = self.notes.text(value["ref"], alias, line)
            if reference not in self._versions:
                self.notes.add(alias, f"there is no version named {reference!r}", line)
                return "", ""
            value = self._versions[reference]
        if isinstance(value, dict):
            texts = {
                key: self.notes.text(value[key], alias, line)
                for key in ("strictly", "require", "prefer")
                if key in value
            }
            asked = texts.get("strictly") or texts.get("require") or ""
            exact = next((text for text in texts.values() if not _OPEN.search(text)), "")
            return texts.get("prefer") or exact, asked
        text = self.notes.text(value, alias, line)
        return ("", text) if _OPEN.search(text) else (text, "")
