"""Gems that are installed: the specification that RubyGems writes for each.

Source: RubyGems' ``Gem::Specification#to_ruby``. The file lies in ``specifications`` and bears
name and version; the standard gems of Ruby itself lie in ``specifications/default``.
"""

from seawall.core.lazy import pattern
from seawall.packages.package import Contents, File, Package, Unreadable
from seawall.packages.reading import Notes, text_of

_FIELD = pattern(
    r"^[ \t]*\w+\.(name|version)[ \t]*=[ \t]*"
    r"(?:Gem::Version\.new[ (]*)?(?:\"([^\"\n]*)\"|'([^'\n]*)'|%q<([^>\n]*)>)",
)
_PATH = pattern(r"(?:.*/)?specifications/(?:default/)?([^/]+?)-(\d[^/-]*)(?:-[^/]+)?\.gemspec")
_STUB = pattern(r"# stub: (\S+) (\S+) \S+ .*")


def read(file: File) -> Contents:
    """The gem that a specification is of."""
    notes = Notes()
    fields: dict[str, tuple[str, int]] = {}
    # RubyGems puts NUL between the extensions of a gem with several (``Gem::StubSpecification``).
    text = text_of(file.data.replace(b"\0", b" "))
    for number, line in enumerate(text.split("\n"), 1):
        stub = _STUB.fullmatch(line.rstrip()) if line[:7] == "# stub:" else None
        if stub:
            fields = {"name": (stub[1], number), "version": (stub[2], number)}
            break
        found = _FIELD.match(line[:2000])
        if found:
            value = next(part for part in found.groups()[1:] if part is not None)
            fields.setdefault(found[1], (value, number))
        if len(fields) == 2:
            break
    in_path = _PATH.fullmatch(file.path)
    if len(fields) < 2 and in_path:
        fields = {"name": (in_path[1], 0), "version": (in_path[2], 0)}
    if len(fields) < 2:
        raise Unreadable("it tells no name and version as texts")
    (name, _), (version, line_number) = fields["name"], fields["version"]
    if not notes.fits(name, version, line_number):
        return Contents((), notes.problems)
    return Contents((Package("gem", name, version, line_number),), notes.problems)
