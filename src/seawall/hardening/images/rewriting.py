"""An image of one platform, hardened: what is to be done first, then layers and documents of it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Self

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
from seawall.hardening.images.minimal import keep_what_is_needed
from seawall.hardening.images.options import MINIMAL, Options
from seawall.hardening.images.patches import patched_first, tell_of_patches
from seawall.hardening.images.permissions import (
    let_read,
    make_read_only,
    take_rights,
    tell_of_unreadable,
)
from seawall.hardening.images.programs import main_program, remove_programs
from seawall.hardening.images.secrets import looking, tell_of_secrets
from seawall.hardening.images.subject import Subject
from seawall.hardening.images.times import clock_of, written
from seawall.hardening.images.users import set_user
from seawall.hardening.images.writable import tell_how_to_run
from seawall.sources.images.editing import Member, members
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

if TYPE_CHECKING:
    from seawall.tracing.record import Observation


class Plan:
    """What is to be done with an image; it is in ``subject.told`` in words."""

    def __init__(self, subject: Subject, user: str, clock: int, before: tuple[int, int]) -> None:
        self.subject = subject
        self.files_before, self.unpacked_before = before
        self.user = user
        self.clock = clock
        self.kept = subject.kept_layers
        self.explained: tuple[str, ...] = ()
        """Why paths that were asked about are kept or not, a line each."""
        self.seen: Observation | None = None
        """What was observed, where that was asked for and possible."""
        entries = [looked.entries for looked in subject.read.layers]
        lower = merge(entries[: self.kept]) if self.kept else None
        self.members: list[Member] = members(subject.edited, lower, clock)
        """What the new layer holds."""

    @property
    def platform(self) -> str:
        """What it is for."""
        return str(platform_of(self.subject))

    def __enter__(self) -> Self:
        """It may hold a temporary file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of it."""
        self.subject.close()


def plan(
    image: Image, options: Options, *, explain: Sequence[str] = (), directory: str | None = None
) -> Plan:
    """Read an image and decide what is done with it; nothing is written. A context manager.

    ``explain`` are paths and globs: why they are kept or not in a minimal image; ``directory`` is
    where a temporary file may lie. Raises ``InputError`` for an image that cannot be read to its
    end, ``UsageError`` for what cannot be done with it.
    """
    patched = patched_first(image, options)
    search = looking()
    found, whole = read(image if patched is None else patched.image, None, b"", search=search)
    for number, reason in found.failed:
        raise InputError(
            f"{image.name}: layer {number + 1}: {reason}; fetch or build the image again"
        )
    subject = Subject(found, whole, options, search, directory)
    try:
        if patched is not None:
            tell_of_patches(subject, patched)
        return _planned(subject, explain)
    except BaseException:
        subject.close()
        raise


def _planned(subject: Subject, explain: Sequence[str]) -> Plan:
    nodes = list(subject.whole.files.files())
    before = subject.before or (len(nodes), sum(node.entry.size for node in nodes))
    clock, source = clock_of(subject)
    subject.told.notes.append(f"no time in it is newer than {written(clock)} ({source})")
    seen = _observed(subject) if subject.options.watched else None
    main = main_program(subject)
    explained: list[str] = []
    directories: Mapping[str, str] = {}
    if subject.options.mode == MINIMAL:
        closure, explained = keep_what_is_needed(subject, explain, seen)
        directories = closure.written
    remove_leftovers(subject)
    if subject.options.mode != MINIMAL:  # there, what is needed was found out otherwise
        remove_programs(subject)
    chosen = set_user(subject, directories)
    if chosen.user is not None:
        if chosen.is_new and subject.options.mode == MINIMAL:
            let_read(subject, *chosen.user)
        elif chosen.is_new:
            tell_of_unreadable(subject, *chosen.user)
        make_read_only(subject, chosen.user.uid, {chosen.user.gid}, main, directories)
    take_rights(subject)
    tell_of_secrets(subject)
    tell_of_configuration(subject)
    tell_how_to_run(subject, directories, main)
    _tell_of_problems(subject)
    result = Plan(subject, chosen.config, clock, before)
    result.explained = tuple(explained)
    result.seen = seen
    return result


def _observed(subject: Subject) -> "Observation | None":
    from seawall.hardening.images.observing import observe  # noqa: PLC0415 - few ask for it

    return observe(subject, subject.options.watched)


_MOST_PROBLEMS = 4


def _tell_of_problems(subject: Subject) -> None:
    """Tell what is odd about the image, where other programs may see something else."""
    notes = subject.told.notes
    notes += subject.image.problems
    for number, looked in enumerate(subject.read.layers):
        notes += [f"layer {number + 1}: {each}" for each in looked.problems[:_MOST_PROBLEMS]]
    for problem in subject.whole.files.problems.told[:_MOST_PROBLEMS]:
        notes.append(f"/{problem.path}: {problem.reason}")


# Writing --------------------------------------------------------------------------------------


def make(planned: Plan, workshop: Workshop) -> Written:
    """The image that a plan describes, its new layers in the workshop. Raises ``InputError``."""
    subject = planned.subject
    layers = [
        _kept(subject, layer, planned.clock, workshop)
        for layer in subject.image.layers[: planned.kept]
    ]
    if planned.members or not layers:
        how, spool = subject.options.compression, subject.spool
        layer, left_out = workshop.layer(
            lambda write, directory: write_layer(
                subject.image, planned.members, write, how, directory, spool
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
