"""vendor/composer/installed.json: what Composer has installed.

Source: Composer's ``src/Composer/Repository/FilesystemRepository.php``; before Composer 2 it was
a list.
"""

from seawall.packages import composer_json
from seawall.packages.composer_lock import entries_of, packages_of
from seawall.packages.package import Contents, File, Unreadable
from seawall.packages.reading import Notes, text_of, value_of


def read(file: File) -> Contents:
    """The packages of an installed.json."""
    notes = Notes()
    value = value_of(text_of(file.data), notes)
    path: tuple[str, ...] = ()
    development: set[str] = set()
    if isinstance(value, dict):
        if "packages" not in value:
            raise Unreadable("it holds no packages")
        names = notes.texts(value.get("dev-package-names"), "dev-package-names")
        development = {name.lower() for name in names}
        path, value = ("packages",), value["packages"]
    entries = [
        entry._replace(development=entry.name in development)
        for entry in entries_of(value, path, notes)
    ]
    asked = composer_json.beside(file, notes, "../../composer.json")
    return Contents(tuple(packages_of(entries, asked, notes)), notes.problems)
