"""Commands that run others: where the other command, or the script, is among their words."""

from seawall.core.named_tuple import NamedTuple
from seawall.text.shell.script import SHELLS


class Runner(NamedTuple):
    """How a command takes its options before the command that it runs.

    ``with_value``: options whose value is the next word; ``operands``: words before the command;
    ``assignments``: ``NAME=value`` may stand before it.
    """

    with_value: frozenset[str] = frozenset()
    operands: int = 0
    assignments: bool = False


def _runner(options: str = "", operands: int = 0, *, assignments: bool = False) -> Runner:
    return Runner(frozenset(options.split()), operands, assignments)


_SUDO = "-u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --chroot --role"
RUNNERS: dict[str, Runner] = {
    "sudo": _runner(_SUDO, assignments=True),
    "doas": _runner("-u -C"),
    "env": _runner("-u -C --unset --chdir", assignments=True),
    "exec": _runner("-a"),
    "command": _runner(),
    "builtin": _runner(),
    "time": _runner("-f -o --format --output"),
    "nice": _runner("-n --adjustment"),
    "ionice": _runner("-c -n -p --class --classdata"),
    "nohup": _runner(),
    "setsid": _runner(),
    "stdbuf": _runner("-i -o -e --input --output --error"),
    "timeout": _runner("-s -k --signal --kill-after", operands=1),
    "xargs": _runner(
        "-n -P -I -L -d -E -s -a --max-args --max-procs --replace --max-lines --delimiter "
        "--arg-file --max-chars"
    ),
    "gosu": _runner(operands=1),
    "su-exec": _runner(operands=1),
    "chroot": _runner(operands=1),
    "setpriv": _runner("--reuid --regid --groups --bounding-set --inh-caps --ambient-caps"),
    "fakeroot": _runner("-l -s -i -b"),
    "tini": _runner("-p -e"),
    "dumb-init": _runner("-r --rewrite"),
    "catchsegv": _runner(),
    "eatmydata": _runner(),
}
"""By name. ``runuser`` and ``su`` take a user and a script and are treated apart."""
NAMES = frozenset((*RUNNERS, "eval", "su", "runuser", *SHELLS))
"""All that may run another command, or a script."""

_NOT_RUN = {"command": ("-v", "-V"), "sudo": ("-l", "-v", "-k", "-K", "-e", "--list")}
_SHELL_OPTIONS_WITH_VALUE = frozenset(("-o", "+o", "-O", "+O", "--rcfile", "--init-file"))


def run_from(name: str, values: list[str | None]) -> int | None:
    """Where, among the words behind its name, the command begins that a command runs."""
    runner = RUNNERS.get(name)
    if runner is None:
        return None
    refused = _NOT_RUN.get(name, ())
    operands = runner.operands
    at = 0
    while at < len(values):
        value = values[at]
        if value is None:
            return at if not operands else _skip(values, at, operands)
        if value in refused:
            return None
        if value == "--":
            at += 1
            break
        if value.startswith("-") and value != "-":
            at += 2 if value in runner.with_value else 1
        elif runner.assignments and _is_assignment(value):
            at += 1
        else:
            break
    return _skip(values, at, operands)


def _skip(values: list[str | None], at: int, operands: int) -> int | None:
    at += operands
    return at if at < len(values) else None


def _is_assignment(value: str) -> bool:
    name, mark, _ = value.partition("=")
    return bool(mark) and name.replace("_", "a").isalnum() and not name[0].isdigit()


def script_at(name: str, values: list[str | None]) -> int | None:
    """Which of its words a command runs as a script: ``sh -c``, ``su -c``, ``eval``."""
    if name == "eval":
        return 0 if len(values) == 1 else None
    if name in {"su", "runuser"}:
        return _after(values, ("-c", "--command"))
    if name == "busybox" and values and values[0] in SHELLS:
        found = script_at("sh", values[1:])
        return None if found is None else found + 1
    if name not in SHELLS:
        return None
    at = 0
    has_script = False
    while at < len(values):
        value = values[at]
        if value is None or value in {"-", "--"} or not value.startswith(("-", "+")):
            break
        if value in _SHELL_OPTIONS_WITH_VALUE:
            at += 1
        elif not value.startswith("--"):
            has_script = has_script or (value[0] == "-" and "c" in value)
            at += "o" in value[1:]
        at += 1
    if at < len(values) and values[at] in {"-", "--"}:
        at += 1
    return at if has_script and at < len(values) else None


def _after(values: list[str | None], options: tuple[str, ...]) -> int | None:
    for at, value in enumerate(values[:-1]):
        if value in options:
            return at + 1
    return None


def reads_script_from_input(name: str, values: list[str | None]) -> bool:
    """Whether a command runs the script that it reads: ``bash``, ``sh -e``, ``bash -s x``."""
    if name not in SHELLS or name == "busybox":
        return False
    if script_at(name, values) is not None:
        return False
    for value in values:
        if value == "-s":
            return True
        if value is None or not value.startswith(("-", "+")) or value == "-":
            return value == "-"
    return True


def language_of(program: str) -> str:
    """The language that a program reads: the last part of its path, without ``.exe``."""
    name = program.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    return "powershell" if name == "pwsh" else name
