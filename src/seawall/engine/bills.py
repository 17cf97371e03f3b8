"""The packages of the targets, for those who write them down: bills of materials."""

from collections.abc import Iterator, Mapping

from seawall.core.named_tuple import NamedTuple
from seawall.core.report import Failed
from seawall.engine import gathering, packages
from seawall.engine.containers.targets import split
from seawall.engine.inputs import Inputs
from seawall.engine.options import Options
from seawall.engine.packages import Inventory
from seawall.engine.source import FileSystem
from seawall.packages.formats import format_of
from seawall.packages.package import NOTHING, Contents, Problem
from seawall.text.decoding import Undecodable, decode


class Gathered(NamedTuple):
    """The packages of each file, by its path, and what could not be read."""

    files: tuple[tuple[str, Contents], ...]
    failed: tuple[Failed, ...]
    used: Mapping[str, tuple[str, ...]] = {}
    """By package URL, the programs of this machine that run something of it, and as whom."""

    @property
    def project(self) -> str:
        """The name of the project, as the file says that is nearest to the top; may be empty."""
        named = [(path.count("/"), path, item.project) for path, item in self.files if item.project]
        return min(named)[2] if named else ""


def gathered(options: Options) -> Gathered:
    """Read the targets, files and images."""
    targets, images = split(options.targets) if options.images else (options.targets, ())
    found = _in_files(options._replace(targets=targets))
    if not images:
        return found
    from seawall.engine.containers.bills import gathered as in_images  # noqa: PLC0415 - if any

    more = in_images(images, options)
    return Gathered(
        tuple(sorted((*found.files, *more.files), key=lambda item: item[0])),
        tuple(sorted((*found.failed, *more.failed))),
        more.used,
    )


def _in_files(options: Options) -> Gathered:
    source = FileSystem(options)
    inputs = gathering.gather(source, options, None)
    gathering.look_into(inputs, source)
    beside = packages.Beside(source.sibling)
    kept, unread = packages.settled(inputs.package_files, beside)
    failed = [*inputs.failed, *unread]
    files = [*map(_with_lines, kept), *(_unread(item) for item in failed if format_of(item.path))]
    files += _of_dockerfiles(inputs)
    return Gathered(tuple(sorted(files, key=lambda item: item[0])), tuple(sorted(failed)))


def _of_dockerfiles(inputs: Inputs) -> list[tuple[str, Contents]]:
    """What Dockerfiles name, those within compose and bake files too."""
    found: dict[str, Contents] = {}
    for task in inputs.tasks:
        if task.around is not None and not task.file.context:
            from seawall.dockerfile import domain  # noqa: PLC0415 - if there are any
            from seawall.engine import builds  # noqa: PLC0415 - as above

            path = task.file.path
            own = builds.contents_of(domain.contents(task.data, task.around))
            before = found.get(path, NOTHING)
            found[path] = Contents(
                (*before.packages, *own.packages), (*before.problems, *own.problems)
            )
    return [(path, contents) for path, contents in found.items() if any(contents)]


def _unread(item: Failed) -> tuple[str, Contents]:
    """A file that cannot be read: a bill without it is not whole, and says so."""
    return item.path, Contents((), (Problem("", item.reason, item.line),))


def _with_lines(item: Inventory) -> tuple[str, Contents]:
    """The packages of a file, those with a path of keys on their lines."""
    path, contents = item.source.file.path, item.contents
    wanted = {p.key_path for p in contents.packages if p.key_path and not p.line and not p.file}
    text = decode(item.source.data) if wanted else ""
    if isinstance(text, Undecodable) or not text:
        return path, contents
    places = packages.places_of_keys(text, wanted)
    return path, contents._replace(
        packages=tuple(
            p._replace(line=places[p.key_path].line) if p.key_path in places and not p.line else p
            for p in contents.packages
        )
    )


def failures(found: Gathered) -> Iterator[str]:
    """What could not be read, as a person reads it."""
    for item in found.failed:
        place = f"{item.path}:{item.line}" if item.line else item.path
        yield f"{place}: {item.reason}"
