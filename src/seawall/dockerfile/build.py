"""Walks a Dockerfile as BuildKit builds it, without building.

The order of the steps, and so which error comes first, is that of BuildKit's
``dockerfile2llb``: global arguments, names of bases and platforms, links between stages, base
images, ONBUILD triggers, then the instructions of every stage. Base images are not looked at.
"""

from collections.abc import Iterable, Mapping

from seawall.dockerfile.links import Links
from seawall.dockerfile.platforms import DEFAULT as DEFAULT_PLATFORM
from seawall.dockerfile.platforms import PlatformError, parse_platform
from seawall.dockerfile.references import BadReferenceError, parse_reference
from seawall.dockerfile.stages import (
    DEFAULT,
    FIXED,
    UNKNOWN,
    Build,
    CheckOptions,
    Stage,
    Value,
    Variables,
)
from seawall.dockerfile.steps import DEFAULT_PATH, Walker
from seawall.text.dockerfile.expansion import Expansion, ExpansionError, expand
from seawall.text.dockerfile.golang import did_you_mean, parse_bool, parse_int, quote
from seawall.text.dockerfile.parser import MAX_INSTRUCTION
from seawall.text.dockerfile.tree import Dockerfile, Instruction, Problem

MAX_STAGES = 200
"""Stages that are walked; more are an attack, and the file is judged by its text only."""
MAX_INSTRUCTIONS = 2_000
"""Instructions likewise: an image has at most 127 layers."""
MAX_COMMENTS = 20_000
"""Lines of comments likewise."""
MAX_PAIRS = 20_000
"""Keys and values of ENV, LABEL and ARG likewise."""

PLATFORM_ARGUMENTS = (
    ("BUILDPLATFORM", "linux/amd64"), ("BUILDOS", "linux"), ("BUILDOSVERSION", ""),
    ("BUILDARCH", "amd64"), ("BUILDVARIANT", ""), ("TARGETPLATFORM", "linux/amd64"),
    ("TARGETOS", "linux"), ("TARGETOSVERSION", ""), ("TARGETARCH", "amd64"),
    ("TARGETVARIANT", ""),
)  # fmt: skip
"""What BuildKit sets for FROM and for ARGs without a value, on the most common platform."""


_NOTHING: Mapping[str, str] = {}


def evaluate(
    file: Dockerfile, arguments: Mapping[str, str] = _NOTHING, targets: Iterable[str] = ()
) -> Build:
    """A parsed file as a build. Never raises; what BuildKit would refuse is in ``problems``.

    ``arguments`` are given to the build (``--build-arg``), ``targets`` are stages that are built
    besides the last one; names of none are passed over.
    """
    build = _Evaluation(file, arguments).build
    found = dict.fromkeys(build.find(name) for name in targets)
    build.targets = tuple(one for one in found if one is not None and one is not build.final)
    return build


def as_text(file: Dockerfile) -> Build:
    """A parsed file of which no stage is walked, for those who look at its text only."""
    build = Build()
    build.file = file
    build.arguments = {}
    build.check_options = CheckOptions()
    build.declared = ()
    stages = sum(one.name == "FROM" for one in file.instructions)
    build.limit = _limit(file, stages) if stages else ""
    build.problems = file.problems
    build.stages = build.targets = ()
    return build


def _limit(file: Dockerfile, stages: int) -> str:
    """What there is too much of to walk the file, if anything."""
    if stages > MAX_STAGES:
        return f"more than {MAX_STAGES:,} stages"
    if len(file.instructions) > MAX_INSTRUCTIONS:
        return f"more than {MAX_INSTRUCTIONS:,} instructions"
    if any(one.is_unread for one in file.instructions):
        return f"more than {MAX_INSTRUCTION:,} characters in an instruction"
    if len(file.comments) > MAX_COMMENTS:
        return f"more than {MAX_COMMENTS:,} lines of comments"
    if sum(len(one.pairs) for one in file.instructions) > MAX_PAIRS:
        return f"more than {MAX_PAIRS:,} variables and labels"
    return ""


class _Values(dict[str, Value]):
    """Global arguments as ``expand`` wants them."""

    def texts(self) -> Mapping[str, str]:
        return {name: value.text for name, value in self.items()}

    def certainty(self, expansion: Expansion) -> int:
        if expansion.unmatched:
            return UNKNOWN
        return min((self[name].certainty for name in expansion.matched), default=FIXED)


class _Evaluation:
    def __init__(self, file: Dockerfile, given: Mapping[str, str]) -> None:
        self._file = file
        self._given = given
        self._problems: list[Problem] = []
        self._arguments = _Values()
        self._declared: dict[str, None] = {}
        self._stages: list[Stage] = []
        self._by_name: dict[str, Stage] = {}
        self._copied = {"scratch"}
        self.build = Build()
        self.build.file = file
        self.build.limit = ""
        self._evaluate()
        self.build.arguments = self._arguments
        self.build.declared = tuple(self._declared)
        self.build.stages = tuple(self._stages)
        self.build.problems = tuple(self._problems)

    def _evaluate(self) -> None:
        file = self._file
        self.build.check_options = CheckOptions()
        if not file.data:
            self._problems.append(Problem("build", "the Dockerfile cannot be empty", 1, 0, 0))
        try:
            self.build.check_options = parse_check_options(file.check)
        except ValueError as error:
            reason = f"failed to parse check options: {error}"
            place = next((found for found in file.directives if found.key == "check"), None)
            bounds = (place.line, place.start, place.end) if place else (1, 0, 0)
            self._problems.append(Problem("build", reason, *bounds))
        if file.data:
            self._problems += file.problems
        starts = [one for one in file.instructions if one.name == "FROM"]
        if not starts:
            if file.instructions and not file.problems:
                last = file.instructions[-1]
                reason = "dockerfile contains no stages to build"
                self._problems.append(Problem("build", reason, last.line, last.start, last.end))
            return
        self.build.limit = _limit(file, len(starts))
        if self.build.limit:
            return
        self._global_arguments()
        self._find_stages()
        links = Links(self._file, self._stages, self._by_name, self._refuse)
        links.connect()
        self._resolve_images(links)
        links.add_triggers()
        self._resolve_copied(links)
        Walker(file, self._arguments, self._given, links, self._refuse).walk(self._stages)

    def _refuse(self, reason: str, instruction: Instruction, *, certain: bool = True) -> Problem:
        bounds = instruction.line, instruction.start, instruction.end
        problem = Problem("build", reason, *bounds, certain)
        self._problems.append(problem)
        return problem

    # Global arguments -------------------------------------------------------------------------

    def _global_arguments(self) -> None:
        for name, text in PLATFORM_ARGUMENTS:
            self._arguments[name] = Value(text, DEFAULT)
        target = [one for one in self._file.instructions if one.name == "FROM"][-1]
        self._arguments["TARGETSTAGE"] = Value(_stage_name(target) or "default", DEFAULT)
        for instruction in self._file.instructions:
            if instruction.name != "ARG":
                break
            if instruction.problem is not None:
                continue
            for pair in instruction.pairs:
                name = pair.key.text
                self._declared[name] = None
                if name in self._given:
                    self._arguments[name] = Value(self._given[name], DEFAULT)
                    continue
                if pair.value is None:
                    continue
                try:
                    found = self._expand(pair.value.text)
                except ExpansionError as error:
                    self._refuse(str(error), instruction)
                    break
                certainty = min(self._arguments.certainty(found), DEFAULT)
                self._arguments[name] = Value(found.text, certainty)
        self._check_epoch()

    def _check_epoch(self) -> None:
        value = self._arguments.get("SOURCE_DATE_EPOCH")
        if value is None or not value.text or isinstance(parse_int(value.text), int):
            return
        names = {_stage_name(one) for one in self._file.instructions if one.name == "FROM"}
        if value.text != "context" and value.text.lower() not in names:
            first = self._file.instructions[0]
            self._refuse(f"invalid SOURCE_DATE_EPOCH: {value.text}", first)

    def _expand(self, text: str) -> Expansion:
        return expand(text, self._arguments.texts(), self._file.escape)

    # Stages -----------------------------------------------------------------------------------

    def _find_stages(self) -> None:
        stage: Stage | None = None
        for instruction in self._file.instructions:
            if instruction.name == "FROM":
                stage = self._begin(instruction)
            elif stage is not None and instruction.problem is None:
                stage.instructions.append(instruction)

    def _begin(self, instruction: Instruction) -> Stage:
        stage = Stage(self._file, len(self._stages), instruction)
        self._stages.append(stage)
        if instruction.problem is not None or not instruction.arguments:
            return stage
        stage.name = _stage_name(instruction)
        base = instruction.arguments[0].text
        try:
            found = self._expand(base)
        except ExpansionError as error:
            stage.problem = self._refuse(str(error), instruction)
            found = Expansion("", (), (), (), ())
        undefined = self._undeclared(found)
        stage.base_name = Value(found.text, self._arguments.certainty(found))
        if not found.text and stage.problem is None:
            reason = f"base name ({base}) should not be blank"
            stage.problem = self._refuse(reason, instruction, certain=stage.base_name.known)
        undefined += self._platform(stage)
        stage.undefined_arguments = tuple(undefined)
        stage.base = self._by_name.get(found.text) if found.text else None
        if stage.name:
            self._by_name[stage.name] = stage
        stage.default_image_problem = _is_no_image(found.text)
        return stage

    def _undeclared(self, found: Expansion) -> list[str]:
        return [
            name
            for name in found.unmatched
            if name not in self._declared and name not in self._arguments
        ]

    def _platform(self, stage: Stage) -> list[str]:
        flag = stage.instruction.flag("platform")
        if flag is None or not flag.value:
            return []
        instruction = stage.instruction
        try:
            found = self._expand(flag.value)
        except ExpansionError as error:
            reason = f"failed to process arguments for platform : {error}"
            stage.problem = stage.problem or self._refuse(reason, instruction)
            return []
        stage.platform_text = Value(found.text, self._arguments.certainty(found))
        stage.platform_matched = found.matched
        reason = ""
        if not found.text:
            reason = f"empty platform value from expression {flag.value}"
        else:
            try:
                stage.platform = parse_platform(found.text)
            except PlatformError as error:
                reason = f"failed to parse platform {flag.value}: {error}"
        if reason and stage.problem is None:
            for name in found.unmatched:
                suggested = did_you_mean(reason, name, list(self._arguments))
                if suggested != reason:
                    reason = suggested
                    break
            stage.problem = self._refuse(reason, instruction, certain=stage.platform_text.known)
        return self._undeclared(found)

    def _resolve_images(self, links: Links) -> None:
        for stage in self._stages:
            stage.variables = Variables({"PATH": Value(DEFAULT_PATH, UNKNOWN)})
            if stage.base is None and stage.base_name.text and not stage.is_scratch:
                try:
                    stage.image = parse_reference(stage.base_name.text)
                except BadReferenceError as error:
                    stage.problem = stage.problem or self._bad_name(
                        stage.base_name.text,
                        error,
                        stage.instruction,
                        certain=stage.base_name.known,
                    )
            if stage.platform is None:
                stage.platform = stage.base.platform if stage.base else DEFAULT_PLATFORM
        self._resolve_copied(links)

    def _resolve_copied(self, links: Links) -> None:
        for name, instruction in links.images:
            if name in self._copied:
                continue
            self._copied.add(name)
            try:
                links.references[name] = parse_reference(name)
            except BadReferenceError as error:
                self._bad_name(name, error, instruction)

    def _bad_name(
        self, name: str, error: BadReferenceError, place: Instruction, *, certain: bool = True
    ) -> Problem:
        reason = f"failed to parse stage name {quote(name)}: {error}"
        return self._refuse(reason, place, certain=certain)


def _stage_name(instruction: Instruction) -> str:
    words = instruction.arguments
    return words[2].text.lower() if len(words) == 3 else ""


def _is_no_image(name: str) -> bool:
    try:
        parse_reference(name)
    except BadReferenceError:
        return True
    return False


def parse_check_options(text: str) -> CheckOptions:
    """What ``# check=`` or a ``check=`` comment asks for.

    Raises:
        ValueError: BuildKit does not understand it; the message is its own.
    """
    text = text.strip()
    options = CheckOptions()
    if not text:
        return options
    for part in text.split(";", 2):
        key, mark, value = part.partition("=")
        if not mark:
            raise ValueError(f"invalid check option {quote(part)}")
        key, value = key.strip(), value.strip()
        names = tuple(name.strip() for name in value.split(","))
        if key == "skip":
            options = (
                options._replace(skip_all=True) if value == "all" else options._replace(skip=names)
            )
        elif key == "experimental":
            options = (
                options._replace(experimental_all=True)
                if value == "all"
                else options._replace(experimental=names)
            )
        elif key == "error":
            switch = parse_bool(value)
            if switch is None:
                reason = f"strconv.ParseBool: parsing {quote(value)}: invalid syntax"
                raise ValueError(f"failed to parse check option {quote(part)}: {reason}")
            options = options._replace(error=switch)
        else:
            raise ValueError(f"invalid check option {quote(key)}")
    return options
