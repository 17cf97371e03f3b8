"""How bad a finding is, and how sure we are of it."""

from enum import IntEnum


class Severity(IntEnum):
    """Ordered, so that ``severity >= threshold`` says what it means."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """The word used in reports and on the command line."""
        return _SEVERITIES[self]

    @classmethod
    def parse(cls, text: str) -> "Severity":
        """Read a label; raise ``ValueError`` naming the choices when it is none of them."""
        try:
            return cls[text.upper()]
        except KeyError:
            raise ValueError(f"{text!r} is no severity: choose from {choices(cls)}") from None


class Confidence(IntEnum):
    """How likely it is that the finding is true, given what the scan could see."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2

    @property
    def label(self) -> str:
        """The word used in reports and on the command line."""
        return _CONFIDENCES[self]

    @classmethod
    def parse(cls, text: str) -> "Confidence":
        """Read a label; raise ``ValueError`` naming the choices when it is none of them."""
        try:
            return cls[text.upper()]
        except KeyError:
            raise ValueError(f"{text!r} is no confidence: choose from {choices(cls)}") from None


class Gate(IntEnum):
    """Whether a finding makes a run fail: most do from a severity on."""

    BY_SEVERITY = 0
    NEVER = 1
    """It is shown, and fails nothing: nobody can do anything about it yet, say."""
    ALWAYS = 2
    """It fails every run that may fail, however severe it is: it is known to be exploited, say."""


def choices(scale: type[IntEnum]) -> str:
    """The labels of a scale, worst first, for messages."""
    return ", ".join(member.name.lower() for member in sorted(scale, reverse=True))


# ``name`` goes through a descriptor that costs ten times this, for each finding of a report.
_SEVERITIES = tuple(member.name.lower() for member in Severity)
_CONFIDENCES = tuple(member.name.lower() for member in Confidence)
