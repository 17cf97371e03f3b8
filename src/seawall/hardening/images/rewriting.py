"""An image of one platform, hardened: what is to be done first, then layers and documents of it."""

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from seawall.core.errors import InputError
from seawall.engine.containers.scanning import read
from seawall.hardening.images.attachments import attachments
from seawall.hardening.images.configuration import (
    Facts,
    annotations,
    configuration,
    platform_of,
    tell_of_configuration,
)
from seawall.hardening.images.leftovers import remove_leftovers
from seawall.hardening.images.options import Options, counted
from seawall.hardening.images.permissions import make_read_only, take_rights
from seawall.hardening.images.programs import main_program, remove_programs
from seawall.hardening.images.subject import Subject
from seawall.hardening.images.times import clock_of, written
from seawall.hardening.images.users import set_user
from seawall.sources.images.editing import Edited, Member, members
from seawall.sources.images.entry import FILE, Entry
from seawall.sources.images.image import Image, Layer
from seawall.sources.images.layer_writing import write_layer
from seawall.sources.images.merging import merge
from seawall.sources.images.packing import LAYER, MEDIA_TYPES, Packed
from seawall.sources.images.problems import ArchiveError
from seawall.sources.images.spool import content_of
from seawall.sources.images.writing import image as writing
from seawall.sources.images.writing.image import Blob, LayerBlob, Written
from seawall.sources.images.writing.workshop import Workshop


class Closure(NamedTuple):
    """What of the file system is kept, and what some of its files hold then.

    ``seawall.images.closure`` finds it; without one everything is kept.
    """

    kept: Collection[str]
    """Paths, links as they are; the directories above them are kept with them."""
    contents: Mapping[str, bytes]
    """Files with another content: package databases that tell of what is left."""


class Plan:
    """What is to be done with an image; it is in ``subject.told`` in words."""

    def __init__(self, subject: Subject, user: str, clock: int, before: tuple[int, int]) -> None:
        self.subject = subject
        self.files_before, self.unpacked_before = before
        self.user = user
        self.clock = clock
        self.kept = subject.kept_layers
        entries = [looked.entries for looked in subject.read.layers]
        lower = merge(entries[: self.kept]) if self.kept else None
        self.members: list[Member] = members(subject.edited, lower, clock)
        """What the new layer holds."""

    @property
    def platform(self) -> str:
        """What it is for."""
        return str(platform_of(self.subject))


def plan(image: Image, options: Options, closure: Closure | None = None) -> Plan:
    """Read an image and decide what is done with it; nothing is written.

    Raises ``InputError`` for an image that cannot be read to its end.
    """
    found, whole = read(image, None, b"")
    for number, reason in found.failed:
        raise InputError(
            f"{image.name}: layer {number + 1}: {reason}; fetch or build the image again"
        )
    subject = Subject(found, whole, options)
    nodes = list(whole.files.files())
    before = len(nodes), sum(node.entry.size for node in nodes)
    clock, source = clock_of(subject)
    subject.told.notes.append(f"no time in it is newer than {written(clock)} ({source})")
    if closure is not None:
        close(subject, closure)
    main = main_program(subject)
    remove_leftovers(subject)
    remove_programs(subject)
    chosen = set_user(subject)
    if chosen.user is not None:
        make_read_only(subject, chosen.user.uid, {chosen.user.gid}, main)
    take_rights(subject)
    tell_of_configuration(subject)
    _tell_of_problems(subject)
    return Plan(subject, chosen.config, clock, before)


_MOST_PROBLEMS = 4


def _tell_of_problems(subject: Subject) -> None:
    """Tell what is odd about the image, where other programs may see something else."""
    notes = subject.told.notes
    notes += subject.image.problems
    for number, looked in enumerate(subject.read.layers):
        notes += [f"layer {number + 1}: {each}" for each in looked.problems[:_MOST_PROBLEMS]]
    for problem in subject.whole.files.problems.told[:_MOST_PROBLEMS]:
        notes.append(f"/{problem.path}: {problem.reason}")


def close(subject: Subject, closure: Closure) -> None:
    """Take out all but a closure, and tell how much that was."""
    edited: Edited = subject.edited
    gone = edited.keep_only(closure.kept)
    for path, data in sorted(closure.contents.items()):
        edited.put(path, data)
    subject.told.done.append(f"removed {counted(gone, 'file')} that nothing it starts needs")


# Writing --------------------------------------------------------------------------------------


def make(planned: Plan, workshop: Workshop) -> Written:
    """The image that a plan describes, its new layers in the workshop. Raises ``InputError``."""
    subject = planned.subject
    layers = [
        _kept(subject, layer, planned.clock, workshop)
        for layer in subject.image.layers[: planned.kept]
    ]
    if planned.members or not layers:
        layer, left_out = workshop.layer(
            lambda write, directory: write_layer(
                subject.image, planned.members, write, subject.options.compression, directory
            )
        )
        layers.append(layer)
        if left_out:
            subject.told.left.append(f"a tar cannot hold sockets: /{', /'.join(left_out[:8])}")
    created = written(planned.clock)
    facts = Facts(
        planned.user, tuple(layer.diff_id for layer in layers), created, planned.kept,
        len(layers) > planned.kept,
    )  # fmt: skip
    result = writing.written(configuration(subject, facts), layers, annotations(subject, created))
    if subject.options.sbom:
        result = result._replace(attached=attachments(subject, result.manifest, created))
    return result


def _kept(subject: Subject, layer: Layer, clock: int, workshop: Workshop) -> LayerBlob:
    """A layer as it is; one that is a directory is packed."""
    opened = layer.open
    if opened is not None and layer.digest and layer.diff_id:
        return LayerBlob(Blob(_media_type(layer), layer.digest, layer.size, opened), layer.diff_id)
    if not layer.directory:
        raise ArchiveError(
            f"{subject.image.name}: {layer.name}",
            -1,
            "is not here",
            "fetch the image with all layers",
        )
    entries = subject.read.layers[layer.number].entries
    packed, _ = workshop.layer(_packs_directory(subject, layer, entries, clock))
    return packed


def _packs_directory(
    subject: Subject, layer: Layer, entries: Collection[Entry], clock: int
) -> Callable[[Callable[[bytes], object], str], tuple[Packed, tuple[str, ...]]]:
    found = []
    for entry in entries:
        content = content_of(layer.number, entry) if entry.kind is FILE and entry.size else b""
        found.append(Member(entry._replace(mtime=max(0, min(entry.mtime, clock))), content))

    def pack(write: Callable[[bytes], object], directory: str) -> tuple[Packed, tuple[str, ...]]:
        return write_layer(subject.image, found, write, subject.options.compression, directory)

    return pack


def _media_type(layer: Layer) -> str:
    """OCI's type of a layer; Docker calls the same bytes something else."""
    if layer.media_type.startswith(LAYER):
        return layer.media_type
    if layer.media_type.endswith("gzip"):
        return MEDIA_TYPES["gzip"]
    return MEDIA_TYPES[_kind(layer)]


def _kind(layer: Layer) -> str:
    """How a layer is compressed, by its bytes: a docker archive does not say."""
    from seawall.sources.decompression import kind_of  # noqa: PLC0415 - only here

    if layer.open is None:
        return "none"
    stream = layer.open()
    try:
        found = kind_of(stream.read(16))
    finally:
        stream.close()
    if found and found not in MEDIA_TYPES:
        raise ArchiveError(
            layer.name, -1, f"is packed with {found}, for which OCI has no type", "use --squash"
        )
    return found or "none"
