"""A tool's checks turned off and on in terms of our rules."""

from seawall import equivalents
from seawall.configuration.foreign.words import Word


class Switches:
    """Turns a tool's checks off and on in terms of our rules."""

    def __init__(self, tool: str, path: str) -> None:
        self.ignore: list[Word] = []
        self.enable: list[Word] = []
        self.partial: list[tuple[str, int]] = []
        """Checks that are off but share each of their rules with others: their findings are
        hidden one by one."""
        self.unknown: list[tuple[str, int]] = []
        self._tool = tool
        self._path = path

    def off(self, check: str, line: int, said: str) -> None:
        """Do not run what a check finds."""
        whole = equivalents.replaced_by(self._tool, check)
        for rule in whole:
            self.ignore.append(Word(rule.id, self._origin(line), said))
        if len(whole) < len(equivalents.rules_of(self._tool, check)):
            self.partial.append((check, line))

    def on(self, check: str, line: int, said: str) -> None:
        """Run what a check finds, whatever the profile."""
        rules = equivalents.rules_of(self._tool, check)
        for rule in rules:
            self.enable.append(Word(rule.id, self._origin(line), said))
        if not rules:
            self.unknown.append((check, line))

    def _origin(self, line: int) -> str:
        return f"{self._path}:{line}" if line else self._path
