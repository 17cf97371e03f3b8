"""The RUN that an ONBUILD delays, judged where it stands: it may run in images not seen here."""

from seawall.dockerfile.stages import Step, Value
from seawall.text.dockerfile.expansion import ExpansionError, expand
from seawall.text.dockerfile.mounts import Mount, MountError, parse_mount


def delayed_run(step: Step) -> Step | None:
    """The step that an ``ONBUILD RUN`` stands for, with the values in force at the ONBUILD."""
    inner = step.instruction.inner
    if inner is None or inner.name != "RUN" or inner.problem is not None:
        return None
    run = Step(inner, step.stage, triggered=False)
    run.number = step.number
    run.environment = step.environment
    run.user, run.workdir, run.shell = step.user, step.workdir, step.shell
    run.workdir_set = step.workdir_set
    run.arguments = tuple(Value(word.text) for word in inner.arguments)
    run.mounts = _mounts(run)
    run.mount_sources = (None,) * len(run.mounts)
    return run


def _mounts(run: Step) -> tuple[Mount, ...]:
    found: list[Mount] = []
    escape = run.stage.file.escape
    for flag in run.instruction.flags:
        if flag.name == "mount":
            try:
                found.append(
                    parse_mount(
                        flag.value or "", lambda text: expand(text, run.environment, escape).text
                    )
                )
            except (MountError, ExpansionError):
                return tuple(found)
    return tuple(found)
