"""The day a scan is made on."""


def today() -> str:
    """The day of this machine's clock as ``2027-01-31``."""
    from time import localtime, strftime  # noqa: PLC0415 - a C module, but seldom of use

    return strftime("%Y-%m-%d", localtime())
