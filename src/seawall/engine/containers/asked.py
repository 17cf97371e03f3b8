"""The images among the targets of a scan: found first, then judged with all that is known."""

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from seawall.core.errors import InputError, UsageError
from seawall.core.rule import Rule
from seawall.engine.advised import Library
from seawall.engine.analysis import Analysis
from seawall.engine.containers.targets import may_be_name, split
from seawall.engine.day import today
from seawall.engine.inputs import Inputs
from seawall.engine.options import Options
from seawall.engine.run import Run

if TYPE_CHECKING:
    from seawall.engine.containers.instructions import Dockerfiles
    from seawall.engine.containers.named import Images
    from seawall.engine.remembering import Memory
    from seawall.images.base import Candidate
    from seawall.secrets.search import Search
    from seawall.sources.images.target import ImageSource

_LARGEST = 1 << 20
"""Bytes of a Dockerfile that is named."""
DOMAINS = ("image", "vulnerabilities")
SECRETS = "secrets"
_LARGE = 1 << 30
"""About how many bytes an image has, for what is worth to be built to search it."""


class Asked:
    """The images that targets name; mostly there are none, and nothing is loaded."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.others, names = split(options.targets) if options.images else (options.targets, ())
        """The targets that are no images."""
        if names and options.secrets:
            archives = tuple(name for name in names if _is_other_archive(name))
            self.others = tuple(
                name for name in options.targets if name not in names or name in archives
            )
            names = tuple(name for name in names if name not in archives)
        self._images: Images | None = None
        self._known: tuple[Candidate, ...] | None = None
        self._sources: tuple[tuple[str, bytes], ...] = ()
        """The Dockerfiles that the images are said to be made of."""
        self._around: tuple[tuple[str, bytes], ...] = ()
        """Those among the other targets."""
        if names:
            from seawall.engine.containers.named import find  # noqa: PLC0415 - if there are any

            self._images = find(names, options.platform, Places(options))
            self._sources = tuple(map(_dockerfile, options.dockerfiles))
        elif options.dockerfiles:
            raise UsageError(
                "--dockerfile tells what an image was built from; name the image as well, or the "
                "Dockerfile as a target"
            )

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self._images is not None

    def hint(self, inputs: Inputs) -> None:
        """Say of a target that is not there how an image of its name is asked for."""
        if self._options.images:
            inputs.failed[:] = [
                failed._replace(
                    reason=f"{failed.reason}; an image of this name is asked for with its tag: "
                    f"{failed.path}:latest"
                )
                if failed.path in self.others
                and may_be_name(failed.path)
                and not os.path.lexists(failed.path)
                else failed
                for failed in inputs.failed
            ]

    def domains(self, domains: tuple[str, ...], inputs: Inputs) -> tuple[str, ...]:
        """The domains whose rules are asked, with those of images where there are any."""
        if self._images is None:
            return domains
        self._around = tuple(
            (task.file.path, task.data)
            for task in inputs.tasks
            if task.around is not None and not task.file.context
        )
        others = domains if inputs.tasks or inputs.charts else ()
        secrets = (SECRETS,) if self._options.secrets else ()
        return tuple(dict.fromkeys((*others, *DOMAINS, *secrets)))

    def key(
        self,
        key: bytes | None,
        library: Library,
        rules: Sequence[Rule],
        memory: "Memory | None",
    ) -> bytes | None:
        """The key of what a run writes; ``None`` where an image may change unseen.

        It rests on the images that these may be built on as well.
        """
        if self._images is None or key is None:
            return key
        from seawall.cache import digest  # noqa: PLC0415 - loaded already

        identity = self._images.identity
        if identity is None:
            return None
        own = library.open().digest if _is_advised(rules) else b""
        bases = repr(self._bases(memory)).encode("utf-8", "surrogatepass")
        sources = repr(self._sources).encode("utf-8", "surrogatepass")
        return digest(key, identity, own, bases, sources)

    def _bases(self, memory: "Memory | None") -> "tuple[Candidate, ...]":
        """The images that these may be built on."""
        if self._known is None:
            from seawall.engine.containers.bases import candidates  # noqa: PLC0415 - as above

            images = () if self._images is None else self._images.images
            store = None if memory is None else memory.layers()[0]
            self._known = candidates(images, self._options.bases, store)
        return self._known

    def added(
        self,
        analysis: Analysis,
        inputs: Inputs,
        rules: Sequence[Rule],
        library: Library,
        memory: "Memory | None",
        run: Run,
    ) -> Analysis:
        """An analysis with what is said of images."""
        if self._images is None:
            return analysis
        from seawall.engine.containers import scanning  # noqa: PLC0415 - if there are any

        options = self._options
        knowledge = library.open() if _is_advised(rules) else None
        store, code = (None, b"") if memory is None else memory.layers()
        found = scanning.judged(
            self._images, rules, options.parameters, knowledge, store, code,
            options.today or today(), self._bases(memory), self._dockerfiles(),
            self._search(rules),
        )  # fmt: skip
        inputs.packages += found.packages
        if knowledge is not None:
            notes = knowledge.aged(found.ecosystems, options.today)
            fresh = [note for note in notes if note not in run.notes]
            run.notes += fresh
            run.lasting_notes += fresh
        return scanning.added(analysis, found)

    def _search(self, rules: Sequence[Rule]) -> "Search | None":
        """What looks for secrets, where a rule wants to know."""
        if not any(rule.domain == SECRETS for rule in rules):
            return None
        from seawall.engine.credentials.searching import searcher  # noqa: PLC0415 - as above

        return searcher(self._options, _LARGE)

    def _dockerfiles(self) -> "Dockerfiles":
        """What the images may be made of."""
        from seawall.engine.containers.instructions import Dockerfiles  # noqa: PLC0415 - as above

        return Dockerfiles(self._sources, (), self._around)


def _dockerfile(path: str) -> tuple[str, bytes]:
    """A Dockerfile that was named; raises UsageError for one that cannot be read."""
    from seawall.sources.files import reason_of  # noqa: PLC0415 - as above

    try:
        with open(path, "rb") as stream:
            data = stream.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(
            f"--dockerfile: cannot read {path}: {reason_of(error)}; name the Dockerfile that the "
            "image was built from"
        ) from error
    if len(data) > _LARGEST:
        raise UsageError(
            f"--dockerfile: {path} has more than {_LARGEST} bytes; name the Dockerfile that the "
            "image was built from"
        )
    return path, data


def _is_other_archive(name: str) -> bool:
    """Whether a target is a tar and no image: what is in it can be searched for secrets."""
    if not os.path.isfile(name):
        return False
    from seawall.sources.images.target import recognise  # noqa: PLC0415 - where there may be any

    try:
        return not recognise(name)
    except InputError:
        return False  # to read it as an image says what is wrong


def _is_advised(rules: Sequence[Rule]) -> bool:
    return any(rule.domain == "vulnerabilities" for rule in rules)


class Places:
    """Where images are asked for that do not lie here: engines of this machine, then registries.

    What it takes to ask them is loaded when the first image is looked for there.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._sources: list[ImageSource] | None = None

    def __iter__(self) -> "Iterator[ImageSource]":
        """The sources, the same each time."""
        if self._sources is None:
            self._sources = _sources(self._options)
        return iter(self._sources)


def _sources(options: Options) -> "list[ImageSource]":
    from seawall.sources.images.engines import places  # noqa: PLC0415 - where there are images
    from seawall.sources.images.engines.source import EngineSource  # noqa: PLC0415 - as above
    from seawall.sources.images.registry import access  # noqa: PLC0415 - as above
    from seawall.sources.images.registry.source import RegistrySource  # noqa: PLC0415 - as above

    own = access.Options(options.insecure_registries, options.registry_mirrors)
    engines = [EngineSource(engine) for engine in places.engines(os.environ)]
    return [*engines, RegistrySource(lambda: access.from_environment(os.environ, own))]
