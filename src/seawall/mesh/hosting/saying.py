"""What the supervisor says to whoever reads its log."""

import sys


class Voice:
    """Says things, and what is wrong once."""

    def __init__(self) -> None:
        self._faults: dict[str, str] = {}

    def say(self, text: str) -> None:
        """Say something."""
        sys.stderr.write(f"seawall: {text}\n")
        sys.stderr.flush()

    def say_once(self, about: str, fault: str) -> None:
        """Say what is wrong with something, when that is news; empty: nothing is."""
        if fault and fault != self._faults.get(about):
            self.say(f"{about}: {fault}")
        self._faults[about] = fault
