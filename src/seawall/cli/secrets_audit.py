"""``seawall secrets audit``: goes through the secrets that were found and asks about each."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence

from seawall import engine
from seawall.cli import scan
from seawall.cli.baseline import let_branches_merge
from seawall.cli.output import write_atomically
from seawall.cli.settings import baseline_to_write, effective, engine_options, load
from seawall.cli.terminal import END, INTERRUPT, Terminal
from seawall.core.errors import InputError, UsageError
from seawall.core.named_tuple import NamedTuple
from seawall.reports import Sources
from seawall.reports.redacted import redacted
from seawall.reports.visible import cut, visible
from seawall.reports.wording import counted, place, sentence
from seawall.triage import baseline_file
from seawall.triage.auditing import (
    Question,
    decision,
    is_settled_by,
    questions,
    with_entry,
)
from seawall.triage.baseline import ACCEPTED, FALSE, OPEN, REVOKED, ROTATED, Baseline, Entry

_STATES = {"f": FALSE, "r": ROTATED, "v": REVOKED, "a": ACCEPTED, "o": OPEN}
_HELP = """\
  f  false: it is no secret                 s  skip it for now
  r  rotated: others use a new one          u  undo the last decision
  v  revoked: it opens nothing any more     h  show the value, until the next key
  a  accepted: it may stay                  ?  show this
  o  open: still to be dealt with           q  quit; what was decided is written already
  F R V A O  the same, with a reason
"""
_KEYS = "[f]alse [r]otated re[v]oked [a]ccepted [o]pen  [s]kip [u]ndo s[h]ow [?] [q]uit "
_CONTEXT = 2


def audit(options: argparse.Namespace) -> int:
    """Ask about each secret and write down what is decided; gives the exit code."""
    work, path = _plan(options)
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stdout)):
        raise UsageError(
            "secrets audit asks questions, so it needs a terminal: run it in one, or write a "
            f"state into the entries of {path} with an editor"
        )
    result = engine.scan(work)
    if not isinstance(result, engine.Result):
        raise TypeError("a scan without a cache tells no parts")
    known = _known(path)
    asked = questions(result.report.findings, known, result.policy.today, decided_too=options.all)
    if not asked:
        sys.stdout.write("There is nothing to decide.\n")
        return 0
    terminal = Terminal(sys.stdin.fileno(), sys.stdout.fileno())
    dialogue = Dialogue(terminal, asked, path, options.by or _person())
    with terminal.by_keys():
        dialogue.run(redacted(result.texts, result.report))
    if dialogue.decided:
        let_branches_merge(path)
    sys.stdout.write(dialogue.summary())
    return 0


def _is_terminal(stream: object) -> bool:
    return stream is not None and bool(getattr(stream, "isatty", lambda: False)())


def _person() -> str:
    return os.environ.get("USER") or os.environ.get("LOGNAME") or ""


def _plan(options: argparse.Namespace) -> tuple[engine.Options, str]:
    """A scan for everything that is known to be secret, and the baseline it is written to."""
    own = scan.parse([])
    own.targets = options.targets or ["."]
    own.config, own.no_config, own.baseline = options.config, options.no_config, options.baseline
    own.min_confidence, own.no_cache = options.min_confidence, True
    own.write_baseline = ""
    config = load(own)
    settings = effective(own, config)
    path = baseline_to_write(own, config, settings)
    if path is None:
        raise TypeError("a baseline to write was asked for")
    return engine_options(own, config, settings)._replace(baseline=None, fixes=False), path


def _known(path: str) -> Baseline:
    return baseline_file.load(path) if os.path.exists(path) else Baseline((), path)


class _Step(NamedTuple):
    """A decision that may be taken back."""

    question: int
    before: Entry | None
    after: Entry


class Dialogue:
    """Asks one question after the other. Each answer is in the file before the next is asked."""

    def __init__(
        self, terminal: Terminal, asked: Sequence[Question], path: str, person: str
    ) -> None:
        self._terminal = terminal
        self._asked = asked
        self._path = path
        self._person = person
        self._steps: list[_Step] = []
        self._settled: dict[int, int] = {}
        """By question, the one whose answer is true of it, too."""

    @property
    def decided(self) -> int:
        """How many answers there are."""
        return len(self._steps)

    def run(self, sources: Sources) -> None:
        """Ask until there is no more question, or the person quits."""
        index = 0
        while index < len(self._asked):
            if index in self._settled:
                index += 1
                continue
            self._terminal.write(self._shown(index, sources))
            answer = self._answer(index)
            if answer is None:
                return
            index = answer

    def summary(self) -> str:
        """What was decided, and what is left."""
        states = Counter(step.after.state for step in self._steps)
        told = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
        done = {step.question for step in self._steps} | self._settled.keys()
        left = len(self._asked) - len(done)
        decided = (
            f"{counted(len(self._steps), 'decision')} in {self._path}: {told}. " if told else ""
        )
        return f"{decided}{counted(left, 'secret')} left to decide.\n"

    # Answers ----------------------------------------------------------------------------------

    def _answer(self, index: int) -> int | None:
        """Wait for a key that leads on; gives the question to ask next, ``None`` to quit."""
        while True:
            self._terminal.write(_KEYS)
            key = self._terminal.key()
            self._terminal.write("\r\x1b[K")
            state = _STATES.get(key.lower())
            if state is not None:
                reason = self._terminal.line("reason: ") if key.isupper() else ""
                if reason is not None:
                    self._decide(index, state, reason)
                    return index + 1
            elif key in ("s", " "):
                return index + 1
            elif key == "u":
                if self._steps:
                    return self._undo()
                self._terminal.write("There is nothing to undo.\n")
            elif key == "h":
                value = self._asked[index].finding.secret.reveal()
                self._terminal.reveal(value, "any key hides it again ")
            elif key == "?":
                self._terminal.write(_HELP)
            elif key in ("q", INTERRUPT, END):
                return None

    def _decide(self, index: int, state: str, reason: str) -> None:
        question = self._asked[index]
        known = _known(self._path)
        finding = question.finding
        known.prepare([finding])
        after = decision(question, known, state, reason, self._person)
        before = next((e for e in known if with_entry([e], None, after) == []), None)
        self._write(known, after, before)
        self._steps.append(_Step(index, before, after))
        also = [
            number for number, other in enumerate(self._asked)
            if number > index and is_settled_by(question, other, after)
        ]  # fmt: skip
        self._settled.update(dict.fromkeys(also, index))
        more = f"; so {counted(len(also), 'more place')} of it" if also else ""
        self._terminal.write(f"  {state}{more}\n\n")

    def _undo(self) -> int:
        step = self._steps.pop()
        self._write(_known(self._path), step.before, step.after)
        settled = [number for number, by in self._settled.items() if by == step.question]
        for number in settled:
            del self._settled[number]
        self._terminal.write("  undone\n\n")
        return step.question

    def _write(self, known: Baseline, new: Entry | None, old: Entry | None) -> None:
        try:
            write_atomically(self._path, baseline_file.render(with_entry(known, new, old)))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(
                f"cannot write {self._path}: {reason}; the last answer is lost, those before it "
                "are kept: name another file by --baseline"
            ) from error

    # What is shown ----------------------------------------------------------------------------

    def _shown(self, index: int, sources: Sources) -> str:
        question = self._asked[index]
        finding = question.finding
        label = f"{finding.severity.label}[{finding.rule.id}]"
        lines = [
            f"{index + 1} of {len(self._asked)}  {label}  confidence {finding.confidence.label}",
            *(place(each.location) for each in question.findings[:_PLACES]),
        ]
        if len(question.findings) > _PLACES:
            lines.append(f"and {counted(len(question.findings) - _PLACES, 'more place')}")
        lines.append(sentence(finding))
        details = (f"{key}: {finding.details[key]}" for key in _DETAILS if key in finding.details)
        lines += details
        if question.entry is not None and question.entry.state:
            said = (question.entry.state, question.entry.reason, question.entry.by)
            lines.append(f"so far: {', '.join(filter(None, said))}")
        room = self._terminal.columns
        told = [cut(visible(line), room) for line in lines]
        return "\n".join([*told, *_source(question, sources, room), "", ""])


_PLACES = 4
_DETAILS = ("provider", "proof", "about", "revoke", "occurrences")


def _source(question: Question, sources: Sources, room: int) -> list[str]:
    """The line it stands on and those around it, with all secrets that are known blacked out."""
    location = question.finding.location
    if location.span is None:
        return []
    shown = []
    for number in range(location.span.line - _CONTEXT, location.span.line + _CONTEXT + 1):
        text = sources.line(location.path, number) if number > 0 else None
        if text is not None:
            mark = ">" if number == location.span.line else " "
            shown.append(cut(visible(f"{mark}{number:6} | {text}".rstrip()), room))
    return shown
