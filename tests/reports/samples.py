"""Reports built by hand from real rules: a calm one, an empty one and a hostile one."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from seawall.core.edit import Edit, Fix, Safety
from seawall.core.finding import Finding, Related, Subject, fingerprint
from seawall.core.location import KeyPath, Location, Span
from seawall.core.report import (
    Coverage,
    Failed,
    NotCovered,
    Report,
    RuleFault,
    Skipped,
    Suppressed,
)
from seawall.core.rule import Hits, Rule
from seawall.core.severity import Confidence, Severity
from seawall.kubernetes.rules import all_rules
from seawall.reports import Options, write

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      hostNetwork: true  # the old load balancer wanted this
      containers:
        - name: app
          image: registry.example.org/shop/web:latest
          securityContext:
            privileged: true
        - name: metrics
          image: registry.example.org/shop/metrics:1.4
          securityContext:
            privileged: true
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
"""
DOCKERFILE = "FROM debian\nENV TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ012345\nRUN make\n"
SECRET = "ghp_0123456789abcdefghijABCDEFGHIJ012345"


class Texts(NamedTuple):
    """Sources held in memory."""

    files: dict[str, str]

    def line(self, path: str, number: int) -> str | None:
        lines = self.files[path].split("\n") if path in self.files else []
        return lines[number - 1] if 0 < number <= len(lines) else None


SOURCES = Texts({"shop/web.yaml": WEB, "shop/service.yaml": SERVICE, "Dockerfile": DOCKERFILE})


def real_rule(id_: str) -> Rule:
    """A rule of the catalogue."""
    return next(rule for rule in all_rules() if rule.id == id_)


def _undocumented(_: object) -> Hits:
    return ()


def made_rule(id_: str, domain: str, severity: Severity = Severity.HIGH) -> Rule:
    """A rule such as a team may bring: without a manual."""
    return Rule(
        _undocumented, id=id_, domain=domain, scope="x", severity=severity, profile="security",
        remedy="Take the token out of the image and revoke it.",
    )  # fmt: skip


def span_of(text: str, part: str, occurrence: int = 0) -> Span:
    """Where a part stands in a text."""
    at = -1
    for _ in range(occurrence + 1):
        at = text.index(part, at + 1)
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return Span(line, column, line, column + len(part))


def finding(
    rule: Rule | str,
    message: str,
    location: Location,
    subject: Subject,
    **changes: object,
) -> Finding:
    """A finding with what its rule says of itself."""
    rule = real_rule(rule) if isinstance(rule, str) else rule
    made = Finding(
        rule, rule.severity, rule.confidence, message, rule.remedy, subject, location
    )  # fmt: skip
    return made._replace(**changes)  # type: ignore[arg-type]


def _in_web(part: str, key_path: KeyPath, occurrence: int = 0) -> Location:
    return Location("shop/web.yaml", 0, key_path, span_of(WEB, part, occurrence))


def _privileged(container: str, occurrence: int) -> Finding:
    keys: KeyPath = (
        "spec", "template", "spec", "containers", occurrence, "securityContext", "privileged"
    )  # fmt: skip
    start = WEB.encode().index(b"true", WEB.index("privileged: true"))
    fix = Fix(
        "Set privileged to false",
        Safety.UNSAFE,
        (Edit("shop/web.yaml", start, start + 4, "false"),),
    )
    return finding(
        "privileged-container",
        "runs privileged",
        _in_web("privileged: true", keys, occurrence),
        Subject("Deployment", "shop", "web", container),
        fixes=(fix,),
    )


def shop() -> Report:
    """What a small scan of a shop says."""
    web = Subject("Deployment", "shop", "web")
    pod: KeyPath = ("spec", "template", "spec")
    service = Location("shop/service.yaml", 0, ("spec", "selector"), span_of(SERVICE, "{app: web}"))
    findings = (
        finding(
            made_rule("github-token", "secrets", Severity.CRITICAL),
            "holds a GitHub personal access token",
            Location("Dockerfile", 0, (), span_of(DOCKERFILE, SECRET)),
            Subject("Dockerfile"),
            evidence="salted",
            details={"redacted": "ghp_****", "hash": "00ff", "validity": "unknown"},
        ),
        finding(
            "host-network",
            "shares the network namespace of its node",
            _in_web("hostNetwork: true", (*pod, "hostNetwork")),
            web,
            related=(Related(service, "this Service makes it reachable"),),
        ),
        finding(
            "image-tag-mutable",
            'uses the tag "latest", which means another image tomorrow',
            _in_web("registry.example.org/shop/web:latest", (*pod, "containers", 0, "image")),
            web._replace(container="app"),
            confidence=Confidence.MEDIUM,
        ),
        _privileged("app", 0),
        _privileged("metrics", 1),
        finding(
            "readiness-probe-missing",
            "has no readiness probe",
            _in_web("name: metrics", (*pod, "containers", 1, "readinessProbe")),
            web._replace(container="metrics"),
            severity=Severity.LOW,
        ),
    )
    ignored = finding(
        "read-only-root-filesystem",
        "can write to its root filesystem",
        _in_web("name: app", (*pod, "containers", 0)),
        web._replace(container="app"),
    )
    coverage = Coverage(
        read=("Dockerfile", "shop/clean.yaml", "shop/service.yaml", "shop/web.yaml"),
        skipped=(Skipped(".git", "version control data"),),
        not_covered=(
            NotCovered("chart", "Helm chart", "helm is not installed", "Install helm 3 or 4."),
        ),
        failed=(Failed("shop/broken.yaml", 3, 7, "a mapping value is not allowed here"),),
    )
    return Report(
        findings,
        (Suppressed(ignored, "accepted until June: the app writes its cache there"),),
        coverage,
        "2026.1",
        objects=2,
        rules=99,
    )


def clean() -> Report:
    """Files were judged and nothing was found."""
    return Report((), (), Coverage(read=("a.yaml", "b.yaml")), "2026.1", objects=3, rules=99)


def nothing() -> Report:
    """Nothing was read."""
    return Report((), (), Coverage(skipped=(Skipped("README.md", "no format of ours"),)), "2026.1")


NASTY = (
    "\x1b[31mred\x1b[0m \x07 \x9b2J \u202eevil\u202c <script>alert(1)</script> "
    "<img src=x onerror=alert(2)> ](javascript:alert(3)) `tick` | pipe | @team #1 !2 "
    "~label ##[error]no ##vso[task.x]y "
    "]]> & \" ' %0A::error::no {0} \x00 \ufffe https://evil.example/ www.evil.example"
    "\n::warning::injected\r\n# heading\u2028after\u0085next </style></script><!-- --> "
    "{{ .Values.image }} \u200b\uff41\u0301"
)


def hostile() -> Report:
    """Every string a stranger can choose is an attack."""
    rule = made_rule("team/rule", "policy")
    nasty = Subject(NASTY, NASTY, NASTY, NASTY)
    where = Location(f"dir/{NASTY}", 0, (NASTY, 0, NASTY), Span(1, 5, 1, 40))
    whole = Location(f"dir/{NASTY}", 0, (), None)
    fix = Fix(NASTY, Safety.SAFE, (Edit(NASTY, 0, 1, NASTY), Edit("x", 2, 2, "")))
    related = (Related(where, NASTY), Related(whole, NASTY))
    attack = finding(
        rule, NASTY + LONE, where, nasty, remedy=NASTY + LONE, related=related, fixes=(fix, fix)
    )
    second = attack._replace(location=whole, subject=Subject(), severity=Severity.INFO)
    third = finding("host-network", NASTY, where, Subject("Pod", "", "x"), severity=Severity.MEDIUM)
    coverage = Coverage(
        (NASTY + LONE, "::error::path"),
        (Skipped(NASTY + LONE, NASTY),),
        (NotCovered(NASTY + LONE, NASTY, NASTY, NASTY),) * 12,
        (Failed(NASTY + LONE, 1, 2, NASTY), Failed("x", 0, 0, NASTY)),
    )
    faults = (RuleFault(NASTY, NASTY, NASTY, NASTY),)
    suppressed = (Suppressed(attack, NASTY), Suppressed(second, NASTY))
    return Report(
        (attack, second, third), suppressed, coverage, "2026.1", objects=1, rules=1, faults=faults
    )


LONE = "\ud800 \udcff"
"""Surrogates, which UTF-8 cannot hold: from YAML escapes and from file names in other encodings."""

HOSTILE_SOURCES = Texts({f"dir/{NASTY}": NASTY.replace("\n", " ") + "\n" + NASTY * 40})


def text_of(
    format_: str,
    report: Report,
    sources: Texts = SOURCES,
    options: Options | None = None,
) -> str:
    """The whole text of a report."""
    return "".join(pieces(format_, report, sources, options))


def pieces(
    format_: str, report: Report, sources: Texts = SOURCES, options: Options | None = None
) -> Iterator[str]:
    """A report in the pieces its writer yields."""
    return write(format_, report, sources, options or Options())


def fingerprints(findings: Iterable[Finding]) -> list[str]:
    """One fingerprint for each finding, told apart the plain way: what writers must equal."""
    marks = [fingerprint(finding) for finding in findings]
    counts = [marks[: number + 1].count(mark) for number, mark in enumerate(marks)]
    return [
        mark if count == 1 else f"{mark}-{count}" for mark, count in zip(marks, counts, strict=True)
    ]


def is_sorted(numbers: list[int]) -> bool:
    """Whether numbers never fall."""
    return all(first <= second for first, second in pairwise(numbers))
