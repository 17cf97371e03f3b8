"""Takes options away that switch a check off, and rights that nobody should have."""

from collections.abc import Iterator

from seawall.core.edit import Change, Proposal, Safety
from seawall.core.lazy import pattern
from seawall.dockerfile import editing
from seawall.dockerfile.stages import Step
from seawall.text.shell.script import Command, ShellWord

_CLUSTER = pattern(r"-[A-Za-z]{2,}")


def without_option(
    step: Step, command: Command, option: ShellWord, effect: str, *, letter: str = "",
    has_value: bool = False,
) -> Iterator[Proposal]:  # fmt: skip
    """Drop an option, or its ``letter`` of several in one word; with its value, the next word."""
    words = command.words
    place = words.index(option)
    if place == 0 or step.instruction.is_json:
        return
    if letter and _CLUSTER.fullmatch(option.text) and option.text == option.value:
        change = editing.replace_word(option, option.text.replace(letter, "", 1))
    else:
        change = editing.remove_word(step, words[place - 1], option)
        if has_value and "=" not in option.text and change is not None:
            if place + 1 >= len(words):
                return
            second = editing.remove_word(step, option, words[place + 1])
            change = None if second is None else Change(change.start, second.end, "")
    if change is not None:
        title = f"Drop {'-' + letter if letter else option.text.partition('=')[0]}"
        yield Proposal(title, (change,), Safety.UNSAFE, effect)


# Modes ----------------------------------------------------------------------------------------

_OCTAL = pattern(r"[0-7]{3,4}")
_EVERYBODY = pattern(r"[ugo]*[ao][ugao]*([+=])([rwxX]+)")


def closed_mode(mode: str) -> str | None:
    """A mode without the right to write for others and for the group; ``None`` where it has none.

    777 becomes 755, ``a+w`` becomes ``u+w``.
    """
    if _OCTAL.fullmatch(mode):
        digits = f"{int(mode, 8) & ~0o022:o}".rjust(3, "0")
        return digits.rjust(len(mode), "0")
    found = _EVERYBODY.fullmatch(mode)
    if found is None or "w" not in found[2]:
        return None
    rest = found[2].replace("w", "")
    if "a" in mode.partition(found[1])[0] or "u" in mode.partition(found[1])[0]:
        others = f",go{found[1]}{rest}" if rest else ""
        return f"u{found[1]}{found[2]}{others}"
    return f"o{found[1]}{rest}" if rest else None


def owner_writes(command: Command, word: ShellWord) -> Iterator[Proposal]:
    """Let chmod give the right to write to the owner alone."""
    mode = closed_mode(word.text)
    change = None if mode is None else editing.replace_word(word, mode)
    if change is not None and command.name == "chmod":
        yield Proposal(
            f"Give mode {mode}", (change,), Safety.UNSAFE,
            "other users than the owner can no longer write there",
        )  # fmt: skip


def copied_closed(step: Step) -> Iterator[Proposal]:
    """The same for COPY and ADD ``--chmod``: who copies owns the files."""
    flag = step.instruction.flag("chmod")
    mode = None if flag is None else closed_mode(flag.value or "")
    if (
        flag is not None
        and mode is not None
        and flag.end - flag.value_start == len(flag.value or "")
    ):
        yield Proposal(
            f"Give mode {mode}", (Change(flag.value_start, flag.end, mode),), Safety.UNSAFE,
            "other users than the owner can no longer write there",
        )  # fmt: skip
