"""The packages that are left in a result, as its own databases and files tell of them."""

from seawall.engine.containers.whole import facts_of, links_of
from seawall.hardening.images.options import MINIMAL
from seawall.hardening.images.subject import Subject
from seawall.packages.image_formats import image_format_of
from seawall.packages.inventory import inventory
from seawall.packages.package import Contents, File, Unreadable
from seawall.packages.system import Facts
from seawall.sources.images.entry import DIRECTORY
from seawall.sources.images.merging import FileSystem


def packages_left(subject: Subject) -> list[tuple[str, Contents]]:
    """The packages whose files are still there, by the path of the file that tells of them."""
    if subject.options.mode != MINIMAL:
        found = subject.whole.packages.files
        return [
            (f"/{path}", contents)
            for path, contents in found
            if subject.edited.tree.get(path) is not None
        ]
    tree = subject.edited.tree
    told = {
        path: _with_files(facts, tree) if facts.shelf == "rpm" else facts
        for path, facts in facts_of(tree, subject.read.layers)[0].items()
    }
    for path, data in subject.edited.put_in():
        format_ = image_format_of(path)
        if format_ is not None:
            try:
                told[path] = format_.read(File(path, data))
            except Unreadable:  # so was the database that it was made of, which is told
                told.pop(path, None)
    return [(f"/{path}", contents) for path, contents in inventory(told, links_of(tree)).files]


def _with_files(facts: Facts, tree: FileSystem) -> Facts:
    """What a database that stays as it was tells of the packages of which something is left."""
    left = {holding.package for holding in facts.holdings if _is_left(holding.paths, tree)}
    packages = tuple(
        package for package in facts.contents.packages if {package.key, package.name} & left
    )
    return facts._replace(contents=facts.contents._replace(packages=packages))


def _is_left(paths: tuple[str, ...], tree: FileSystem) -> bool:
    for path in paths:
        node = tree.get(path)
        target = tree.resolve(path) if node is not None else None
        if node is not None and (target is None or target.entry.kind is not DIRECTORY):
            return True
    return False
