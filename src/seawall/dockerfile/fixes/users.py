"""A user whose number is known, in the idiom of the base."""

from collections.abc import Iterator

from seawall.core.edit import Change, Proposal, Safety
from seawall.core.named_tuple import NamedTuple
from seawall.dockerfile.stages import Stage, Step
from seawall.text.shell.script import Command, Script, ShellWord

NUMBER = 10001
"""Above the numbers that systems give to their own users and to people."""
_VALUES = {
    "adduser": frozenset("-h -g -s -G -u -k --home --gecos --shell --ingroup --uid".split()),
    "addgroup": frozenset(("-g", "--gid")),
    "useradd": frozenset(
        "-u --uid -g --gid -G --groups -d --home-dir --home -s --shell -c --comment -b -k -e -f "
        "-p -K --base-dir --skel --key --password --expiredate --inactive --root -R -Z".split()
    ),
    "groupadd": frozenset("-g --gid -K --key -p --password -R --root -U --users".split()),
}
"""Options with a value: busybox' applets, and shadow's programs."""


class _Made(NamedTuple):
    """A command that makes a user or a group, with its options and its only name."""

    step: Step
    script: Script
    command: Command
    options: list[str]
    name: ShellWord


def numbered(stage: Stage, step: Step, user: str) -> Iterator[Proposal]:
    """Give a user and its group numbers where they are made, and name them by these.

    The user is made once, in the stage itself, and has no number yet; its group is of its own name
    or made likewise.
    """
    made = _made(stage, step.number, ("adduser", "useradd"), user)
    if made is None:
        return
    tool = "busybox" if made.command.name == "adduser" else "shadow"
    number_option = ("-u", "--uid")
    if any(option in made.options for option in number_option):
        return
    wanted = _value(made, "-G" if tool == "busybox" else "-g", "--ingroup", "--gid")
    maker = ("addgroup",) if tool == "busybox" else ("groupadd",)
    group = _made(stage, made.step.number + 1, maker, wanted or user)
    if wanted and (group is None or any(one in group.options for one in ("-g", "--gid"))):
        return
    words = step.instruction.arguments[0]
    changes = [Change(words.start, words.end, f"{NUMBER}:{NUMBER}")]
    texts = _busybox(made, group) if tool == "busybox" else _shadow(made, group)
    if texts is None:
        return
    effect = f"the user is {NUMBER}, and has no directory of its own"
    if tool == "shadow":
        effect = f"the user is {NUMBER}"
    merged = _merged(made, group, texts)
    if merged is not None:
        changes.append(merged)
    else:
        for one, text in zip((group, made), texts, strict=True):
            if one is not None:
                changes.append(Change(one.command.start, one.command.end, text))
    yield Proposal(
        f"Give {user} the number {NUMBER}", tuple(changes), Safety.UNSAFE,
        f"{effect}; files of an older image that belong to another number are not its own",
    )  # fmt: skip


def _made(stage: Stage, before: int, tools: tuple[str, ...], name: str) -> _Made | None:
    """The only command that makes a user or a group, in a RUN before a step."""
    found: list[_Made] = []
    for step in stage.steps:
        if step.name != "RUN" or step.number >= before:
            continue
        for script in step.scripts:
            for command in script.named(*tools):
                one = _read(step, script, command)
                if one is None:
                    return None
                if one.name.value == name:
                    found.append(one)
    return found[0] if len(found) == 1 else None


def _read(step: Step, script: Script, command: Command) -> _Made | None:
    """A command with plain words in one line, not quoted, of one name; ``None`` for others."""
    words = command.words
    data = step.stage.file.data[command.start : command.end].decode("utf-8", "surrogateescape")
    plain = all(word.editable and word.text == word.value for word in words)
    if not plain or not command.top_level or command.assignments or command.redirections:
        return None
    if data.split() != [word.text for word in words] or "\n" in data or not script.is_shell:
        return None
    options: list[str] = []
    names: list[ShellWord] = []
    values = _VALUES[command.name]
    at = 1
    while at < len(words):
        text = words[at].text
        if text.startswith("-"):
            options.append(text)
            if text in values and at + 1 < len(words):
                options.append(words[at + 1].text)
                at += 1
        else:
            names.append(words[at])
        at += 1
    return _Made(step, script, command, options, names[0]) if len(names) == 1 else None


def _value(made: _Made, *names: str) -> str:
    options = made.options
    for place, option in enumerate(options):
        if option in names and place + 1 < len(options):
            return options[place + 1]
        name, equals, value = option.partition("=")
        if equals and name in names:
            return value
    return ""


def _busybox(made: _Made, group: _Made | None) -> tuple[str, str] | None:
    """``addgroup`` and ``adduser`` of busybox: system accounts without password and directory."""
    if "-S" not in made.options or (group is not None and "-S" not in group.options):
        return None
    own = [option for option in ("-D", "-H") if option not in made.options]
    home = "-h" in made.options
    lead = [option for option in own if not (home and option == "-H")]
    rest = [option for option in made.options if option != "-S"]
    user = ["adduser", "-S", *lead, "-u", str(NUMBER), *rest, made.name.text]
    first = ""
    if group is not None:
        others = [option for option in group.options if option != "-S"]
        first = " ".join(["addgroup", "-S", "-g", str(NUMBER), *others, group.name.text])
    return (first, " ".join(user)) if group is not None else None


def _shadow(made: _Made, group: _Made | None) -> tuple[str, str] | None:
    """``groupadd`` and ``useradd`` of shadow; without a group the user gets one of its number."""
    first = ""
    if group is not None:
        first = " ".join(["groupadd", "--gid", str(NUMBER), *group.options, group.name.text])
    elif any(option in made.options for option in ("-N", "--no-user-group")):
        return None
    user = ["useradd", "--uid", str(NUMBER), *made.options, made.name.text]
    return first, " ".join(user)


def _merged(made: _Made, group: _Made | None, texts: tuple[str, str]) -> Change | None:
    """One RUN of two that stand directly below each other and make just the group and the user."""
    if group is None or group.step is made.step or made.step.number != group.step.number + 1:
        return None
    for one in (group, made):
        instruction = one.step.instruction
        alone = len(one.script.commands) == 1 and len(one.step.scripts) == 1
        if not alone or instruction.flags or instruction.inner_comments:
            return None
    data = made.step.stage.file.data
    if data[group.step.instruction.end : made.step.instruction.start].strip():
        return None
    return Change(group.command.start, made.command.end, " && ".join(texts))
