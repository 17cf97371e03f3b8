"""A small database for tests: a few records of every kind, made up."""

from pathlib import Path

from seawall.advisories.advisory import (
    MALICIOUS,
    UNMAINTAINED,
    Advisory,
    Affected,
    Cycle,
    Events,
    Metadata,
    Record,
    Score,
)
from seawall.advisories.build import Builder, Origin

DAY = "2026-08-22"
RECORDS = (
    Advisory(
        "GHSA-462w-v97r-4m45", "osv-pypi", (Affected("PyPI", "jinja2", (Events("0", "2.10.1"),)),),
        aliases=("CVE-2019-10906", "PYSEC-2019-217"), summary="Jinja2 sandbox escape",
        scores=(Score("ghsa", "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:N"),),
        cwes=("CWE-693",), references=("https://example.org/jinja2",), published="2019-04-10",
    ),
    Advisory(
        "CVE-2014-0012", "osv-pypi", (Affected("PyPI", "jinja2", (Events("0", "2.7.3"),)),),
        summary="Temporary directories of others", scores=(Score("nvd", word="low"),),
    ),
    Advisory(
        "PYSEC-2024-1", "osv-pypi", (Affected("PyPI", "jinja2", (Events("2.0", "2.11.3"),)),),
        aliases=("CVE-2020-28493",), summary="Slow regular expression",
    ),
    Advisory(
        "PYSEC-2024-2", "osv-pypi", (Affected("PyPI", "unmended", (Events("0"),)),),
        aliases=("CVE-2024-2222",), summary="Nothing mends it",
        scores=(Score("nvd", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),),
    ),
    Advisory(
        "MAL-2024-1", "osv-pypi", (Affected("PyPI", "cryptographyio", (Events("0"),)),),
        summary="Steals credentials", flags=(MALICIOUS,),
    ),
    Advisory(
        "RUSTSEC-2024-0375", "osv-crates.io", (Affected("crates.io", "atty", (Events("0"),)),),
        summary="`atty` is unmaintained", flags=(UNMAINTAINED,),
    ),
    Advisory(
        "GHSA-35jh-r3h4-6jhm", "osv-npm",
        (Affected("npm", "lodash", (Events("0", "4.17.21"),)),),
        aliases=("CVE-2021-23337",), summary="Command injection in lodash",
        scores=(Score("ghsa", "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H"),),
    ),
)  # fmt: skip
METADATA = (
    Metadata("CVE-2020-28493", "kev", known_exploited="2024-01-02"),
    Metadata("CVE-2021-23337", "epss", epss=0.42, epss_percentile=0.97),
)
CYCLES = (
    Cycle("python", "3.14", "2025-10-07", end_of_life="2030-10-31", latest="3.14.2"),
    Cycle("python", "3.7", "2018-06-27", end_of_life="2023-06-27", latest="3.7.17"),
)


def build(path: Path, *, advisories: int | None = None) -> str:
    """Make it, with the first of the advisories only or with all; gives its path."""
    builder = Builder(str(path))
    groups: tuple[tuple[Record, ...], ...] = (RECORDS[:advisories], METADATA, CYCLES)
    for number, records in enumerate(groups):
        origin = Origin(f"source-{number}", "A source", "CC0-1.0", until=DAY)
        builder.add(origin, iter(records))
    builder.finish()
    return str(path)
