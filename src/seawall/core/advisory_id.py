"""Ids of advisories, by which people speak of vulnerabilities in ignores and selections."""

from collections.abc import Mapping

from seawall.core.lazy import pattern

ABOUT_ADVISORIES = "vulnerable-package"
"""The rule whose findings people mean by the id of an advisory."""
_PREFIXES = (
    "ALAS|ALBA|ALEA|ALPINE-CVE|ALSA|AZL|BELL-CVE|BELL-SA|BIT|CAN|CGA|CLEANSTART|CLSA|CVE|"
    "DEBIAN-CVE|DHI|DLA|DRUPAL|DSA|DTSA|ECHO|EEF|ELA|ELSA|EUVD|GHSA|GO|GSD|HSEC|JLSEC|JVN|KUBE|"
    "LBSEC|LSN|MAL|MGASA|MINI|NSWG-ECO|OESA|OSEC|OSV|OSVDB|PHSA|PSF|PYSEC|RHBA|RHEA|RHSA|RLBA|"
    "RLSA|ROOT|RSEC|RUSTSEC|RXSA|SNYK|SUSE-[A-Z]{2}|OPENSUSE-[A-Z]{2}|TEMP|UBUNTU-CVE|USN|V8"
)
"""The home databases of the OSV schema 1.7, and older ones that records still name."""
_ID = pattern(rf"(?i:(?:{_PREFIXES})-[0-9A-Z][0-9A-Z:._-]*)")


def is_advisory_id(text: str) -> bool:
    """Whether a text is the id of an advisory, and not that of a rule."""
    return len(text) <= 100 and _ID.fullmatch(text.strip()) is not None


def ids_of(details: Mapping[str, object]) -> frozenset[str]:
    """The ids that a finding's vulnerability goes by, in capitals; none for other findings."""
    own = details.get("id")
    if not isinstance(own, str):
        return frozenset()
    aliases = details.get("aliases")
    others = aliases if isinstance(aliases, tuple | list) else ()
    return frozenset(str(item).upper() for item in (own, *others))
