"""From targets to objects: what is read, what is left out, and what could not be read."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from seawall.core.compact import (
    enable_from_plain,
    enable_to_plain,
    ignore_from_plain,
    ignore_to_plain,
)
from seawall.core.ignore import Ignore
from seawall.core.named_tuple import NamedTuple
from seawall.core.report import Coverage, Failed, NotCovered, Skipped
from seawall.engine import dockerfiles
from seawall.engine.options import Options
from seawall.engine.placing import places_of
from seawall.engine.progress import Progress, Step
from seawall.engine.projects import NO_PROJECTS, Projects, projects_of
from seawall.engine.texts import Texts
from seawall.engine.units import Leaf, Task, Unit, Workers, leaves_of
from seawall.engine.workers import spread
from seawall.kubernetes import ignores, kustomizations, reader
from seawall.kubernetes.objects import KubernetesObject
from seawall.packages.formats import EXECUTABLE, SBOM, Format, format_of
from seawall.sources import files
from seawall.sources.files import SourceFile
from seawall.text.decoding import Undecodable, decode

if TYPE_CHECKING:
    from seawall.engine.packages import PackageFile
    from seawall.text.known_documents import KnownDocuments
    from seawall.text.scalars import Value

KUSTOMIZATION = "kustomization"
_LARGEST = 512 * 1024 * 1024
"""Bytes of an archive or a program that is looked into."""
NO_OBJECT = "holds no Kubernetes object"
NO_FORMAT = "no format that seawall reads"
"""Why most files of a tree are skipped."""
MANIFESTS = (".yaml", ".yml", ".json")


class Source(Protocol):
    """Where files come from: the file system, or a commit."""

    def discover(self) -> Iterator[files.Found]:
        """Every file of the targets, and what is left out."""

    def read(self, file: SourceFile) -> bytes | Failed:
        """The bytes of a file."""

    def read_large(self, file: SourceFile) -> bytes | Failed:
        """The bytes of an archive or a program, which may be larger than other files."""

    def is_executable(self, file: SourceFile) -> bool:
        """Whether a file is a program in a format that may tell what it is made of."""

    def sibling(self, file: SourceFile, name: str) -> bytes | None:
        """The bytes of another file, its name relative to the directory of the first.

        ``None`` when it is not there, too large, or neither within the targets nor beside them.
        """

    @property
    def beside(self) -> Mapping[str, bytes]:
        """Bytes of files that are not as they stand on disk, by where they are."""


class FileSystem(NamedTuple):
    """The targets as they stand on disk."""

    options: Options

    def discover(self) -> Iterator[files.Found]:
        """Every file of the targets, and what is left out."""
        options = self.options
        return files.discover(
            options.targets, options.context, gitignore=options.gitignore, exclude=options.exclude
        )

    def read(self, file: SourceFile) -> bytes | Failed:
        """The bytes of a file."""
        return files.read(file, self.options.max_file_size)

    def read_large(self, file: SourceFile) -> bytes | Failed:
        """The bytes of an archive or a program."""
        return files.read(file, max(_LARGEST, self.options.max_file_size))

    def is_executable(self, file: SourceFile) -> bool:
        """Whether a file that may be run, or was named, begins as a program does."""
        base = file.path[file.path.rfind("/") + 1 :]
        if ("." in base and not (file.named or base.endswith(".exe"))) or file.real == files.STDIN:
            return False
        if not (file.named or base.endswith(".exe") or os.access(file.real, os.X_OK)):
            return False
        if not os.path.isfile(file.real):
            return False  # to open a FIFO is to wait for who writes to it
        from seawall.packages.executables import is_executable  # noqa: PLC0415 - if there are any

        try:
            with open(file.real, "rb") as stream:
                return is_executable(stream.read(8))
        except OSError:
            return False  # reading it will say so

    def sibling(self, file: SourceFile, name: str) -> bytes | None:
        """The bytes of another file; links are followed only within the targets."""
        if file.real == files.STDIN or "\0" in name:
            return None
        options = self.options
        path = os.path.realpath(os.path.join(os.path.dirname(file.real), name))
        around = (os.path.dirname(file.real) or os.curdir, *options.targets)
        roots = (os.path.realpath(root) for root in around)
        if not any(path.startswith(os.path.join(root, "")) for root in roots):
            return None
        if not os.path.isfile(path):
            return None
        found = files.read(file._replace(real=path), options.max_file_size)
        return None if isinstance(found, Failed) else found

    @property
    def beside(self) -> Mapping[str, bytes]:
        """None: the disk tells."""
        return {}


Plain = Any


class Units(Protocol):
    """Remembers what files hold, by their bytes."""

    @property
    def is_lasting(self) -> bool:
        """Whether what is remembered outlives this run: then nothing private may be."""

    @property
    def documents(self) -> "KnownDocuments | None":
        """The documents that were read before in this run, where it looks at them again."""

    def known(self, tasks: Sequence[Task]) -> list[Plain | None]:
        """What is known of each."""

    def learn(self, task: Task, plain: Plain) -> None:
        """Remember what a file holds; not asked where that is private."""

    def outlines(self, tasks: Sequence[Task]) -> list[Plain | None]:
        """What is known of each, with the number of its objects in place of these."""

    def learn_outlines(
        self, tasks: Sequence[Task], before: Sequence[Plain | None], now: Sequence[Plain | None]
    ) -> None:
        """Remember outlines, where they are others than they were before.

        There is none of files that are private.
        """


class Inputs:
    """What became of each input, while it is read."""

    def __init__(self) -> None:
        self.texts = Texts()
        self.files: list[SourceFile] = []
        """Every file of the targets that was not passed over by its place."""
        self.tasks: list[Task] = []
        self.units: list[Unit] = []
        self.opaque: list[str] = []
        self.read: list[str] = []
        self.skipped: list[Skipped] = []
        self.not_covered: list[NotCovered] = []
        self.unable: tuple[NotCovered, ...] = ()
        """What the configuration asks for and cannot be done, which says nothing of the files."""
        self.failed: list[Failed] = []
        self.charts: dict[str, SourceFile] = {}
        """The ``Chart.yaml`` of each Helm chart, by the chart's directory."""
        self.namespace = ""
        """Where objects live that name no namespace; empty for ``default``."""
        self.whole: set[str] = set()
        """Files of which every object is known, if perhaps not all that it will be."""
        self.projects: Projects = NO_PROJECTS
        self.package_files: list[PackageFile] = []
        self.packages = 0
        """How many packages were found in them."""
        self.asks_for_advisories = False
        """Whether a Dockerfile may name packages that something is known of."""
        self._charts_of: dict[str, str | None] = {}

    def chart_of(self, path: str) -> str | None:
        """The directory of the chart that a file lies in."""
        directory = os.path.dirname(path)
        if directory not in self._charts_of:
            self._charts_of[directory] = _chart_around(directory, self.charts)
        return self._charts_of[directory]

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains whose rules may have something to say."""
        kinds = {task.around is not None for task in self.tasks}
        asked = self.package_files or self.asks_for_advisories
        found = (("dockerfile",) if True in kinds else ()) + (("vulnerabilities",) if asked else ())
        return found if found and False not in kinds else ("kubernetes", *found)

    @property
    def judged(self) -> int:
        """How many things the rules are to judge: objects and Dockerfiles."""
        units = (unit for unit in self.units if not unit.task.file.context)
        return sum(unit.count if unit.task.around is None else 1 for unit in units)

    @property
    def objects(self) -> Iterator[KubernetesObject]:
        """All objects, in the order of the files."""
        return (object_ for unit in self.units for object_ in unit.objects)

    def coverage(self) -> Coverage:
        """What became of each input."""
        return Coverage(
            tuple(sorted(set(self.read))),
            tuple(sorted(self.skipped)),
            tuple(sorted({*self.not_covered, *self.unable})),
            tuple(sorted(self.failed)),
        )


# The files ------------------------------------------------------------------------------------


def gather(
    source: Source,
    options: Options,
    progress: Progress | None,
    met: Callable[[SourceFile], None] | None = None,
) -> Inputs:
    """Find the files and read their bytes; what needs no look inside is sorted out.

    ``met`` is told of files of the targets that are not read here, as soon as they are found.
    """
    inputs = Inputs()
    dockerfiles.forget_listings()
    telling: list[SourceFile] = []
    others: list[SourceFile] = []
    for item in source.discover():
        if isinstance(item, SourceFile):
            is_other = is_program_text(item)
            (others if is_other else telling).append(item)
            if met is not None and not item.context and (is_other or not is_candidate(item)):
                met(item)
        elif isinstance(item, Skipped):
            inputs.skipped.append(item)
        else:
            inputs.failed.append(item)
    found = sorted([*telling, *others], key=_order)
    telling.sort(key=_order)
    inputs.files = [file for file in found if not file.context]
    inputs.charts = _charts(telling)
    kustomized = _kustomizations(telling, inputs, source)
    _projects(found, inputs, source)
    builds = inputs.projects.builds
    if builds:  # Dockerfiles have any name there
        telling = [one for one in found if one.path in builds or not is_program_text(one)]
    inputs.skipped += [Skipped(one.path, NO_FORMAT) for one in others if one.path not in builds]
    complete = _Completeness(options)
    step = Step(progress, "files read", len(telling))
    for file in telling:
        step.advance()
        format_ = _format_of(file, source) if options.packages and not file.context else None
        if format_ is not None and format_.large:
            _add_packages(file, format_, b"", inputs)  # looked into where somebody asks
        elif format_ is not None:
            _gather_packages(file, format_, inputs, source)
        else:
            _gather_file(file, inputs, source, kustomized, complete, options)
    for held in inputs.projects.inline:
        around = dockerfiles.surroundings(held.file, source.beside, held.build)
        around = around._replace(embedding=held.embedding)
        task = Task(held.file, held.data, is_template=False, complete=True, around=around)
        inputs.tasks.append(task)
    inputs.asks_for_advisories = options.packages and any(
        dockerfiles.asks_for_advisories(task.data, options.today or today())
        for task in inputs.tasks
        if task.around is not None and not task.file.context
    )
    return inputs


def today() -> str:
    """The day of this machine's clock as ``2027-01-31``."""
    from time import localtime, strftime  # noqa: PLC0415 - a C module, but seldom of use

    return strftime("%Y-%m-%d", localtime())


def _order(file: SourceFile) -> tuple[bool, str]:
    return file.context, file.path


def _projects(found: Sequence[SourceFile], inputs: Inputs, source: Source) -> None:
    """What compose and bake files say of Dockerfiles; they tell nothing of objects."""
    passed_over = (item.path for item in inputs.skipped)
    inputs.projects = projects_of(found, passed_over, source.read)
    inputs.not_covered.extend(inputs.projects.not_covered)
    inputs.whole.update(inputs.projects.kinds)


def _charts(found: Iterable[SourceFile]) -> dict[str, SourceFile]:
    """Helm charts among the files, by their directories."""
    return {
        os.path.dirname(file.path): file
        for file in found
        if file.path.endswith("Chart.yaml")
        and not file.named
        and os.path.basename(file.path) == "Chart.yaml"
    }


def _chart_around(directory: str, charts: Collection[str]) -> str | None:
    while charts:
        if directory in charts:
            return directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent
    return None


class _Kustomized(NamedTuple):
    """Files that kustomizations name: their parts, each with who names it, and their resources."""

    parts: dict[str, str]
    resources: set[str]


def _kustomizations(found: Iterable[SourceFile], inputs: Inputs, source: Source) -> _Kustomized:
    kustomized = _Kustomized({}, set())
    for file in found:
        if not _is_kustomization(file) or file.real == files.STDIN:
            continue
        text = _text(file.path, source.read(file))
        if isinstance(text, Failed):
            inputs.failed.append(text)
            continue
        inputs.opaque.append(text)
        from seawall.text.yaml import Broken, load  # noqa: PLC0415 - a run of Dockerfiles needs none

        for document in load(text):
            if isinstance(document, Broken):
                inputs.failed.append(Failed(file.path, *document.position, document.reason))
                continue
            directory = os.path.dirname(file.path)
            for path in kustomizations.parts(document.value, directory):
                kustomized.parts.setdefault(path, file.path)
            kustomized.resources.update(kustomizations.resources(document.value, directory))
    return kustomized


_KUSTOMIZATIONS = tuple(kustomizations.FILE_NAMES)


def _is_kustomization(file: SourceFile) -> bool:
    path = file.path
    if not path.endswith(_KUSTOMIZATIONS):  # most
        return False
    return os.path.basename(path) in kustomizations.FILE_NAMES


_PROGRAM_TEXTS = frozenset(
    (
        "c", "cc", "cpp", "cs", "css", "go", "h", "hpp", "html", "java", "js", "jsx", "kt", "lua",
        "md", "php", "pl", "png", "proto", "py", "pyi", "rb", "rs", "rst", "scala", "scss", "sh",
        "sql", "svg", "swift", "ts", "tsx", "vue",
    )
)  # fmt: skip
"""Endings of most files of most trees, which no format has."""


def is_program_text(file: SourceFile) -> bool:
    """Whether a file's ending tells already that it is no candidate: a short cut."""
    path = file.path
    return (
        path[path.rfind(".") + 1 :] in _PROGRAM_TEXTS
        and not file.named
        and not dockerfiles.may_be(file)
    )


def is_candidate(file: SourceFile) -> bool:
    """Whether a file may be one that is read, going by its name."""
    return (
        file.named
        or file.path.endswith(MANIFESTS)
        or _is_kustomization(file)
        or dockerfiles.may_be(file)
        or format_of(file.path) is not None
        or dockerfiles.is_project(file)
    )


def _no_use(file: SourceFile) -> str:
    """Why there is no look into a file, going by its name; empty where there is one."""
    if file.path.endswith(".hcl") and dockerfiles.is_project(file):
        return "only what it says of Dockerfiles is read"
    return "" if is_candidate(file) else NO_FORMAT


def _gather_file(
    file: SourceFile,
    inputs: Inputs,
    source: Source,
    kustomized: _Kustomized,
    complete: "_Completeness",
    options: Options,
) -> None:
    build = inputs.projects.builds.get(file.path)
    if _is_settled(file, inputs, kustomized, in_project=build is not None):
        return
    data = source.read(file)
    if isinstance(data, Failed):
        inputs.failed.append(data)
    elif not data.strip() and not (build or dockerfiles.may_be(file)):
        inputs.skipped.append(Skipped(file.path, "empty"))
    elif options.packages and file.named and not file.context and _is_sbom(data):
        _add_packages(file, SBOM, data, inputs)
    elif os.path.basename(file.path) == "Chart.yaml" and not file.named:
        inputs.not_covered.append(_chart_not_covered(file.path))
    elif dockerfiles.claims(file, data, in_project=build is not None):
        around = dockerfiles.surroundings(file, source.beside, build)
        inputs.tasks.append(Task(file, data, is_template=False, complete=True, around=around))
    elif not is_candidate(file):
        inputs.skipped.append(Skipped(file.path, "named as a Dockerfile, but begins as none"))
    elif _is_other_text(file, data):
        _skip(inputs, file, NO_FORMAT)
    elif not _is_told_as_mesh(file, data, inputs):
        inputs.tasks.append(_manifest(file, data, inputs, kustomized, complete))


def _is_other_text(file: SourceFile, data: bytes) -> bool:
    """Whether a file was only named to be searched: program text, say, which YAML would refuse.

    An object has a key ``kind``; what is in UTF-16 is not told so.
    """
    if not file.named or file.path.endswith(MANIFESTS) or file.real == files.STDIN:
        return False
    return b"kind" not in data and b"\0" not in data


def _is_settled(
    file: SourceFile, inputs: Inputs, kustomized: _Kustomized, *, in_project: bool
) -> bool:
    """Whether a file needs no look inside: then it is noted what becomes of it."""
    template = dockerfiles.template(file)
    if template is not None:
        inputs.not_covered.append(template)
    elif not in_project and (reason := _no_use(file)):
        _skip(inputs, file, reason)
    elif _is_kustomization(file):
        inputs.not_covered.append(
            NotCovered(
                file.path, KUSTOMIZATION, "kustomizations are not built by this version",
                "build it and scan the result, for example: kustomize build . | seawall scan -",
            )
        )  # fmt: skip
    elif not file.named and file.path in kustomized.parts:
        inputs.skipped.append(Skipped(file.path, f"a part of {kustomized.parts[file.path]}"))
    else:
        return False
    return True


_SBOM_MARKS = (
    b'"bomFormat"', b"cyclonedx.org/schema/bom",
    b'"spdxVersion"', b"SPDXVersion:", b"spdx.org/rdf/3.",
)  # fmt: skip


def _is_sbom(data: bytes) -> bool:
    """Whether a file that was named is a bill of materials, whatever it is called."""
    if not any(mark in data for mark in _SBOM_MARKS):
        return False
    from seawall.packages.sbom import looks_like_sbom  # noqa: PLC0415 - where it may be one

    return looks_like_sbom(data)


def _format_of(file: SourceFile, source: Source) -> Format | None:
    """The format of packages that a file is of."""
    found = format_of(file.path)
    return EXECUTABLE if found is None and source.is_executable(file) else found


def _gather_packages(file: SourceFile, format_: Format, inputs: Inputs, source: Source) -> None:
    data = source.read_large(file) if format_.large else source.read(file)
    if isinstance(data, Failed):
        inputs.failed.append(data)
    elif not data.strip():
        inputs.skipped.append(Skipped(file.path, "empty"))
    else:
        _add_packages(file, format_, data, inputs)


def _add_packages(file: SourceFile, format_: Format, data: bytes, inputs: Inputs) -> None:
    from seawall.engine.packages import gathered  # noqa: PLC0415 - if there are any

    inputs.package_files.append(gathered(file, format_, data))


def look_into(inputs: Inputs, source: Source) -> None:
    """Read the archives and programs among the files of packages: they cost the most by far.

    To be called once, where the packages are asked for.
    """
    files, inputs.package_files = inputs.package_files, []
    for item in files:
        if item.format.large:
            _gather_packages(item.file, item.format, inputs, source)
        else:
            inputs.package_files.append(item)


def _skip(inputs: Inputs, file: SourceFile, reason: str) -> None:
    """Note that a file is passed over, unless Dockerfiles in it are read."""
    if file.path not in inputs.projects.holders:
        inputs.skipped.append(Skipped(file.path, reason))


def _manifest(
    file: SourceFile,
    data: bytes,
    inputs: Inputs,
    kustomized: _Kustomized,
    complete: "_Completeness",
) -> Task:
    chart = inputs.chart_of(file.path)
    is_template = chart is not None and file.path.startswith(os.path.join(chart, "templates", ""))
    listed = file.path in kustomized.resources
    return Task(file, data, is_template=is_template, complete=complete.of(file), listed=listed)


def _text(path: str, data: bytes | Failed) -> str | Failed:
    if isinstance(data, Failed):
        return data
    text = decode(data)
    return Failed(path, *text) if isinstance(text, Undecodable) else text


def _chart_not_covered(path: str) -> NotCovered:
    return NotCovered(
        path, "Helm chart", "charts are rendered only where that is asked for",
        "scan with --render, which needs helm, or pipe: helm template . | seawall scan -",
    )  # fmt: skip


def _is_told_as_mesh(file: SourceFile, data: bytes, inputs: Inputs) -> bool:
    """Tell of the description of a mesh (docs/mesh.md); whether it is nothing else besides."""
    lines = b"\n" + data
    if any(b"\n" + word not in lines for word in (b"mesh:", b"trustDomain:", b"workloads:")):
        return False
    inputs.not_covered.append(
        NotCovered(
            file.path, "mesh", "no rule of a scan judges who may reach whom in a mesh",
            "ask seawall mesh policy check FILE what is wrong in it, policy explain what it opens",
        )
    )  # fmt: skip
    return b"\nkind:" not in data  # policies of Istio's may follow


# Their contents -------------------------------------------------------------------------------


def read_units(
    inputs: Inputs, units: Units | None, workers: Workers, progress: Progress | None = None
) -> None:
    """Read the objects of the files that were gathered.

    Of a file that is remembered an outline is read, and its objects when somebody asks for them.
    """
    tasks = inputs.tasks
    if units is None:
        plains = [plain for _, plain in _parsed(tasks, None, workers, progress)]
    else:
        plains = _outlined(tasks, units, workers, progress)
    opener = None if units is None else _Opener(units)
    for task, plain in zip(tasks, plains, strict=True):
        _add(inputs, task, plain, opener)
    inputs.tasks.clear()  # only what has objects is needed from here on
    if inputs.namespace:
        for object_ in inputs.objects:
            object_.settle_in(inputs.namespace)
    _mark_incomplete(inputs)


def _outlined(
    tasks: Sequence[Task], units: Units, workers: Workers, progress: Progress | None
) -> list[Plain]:
    """An outline of what each file holds, or all of it where that had to be found out."""
    before = units.outlines(tasks)
    missing = [task for task, plain in zip(tasks, before, strict=True) if plain is None]
    fresh = iter(_parsed(missing, units, workers, progress))
    plains, now = [], []
    for known in before:
        private, plain = (False, known) if known is not None else next(fresh)
        plains.append(plain)
        now.append(None if private else _outline(plain))
    units.learn_outlines(tasks, before, now)
    return plains


def _parsed(
    tasks: Sequence[Task], units: Units | None, workers: Workers, progress: Progress | None
) -> list[tuple[bool, Plain]]:
    """What each file holds, remembered or read now; first, whether that may not be remembered."""
    plains: list[Plain | None] = [None] * len(tasks) if units is None else units.known(tasks)
    missing = [task for task, plain in zip(tasks, plains, strict=True) if plain is None]
    step = Step(progress, "files parsed", len(missing))
    documents = None if units is None else units.documents

    def parsed(part: Sequence[Task]) -> Iterator[tuple[bool, Plain]]:
        step.begin(len(part))
        for task in part:
            step.advance()
            yield _parse(task, units)

    # Where most documents are known, sending them around costs more than the rest of the work.
    processes = 1 if documents else workers(missing)
    if processes > 1:
        weights = [_work_of(task) for task in missing]
        fresh = iter(
            spread(
                missing, weights, processes, lambda part: list(parsed(part)), _as_it_is, _as_it_is
            )
        )
    else:
        fresh = parsed(missing)
    result = []
    for task, known in zip(tasks, plains, strict=True):
        private, plain = next(fresh) if known is None else (False, known)
        if known is None and units is not None and not private:
            units.learn(task, plain)
        result.append((private, plain))
    return result


def _work_of(task: Task) -> int:
    """What reading a file costs, in bytes: a Dockerfile without ignores is not gone through."""
    if task.around is None or dockerfiles.may_hold_ignores(task.data):
        return len(task.data)
    return 1


def _outline(plain: Plain) -> Plain:
    """What a file holds, with the number of its objects in place of these."""
    if plain[0] != _READ or isinstance(plain[1][0], int):
        return plain
    _, (rows, *rest), *others = plain[:OFFSETS]
    return (_READ, (len(rows), *rest), *others)


class _Opener:
    """Makes the objects of files of which outlines are known."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._rows: dict[Unit, Plain] = {}

    def keep(self, unit: Unit, rows: Plain) -> None:
        """Keep what is at hand of a file until somebody asks for its objects."""
        self._rows[unit] = rows

    def open(self, *units: Unit) -> None:
        """Make the objects of some files."""
        closed = [unit for unit in units if not unit.is_open]
        elsewhere = [unit for unit in closed if unit not in self._rows]
        found = self._units.known([unit.task for unit in elsewhere])
        for unit, plain in zip(elsewhere, found, strict=True):
            _, content, *_ = _parse(unit.task, None)[1] if plain is None else plain
            self._rows[unit] = content[0]
        for unit in closed:
            unit.fill(self._rows.pop(unit))


def _as_it_is(_task: Task, plain: tuple[bool, Plain]) -> tuple[bool, Plain]:
    """What a file holds is worked out as plain values: they are sent and received as they are."""
    return plain


_SKIPPED, _FAILED, _READ, _DOCKERFILE = range(4)
OFFSETS = 5
"""Where the offsets of a file's documents stand in what was read: only this run needs them."""


def documents_of(task: Task, plain: Plain) -> Iterator[tuple[str, "Value", bytes]]:
    """The plain documents of a file that was read in this run: text, value, offsets.

    They are those that are one object each.
    """
    if plain[0] != _READ or not plain[OFFSETS]:
        return
    text = _text("", task.data)
    _, (rows, *_), *_, everywhere = plain
    for value, document, *_ in rows:
        noted = everywhere.get(document)
        if noted is not None and isinstance(text, str):
            start, end, _, offsets = noted
            yield text[start:end], value, offsets


def _parse(task: Task, units: Units | None) -> tuple[bool, Plain]:
    """What one file holds: a pure function of its bytes and of what its surroundings say.

    Where the result is to be remembered, tells first whether that would copy what is private.
    """
    if task.around is not None:
        return False, _parse_dockerfile(task)
    text = _text("", task.data)
    if isinstance(text, Failed):
        return False, (_FAILED, tuple(text)[1:])
    if not text.strip():
        return False, (_SKIPPED, "empty")
    if not task.file.named and not reader.mentions_objects(text):
        return False, (_SKIPPED, NO_OBJECT)
    path = task.file.path
    contents = reader.read(
        text, path, target=True, complete=True, template=task.is_template, listed=task.listed,
        known=None if units is None else units.documents,
    )  # fmt: skip
    words = ignores.read(text, path, contents.objects)
    private = units is not None and units.is_lasting and _is_private(contents)
    return private, (
        _READ,
        reader.to_plain(contents),
        [ignore_to_plain(item) for item in _placed(words.ignores, text)],
        [enable_to_plain(item) for item in words.enables],
        [tuple(leaf) for leaf in leaves_of(text, contents)] if units is not None else (),
        contents.offsets,
    )


def _is_private(contents: reader.Contents) -> bool:
    from seawall.kubernetes.private import is_private  # noqa: PLC0415 - where results are kept

    return is_private(contents)


def _placed(found: list[Ignore], text: str) -> Iterator[Ignore]:
    """The ignores that are written in a file, each with its line."""
    wanted = {(i.origin.document, i.origin.key_path) for i in found if i.origin.span is None}
    places = places_of(text, wanted) if wanted else {}
    for item in found:
        span = item.origin.span or places.get((item.origin.document, item.origin.key_path))
        yield item._replace(origin=item.origin._replace(span=span))


def _parse_dockerfile(task: Task) -> Plain:
    """Its ignores; the rules read the rest, for a Dockerfile is read faster than remembered."""
    failed = dockerfiles.problem(task.data, "")
    if failed is not None:
        return (_FAILED, tuple(failed)[1:])
    embedding = None if task.around is None else task.around.embedding
    found = dockerfiles.ignores(task.data, task.file.path, embedding)
    return (_DOCKERFILE, None, [ignore_to_plain(item) for item in found])


def _add(inputs: Inputs, task: Task, plain: Plain, opener: _Opener | None) -> None:
    file = task.file
    kind, content, *rest = plain
    if kind == _FAILED:
        inputs.failed.append(Failed(file.path, *content))
        return
    if kind == _SKIPPED:
        _skip(inputs, file, content)
        return
    if kind == _DOCKERFILE:
        found = [ignore_from_plain(item) for item in rest[0]]
        inputs.units.append(Unit(task, ignores.Words(found, [])))
        inputs.texts.add(file.path, task.text)
        inputs.read.append(file.path)
        return
    rows, *others = content
    contents = reader.from_plain(
        ((), *others), file.path, target=not file.context, complete=task.complete
    )
    inputs.failed.extend(contents.failed)
    inputs.not_covered.extend(contents.not_covered)
    inputs.opaque.extend(contents.opaque)
    if not contents.opaque:
        inputs.whole.add(file.path)
    if rows:
        unit = _unit(task, rows, rest, opener)
        unit.whole = not (contents.failed or contents.not_covered)
        inputs.units.append(unit)
        inputs.texts.add(file.path, task.data)
    if rows or contents.failed:
        inputs.read.append(file.path)
    elif not contents.not_covered:
        _skip(inputs, file, NO_OBJECT)


def _unit(task: Task, rows: Plain, rest: Sequence[Plain], opener: _Opener | None) -> Unit:
    found, enables, leaves, *more = rest
    words = ignores.Words(
        [ignore_from_plain(item) for item in found], [enable_from_plain(item) for item in enables]
    )
    if isinstance(rows, int):
        unit = Unit(task, words, rows, leaves=[Leaf(*leaf) for leaf in leaves])
    else:
        unit = Unit(task, words, len(rows), leaves=[Leaf(*leaf) for leaf in leaves])
        if opener is None:
            unit.fill(rows)
        else:
            opener.keep(unit, rows)
    if opener is not None:
        unit.open = opener.open
    if more:
        unit.offsets = more[0]
    return unit


class _Completeness:
    """Tells whether a file lies in a directory whose objects are all known."""

    def __init__(self, options: Options) -> None:
        targets = (*options.targets, *options.context)
        self._whole = [os.path.join(os.path.realpath(target), "") for target in targets]

    def of(self, file: SourceFile) -> bool:
        if not file.named:
            return True
        real = os.path.realpath(file.real)
        return any(real.startswith(directory) for directory in self._whole)


def _mark_incomplete(inputs: Inputs) -> None:
    """Beside a file that could not be read, nothing can be said to be missing."""
    unread = {os.path.dirname(item.path) for item in inputs.failed}
    unread |= {
        os.path.dirname(item.path)
        for item in inputs.not_covered
        # The names a kustomization generates are unresolved one by one.
        if item.what != KUSTOMIZATION and item.path not in inputs.whole
    }
    for unit in inputs.units:
        path = unit.task.file.path
        if unit.complete and (os.path.dirname(path) in unread or inputs.chart_of(path) is not None):
            unit.mark_incomplete()
