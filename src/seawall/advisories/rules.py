"""The rules about packages that something is known of."""

from functools import cache

from seawall.advisories import advisory
from seawall.advisories.exposure import Exposure
from seawall.advisories.rule import Context, exposure_rule, runtime_rule
from seawall.advisories.support import Ended
from seawall.core.rule import OPT_IN, Hit, Hits, Parameter, Rule
from seawall.core.severity import Confidence, Gate, Severity

_MAINTENANCE = frozenset((advisory.UNMAINTAINED, advisory.UNSOUND, advisory.NOTICE))
_DOUBTED = frozenset((advisory.DISPUTED, advisory.UNSUPPORTED))

_NOT_MENDED = {
    advisory.WILL_NOT_FIX: "its distribution will not mend it",
    advisory.FIX_DEFERRED: "its distribution has put off mending it",
    advisory.END_OF_LIFE: "its distribution no longer mends this release",
    advisory.UNDER_INVESTIGATION: "it is still being looked into",
}


@exposure_rule(
    "vulnerable-package",
    severity=Severity.MEDIUM,
    remedy="Upgrade to a version that is not affected, or replace the package.",
    parameters=(
        Parameter("fail-unfixed", False, "whether what no version mends fails a run as well"),
        Parameter("fail-development", False, "whether packages for development alone do as well"),
        Parameter(
            "fail-known-exploited", True, "whether what is known to be exploited always fails a run"
        ),
        Parameter(
            "fail-from-epss", 0,
            "the chance of being exploited within 30 days, in percent, from which a vulnerability "
            "always fails a run; 0 for none",
        ),
    ),
)  # fmt: skip
def vulnerable_package(exposure: Exposure, context: Context) -> Hits:
    """A package must not have a vulnerability that is known.

    Reports each vulnerability of each package that lock files, manifests, SBOMs and images name
    with a version: once, whatever the number of records about it. How bad it is says the
    distribution for its own package, else the advisory, else the CVE's numbering authority, else
    NVD; where nobody says, it counts as medium.

    A run fails for what can be mended and reaches the threshold, and for what is known to be
    exploited (CISA's catalogue), in what runs in production. What nobody has mended yet and what
    is only needed for development is shown, and fails nothing unless the parameters say so.

    Why:

    Attackers read the same advisories. From the day one is published the way in is known to all,
    and scanners for it run within hours.

    Bad:

        Jinja2==2.4.1

    Good:

        Jinja2==3.1.6

    Not reported: what an advisory that was taken back says, what a VEX document says does not
    affect the product, and vulnerabilities of packages whose version is not known (those are
    listed as not covered).

    References:
        https://ossf.github.io/osv-schema/
        https://www.cisa.gov/known-exploited-vulnerabilities-catalog
        https://www.first.org/epss/
    """
    vulnerability = exposure.vulnerability
    if advisory.MALICIOUS in vulnerability.flags or _MAINTENANCE & _flags(exposure):
        return
    severity = exposure.match.severity
    if severity is None:
        severity = vulnerability.severity
    doubted = bool(_DOUBTED & _flags(exposure))
    yield Hit(
        _message(exposure, unrated=severity is None),
        severity=severity,
        confidence=Confidence.MEDIUM if doubted else Confidence.HIGH,
        remedy=_remedy(exposure),
        evidence=vulnerability.id,
        gate=_gate(exposure, context),
    )


def _flags(exposure: Exposure) -> frozenset[str]:
    return frozenset((*exposure.vulnerability.flags, *exposure.match.flags))


def _gate(exposure: Exposure, context: Context) -> Gate:
    rule, vulnerability = vulnerable_package, exposure.vulnerability
    if exposure.package.development and not context.parameter(rule, "fail-development"):
        return Gate.NEVER
    if vulnerability.known_exploited and context.parameter(rule, "fail-known-exploited"):
        return Gate.ALWAYS
    percent = context.integer(rule, "fail-from-epss")
    if percent > 0 and (vulnerability.epss or 0) * 100 >= percent:
        return Gate.ALWAYS
    if exposure.is_fixable or context.parameter(rule, "fail-unfixed"):
        return Gate.BY_SEVERITY
    return Gate.NEVER


def _message(exposure: Exposure, *, unrated: bool) -> str:
    vulnerability, match = exposure.vulnerability, exposure.match
    facts = []
    if match.fixed:
        facts.append(f"mended in {match.fixed[0]}")
    else:
        facts.append(_NOT_MENDED.get(match.status, "no version mends it yet"))
    if vulnerability.known_exploited:
        facts.append("known to be exploited")
    if vulnerability.epss is not None and vulnerability.epss >= _WORTH_TELLING:
        facts.append(f"a chance of {vulnerability.epss:.0%} to be exploited within 30 days")
    if unrated:
        facts.append("nobody has rated it")
    if exposure.package.development:
        facts.append("for development only")
    flags = [word for word in (advisory.DISPUTED,) if word in _flags(exposure)]
    title = f": {vulnerability.title}" if vulnerability.title else ""
    return f"{vulnerability.id}{title} ({'; '.join((*facts, *flags))})"


_WORTH_TELLING = 0.1


def _remedy(exposure: Exposure) -> str:
    """One for all vulnerabilities of a package, so that they are told together."""
    package, upgrade = exposure.package, exposure.upgrade
    name = f"{package.name} {package.version}".rstrip()
    if upgrade.versions:
        nearest, *later = upgrade.versions
        text = f"Upgrade {name} to {nearest}"
        if later:
            text += f" (or {', '.join(later)})"
        if upgrade.left:
            text += f", which has {upgrade.left} of them still: nothing mends these yet"
    else:
        text = f"Nothing mends {name} yet: replace it, or make sure that it cannot be reached"
    if upgrade.held_back_by:
        text += f"; it is held back by {', '.join(upgrade.held_back_by)}, which must go first"
    if len(exposure.chain) > 1:
        text += f". It is brought in by {' > '.join(exposure.chain[:-1])}"
    return f"{text}."


@exposure_rule(
    "malicious-package",
    severity=Severity.CRITICAL,
    remedy="Remove it, and treat every secret of the machines that installed it as stolen.",
)
def malicious_package(exposure: Exposure, context: Context) -> Hits:
    """A package must not be one that was published to do harm.

    Reports packages that the OpenSSF's list of malicious packages and other advisories name: names
    that look like those of well-known packages, accounts that were taken over, thieves of
    credentials.

    Why:

    It runs with all that the build or the app may do, from the moment it is installed.

    Bad:

        cryptographyio==1.0.0

    Good:

        cryptography==46.0.3

    References:
        https://github.com/ossf/malicious-packages
    """
    if advisory.MALICIOUS in exposure.vulnerability.flags:
        vulnerability = exposure.vulnerability
        title = f": {vulnerability.title}" if vulnerability.title else ""
        yield Hit(
            f"{vulnerability.id}{title} (published to do harm)",
            evidence=vulnerability.id,
            gate=Gate.ALWAYS,
        )


@exposure_rule(
    "unmaintained-package",
    severity=Severity.LOW,
    profile=OPT_IN,
    remedy="Move to a package that is cared for; the advisory often names one.",
)
def unmaintained_package(exposure: Exposure, context: Context) -> Hits:
    """A package should be one that somebody cares for.

    Reports packages whose own ecosystem says that nobody maintains them, or that they are unsound
    in a way that is no vulnerability by itself (RustSec's informational advisories).

    Why:

    The next vulnerability in it will not be mended.

    Bad:

        [[package]]
        name = "atty"
        version = "0.2.14"
        source = "registry+https://registry.example.org/index"

    Good:

        [[package]]
        name = "serde"
        version = "1.0.228"
        source = "registry+https://registry.example.org/index"

    References:
        https://rustsec.org/advisories/
    """
    found = _MAINTENANCE & _flags(exposure)
    if found and advisory.MALICIOUS not in exposure.vulnerability.flags:
        vulnerability = exposure.vulnerability
        title = f": {vulnerability.title}" if vulnerability.title else ""
        yield Hit(
            f"{vulnerability.id}{title} ({', '.join(sorted(found))})",
            evidence=vulnerability.id,
            gate=Gate.NEVER,
        )


@runtime_rule(
    "end-of-life-runtime",
    severity=Severity.MEDIUM,
    remedy="Move to a release line that still gets security fixes.",
)
def end_of_life_runtime(ended: Ended, context: Context) -> Hits:
    """A runtime must be one that still gets security fixes.

    Reports runtimes that a project names (``.python-version``, ``.nvmrc``, ``.tool-versions``,
    ``go.mod``), distributions that packages are of, and official images that Dockerfiles build on
    (``golang:1.19``), whose release line has reached the end of its security support.

    Why:

    What is found in it from that day on is published, and never mended. Its libraries stop being
    tested with it as well.

    Bad:

        3.7.17

    Good:

        3.14.2

    Not reported: base images that ``base-image-eol`` reports, and those of other publishers. Of
    Debian the end is that of its long-term support, which is for everybody.

    References:
        https://endoflife.date/
    """
    cycle = ended.cycle
    since = f" since {cycle.end_of_life}" if cycle.end_of_life[:1].isdigit() else ""
    hit = Hit(
        f"{cycle.product} {cycle.cycle} has had no security fixes{since}",
        evidence=f"{cycle.product} {cycle.cycle}",
    )
    if ended.successors:
        lines = ", ".join(
            f"{line.cycle} (until {line.end_of_life})" if line.end_of_life[:1].isdigit()
            else line.cycle
            for line in ended.successors[:3]
        )  # fmt: skip
        hit = hit._replace(remedy=f"Move to a release line that gets security fixes: {lines}.")
    yield hit


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule about known vulnerabilities, in the order of their ids."""
    rules = [value for value in globals().values() if isinstance(value, Rule)]
    return tuple(sorted(set(rules), key=lambda rule: rule.id))
