"""What an image is: a configuration and layers, wherever they are stored."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seawall.core.digests import sha256
from seawall.core.named_tuple import NamedTuple
from seawall.sources.images.platforms import Platform, told
from seawall.sources.images.unpacking import Stream, is_digest
from seawall.sources.mounts import Foreign

Json = Mapping[str, Any]


class Config:
    """An image's configuration (OCI image-spec, config.md), hostile as all input is.

    What is of another type than it should be counts as missing; ``document`` has it all.
    """

    __slots__ = ("document",)

    def __init__(self, document: Json) -> None:
        self.document = document

    @property
    def _run(self) -> Json:
        return mapping(self.document.get("config"))

    @property
    def platform(self) -> Platform:
        """What it runs on."""
        return told(self.document)

    @property
    def created(self) -> str:
        """When, as RFC 3339 has it; as written."""
        return text(self.document.get("created"))

    @property
    def author(self) -> str:
        """Who made it."""
        return text(self.document.get("author"))

    @property
    def user(self) -> str:
        """``USER[:GROUP]``, by name or number; empty for root."""
        return text(self._run.get("User"))

    @property
    def environment(self) -> tuple[tuple[str, str], ...]:
        """Names and values, in their order."""
        pairs = (each.partition("=") for each in texts(self._run.get("Env")))
        return tuple((name, value) for name, _, value in pairs)

    @property
    def entrypoint(self) -> tuple[str, ...]:
        """The words of the entrypoint."""
        return texts(self._run.get("Entrypoint"))

    @property
    def command(self) -> tuple[str, ...]:
        """The words of the command, the entrypoint's arguments where there is one."""
        return texts(self._run.get("Cmd"))

    @property
    def shell(self) -> tuple[str, ...]:
        """The shell of instructions in shell form (Docker's)."""
        return texts(self._run.get("Shell"))

    @property
    def on_build(self) -> tuple[str, ...]:
        """Instructions for images made of this one (Docker's)."""
        return texts(self._run.get("OnBuild"))

    @property
    def exposed_ports(self) -> tuple[str, ...]:
        """``PORT[/PROTOCOL]``, sorted."""
        return tuple(sorted(_keys(self._run.get("ExposedPorts"))))

    @property
    def volumes(self) -> tuple[str, ...]:
        """Directories, sorted."""
        return tuple(sorted(_keys(self._run.get("Volumes"))))

    @property
    def labels(self) -> dict[str, str]:
        """Labels."""
        return strings(self._run.get("Labels"))

    @property
    def working_directory(self) -> str:
        """Where the process starts; empty for the root."""
        return text(self._run.get("WorkingDir"))

    @property
    def health_check(self) -> Json | None:
        """Docker's ``Healthcheck``: ``Test``, ``Interval`` and so on."""
        found = self._run.get("Healthcheck")
        return found if isinstance(found, dict) else None

    @property
    def stop_signal(self) -> str:
        """The signal that stops it; empty for SIGTERM."""
        return text(self._run.get("StopSignal"))

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """The digest of each layer's tar, the lowest first."""
        return texts(mapping(self.document.get("rootfs")).get("diff_ids"))

    @property
    def history(self) -> tuple["Step", ...]:
        """What made the image, the oldest first."""
        found = self.document.get("history")
        steps = found if isinstance(found, list) else []
        return tuple(
            Step(
                text(step.get("created")), text(step.get("created_by")), text(step.get("author")),
                text(step.get("comment")), step.get("empty_layer") is True,
            )
            for step in map(mapping, steps)
        )  # fmt: skip


class Step(NamedTuple):
    """A line of an image's history."""

    created: str
    created_by: str
    author: str
    comment: str
    empty_layer: bool
    """Whether it made no layer."""


class Layer(NamedTuple):
    """One layer, the changes that it makes to those below it."""

    number: int
    """Counted from the lowest, 0."""
    digest: str
    """Of the layer as it is stored; empty where nothing tells."""
    diff_id: str
    """Of its tar; empty where nothing tells."""
    media_type: str
    size: int
    """Bytes as stored; -1 where nothing tells."""
    created: str = ""
    created_by: str = ""
    history: int = -1
    """Which line of the history made it; -1 where the history does not say."""
    open: Callable[[], Stream] | None = None
    """Opens it; ``None`` for one that is not here (a foreign layer) or is a directory."""
    directory: str = ""
    """Where its files are, of an engine's storage or a root file system."""
    overlay: bool = False
    """Whether that is the upper directory of an overlay file system, with its whiteouts."""
    foreign: bool = False
    """Whether it is to be had from elsewhere (nondistributable); absent, it is no error."""
    apart: tuple[Foreign, ...] | None = None
    """Of a running machine, what in its directory is no part of it; ``None`` for all else."""

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.digest or self.diff_id or self.directory or f"layer {self.number}"


BASE_NAME = "org.opencontainers.image.base.name"
BASE_DIGEST = "org.opencontainers.image.base.digest"


class NamedBase(NamedTuple):
    """The base that an image's annotations name (OCI image-spec, annotations.md)."""

    name: str = ""
    digest: str = ""
    diff_ids: tuple[str, ...] = ()
    """Of its layers, where it lies beside the image; empty where it does not."""


class Image(NamedTuple):
    """An image of one platform, its layers still packed."""

    name: str
    """What a person called it."""
    reference: str
    """``REPOSITORY:TAG`` where one is known, else empty."""
    manifest_digest: str
    """Empty where it has no OCI or Docker manifest."""
    config_digest: str
    platform: Platform
    config: Config
    layers: tuple[Layer, ...]
    annotations: Mapping[str, str] = {}
    """Of the manifest."""
    tags: tuple[str, ...] = ()
    """All the names it bears."""
    digests: tuple[str, ...] = ()
    """Digests it is known by: of the manifest, and of the index it was chosen from."""
    others: tuple["Other", ...] = ()
    """What lies beside it in the same index: other platforms, attestations."""
    problems: tuple[str, ...] = ()
    """What is odd about it; each a sentence."""
    base: NamedBase = NamedBase()
    dockerfiles: tuple[tuple[str, bytes], ...] = ()
    """What it was built from, by name, where its provenance tells."""

    @property
    def is_host(self) -> bool:
        """Whether it is the machine that this runs on."""
        return any(layer.apart is not None for layer in self.layers)


class Other(NamedTuple):
    """A manifest of an index that was not chosen."""

    digest: str
    media_type: str
    platform: Platform
    name: str
    """Its tag, where it has one."""
    attests: str = ""
    """The manifest that this attestation is about (BuildKit's ``vnd.docker.reference.digest``)."""


def named_base(annotations: Mapping[str, str]) -> NamedBase:
    """The base that annotations name; an empty one where they do not."""
    return NamedBase(annotations.get(BASE_NAME, ""), annotations.get(BASE_DIGEST, ""))


def chain_ids(diff_ids: Sequence[str]) -> list[str]:
    """What each layer on top of those below it is known by (config.md, "Layer ChainID").

    From the first DiffID that is no digest on they are ``none``.
    """
    chain: list[str] = []
    for diff_id in diff_ids:
        above = chain[-1] if chain else ""
        if above == "none" or not is_digest(diff_id):
            chain.append("none")
        elif above:
            chain.append(f"sha256:{sha256(f'{above} {diff_id}'.encode()).hexdigest()}")
        else:
            chain.append(diff_id)
    return chain


def chain_id(diff_ids: Sequence[str]) -> str:
    """What all layers together are known by; empty where there are none, or one is not known."""
    found = chain_ids(diff_ids)[-1:]
    return "" if found in ([], ["none"]) else found[0]


def aligned(layers: list[Layer], config: Config) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
    """Layers with their DiffID and history line, and what does not fit.

    Each step of the history that is not ``empty_layer`` made the next layer (config.md).
    """
    problems: list[str] = []
    diff_ids = config.diff_ids
    if len(diff_ids) != len(layers):
        problems.append(
            f"the configuration tells {len(diff_ids)} DiffIDs of {len(layers)} layers: "
            "none is taken for sure"
        )
        diff_ids = ()
    history = config.history
    made = [number for number, step in enumerate(history) if not step.empty_layer]
    if history and len(made) != len(layers):
        problems.append(
            f"the history tells of {len(made)} layers, there are {len(layers)}: "
            "which step made which is not known"
        )
    known = len(made) == len(layers)
    found = []
    for number, layer in enumerate(layers):
        if diff_ids:
            layer = layer._replace(diff_id=diff_ids[number])  # noqa: PLW2901 - the same, told more
        if known:
            step = history[made[number]]
            layer = layer._replace(  # noqa: PLW2901 - as above
                history=made[number], created=step.created, created_by=step.created_by
            )
        found.append(layer)
    return tuple(found), tuple(problems)


# Values of documents that may hold anything.


def mapping(value: object) -> Json:
    """A mapping; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """A string; an empty one for anything else."""
    return value if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    """The strings of a list."""
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _keys(value: object) -> list[str]:
    return [str(key) for key in value] if isinstance(value, dict) else []


def strings(value: object) -> dict[str, str]:
    """A mapping's values that are strings: annotations, labels."""
    return {key: each for key, each in mapping(value).items() if isinstance(each, str)}
