"""Exceptions whose message says what to do next, each with the exit code it leads to."""


class SeawallError(Exception):
    """Any error that is meant to be read by the person who ran the command."""

    exit_code = 4


class UsageError(SeawallError):
    """A command line, a configuration or a selection that cannot be carried out."""

    exit_code = 2


class InputError(SeawallError):
    """Something that was named could not be read."""

    exit_code = 3
