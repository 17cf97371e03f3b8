"""From targets to tasks: which files are read for what, which are left out, and why."""

import os
from collections.abc import Callable, Iterable, Sequence

from seawall.core.report import Failed, NotCovered, Skipped
from seawall.engine import dockerfiles, kustomized
from seawall.engine.candidates import (
    NO_FORMAT,
    is_candidate,
    is_kustomization,
    is_other_text,
    is_program_text,
    is_sbom,
    no_use,
)
from seawall.engine.day import today
from seawall.engine.inputs import Inputs
from seawall.engine.kustomized import KUSTOMIZATION, Kustomized
from seawall.engine.options import Options
from seawall.engine.progress import Progress, Step
from seawall.engine.projects import projects_of
from seawall.engine.source import Source
from seawall.engine.task import Task
from seawall.packages.formats import EXECUTABLE, SBOM, Format, format_of
from seawall.sources.files import SourceFile


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
    listed = kustomized.read(telling, inputs, source)
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
            _gather_file(file, inputs, source, listed, complete, options)
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


def _gather_file(
    file: SourceFile,
    inputs: Inputs,
    source: Source,
    kustomized: Kustomized,
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
    elif options.packages and file.named and not file.context and is_sbom(data):
        _add_packages(file, SBOM, data, inputs)
    elif os.path.basename(file.path) == "Chart.yaml" and not file.named:
        inputs.not_covered.append(_chart_not_covered(file.path))
    elif dockerfiles.claims(file, data, in_project=build is not None):
        around = dockerfiles.surroundings(file, source.beside, build)
        inputs.tasks.append(Task(file, data, is_template=False, complete=True, around=around))
    elif not is_candidate(file):
        inputs.skipped.append(Skipped(file.path, "named as a Dockerfile, but begins as none"))
    elif is_other_text(file, data):
        inputs.skip(file, NO_FORMAT)
    elif not _is_told_as_mesh(file, data, inputs):
        inputs.tasks.append(_manifest(file, data, inputs, kustomized, complete))


def _is_settled(
    file: SourceFile, inputs: Inputs, kustomized: Kustomized, *, in_project: bool
) -> bool:
    """Whether a file needs no look inside: then it is noted what becomes of it."""
    template = dockerfiles.template(file)
    if template is not None:
        inputs.not_covered.append(template)
    elif not in_project and (reason := no_use(file)):
        inputs.skip(file, reason)
    elif is_kustomization(file):
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


def _manifest(
    file: SourceFile,
    data: bytes,
    inputs: Inputs,
    kustomized: Kustomized,
    complete: "_Completeness",
) -> Task:
    chart = inputs.chart_of(file.path)
    is_template = chart is not None and file.path.startswith(os.path.join(chart, "templates", ""))
    listed = file.path in kustomized.resources
    return Task(file, data, is_template=is_template, complete=complete.of(file), listed=listed)


def _chart_not_covered(path: str) -> NotCovered:
    return NotCovered(
        path, "Helm chart", "charts are rendered only where that is asked for",
        "scan with --render, which needs helm, or pipe: helm template . | seawall scan -",
    )  # fmt: skip


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


def _is_told_as_mesh(file: SourceFile, data: bytes, inputs: Inputs) -> bool:
    """Tell of the description of a mesh (docs/mesh.md); whether it is nothing else besides."""
    if b"trustDomain:" not in data:  # nearly all, so nothing is copied
        return False
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
