"""``seawall self-check``: what is installed, what is missing, what is not covered without it.

Nothing of the scan is imported at module level, so that it still answers when that is broken.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from seawall import __version__
from seawall.cli.arguments import Parser
from seawall.cli.installed import distributions, program
from seawall.cli.output import write_text
from seawall.core.errors import SeawallError

SCHEMA_VERSION = 1
BROKEN = 3
"""The exit code when something that every scan needs is missing or broken."""

_KUSTOMIZE = "build it and scan the result: kustomize build . | seawall scan -"
_CHART = "then: seawall scan --render, or: helm template . | seawall scan -"


class Gap(NamedTuple):
    """Something that is missing: what is not covered or slow without it, and what to do."""

    what: str
    consequence: str
    remedy: str
    needed: bool
    """Whether no scan is possible, or none as the person wants it, before it is mended."""


Facts = dict[str, Any]


def parser() -> Parser:
    """The options of ``seawall self-check``."""
    result = Parser(
        prog="seawall self-check",
        description="Say what is installed, what is missing, and what is not covered without it. "
        "Needs no network.",
        epilog=f"exit codes: 0, or {BROKEN} when something that a scan needs is missing or broken",
    )
    result.add_argument("--format", choices=("table", "json"), default="table")
    return result


def run(arguments: list[str]) -> int:
    """Look and tell; gives the exit code."""
    options = parser().parse_args(arguments)
    gaps: list[Gap] = []
    facts = {
        "schema_version": SCHEMA_VERSION,
        "program": _program(),
        "dependencies": _dependencies(gaps),
        "tools": _tools(gaps),
        "rules": _rules(gaps),
        "advisories": _advisories(gaps),
        "cache": _cache(gaps),
        "configuration": _configuration(gaps),
        "gaps": [gap._asdict() for gap in gaps],
    }
    write_text(_json(facts) if options.format == "json" else _table(facts, gaps), None)
    return BROKEN if any(gap.needed for gap in gaps) else 0


# What there is --------------------------------------------------------------------------------


def _program() -> Facts:
    import platform  # noqa: PLC0415 - only here

    return {
        "version": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "interpreter": sys.executable,
        "platform": platform.platform(),
        "location": os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
    }


def _dependencies(gaps: list[Gap]) -> list[Facts]:
    from importlib.metadata import PackageNotFoundError, requires  # noqa: PLC0415 - only here

    try:
        requirements = requires("seawall") or []
    except PackageNotFoundError:
        gaps.append(
            Gap(
                "seawall itself", "runs from a directory that was not installed, so nobody can "
                "tell what it needs", "install it: pip install PATH-OR-URL", needed=False,
            )
        )  # fmt: skip
        return []
    rows = []
    for item in distributions(requirements):
        rows.append({**item._asdict(), "problem": item.problem})
        if item.problem and item.extra:
            gaps.append(
                Gap(
                    f"extra {item.extra}", f"{item.name} {item.problem}: what the extra is for is "
                    "not covered", f"pip install 'seawall[{item.extra}]'", needed=False,
                )
            )  # fmt: skip
        elif item.problem:
            gaps.append(
                Gap(
                    item.name, f"it {item.problem}: seawall cannot work",
                    f"pip install '{item.name}{item.needs}'", needed=True,
                )
            )  # fmt: skip
    if not _has_libyaml():
        gaps.append(
            Gap(
                "libyaml", "this PyYAML was built without it: YAML is read some fifty times slower",
                "install a PyYAML wheel: pip install --force-reinstall --only-binary :all: PyYAML",
                needed=False,
            )
        )  # fmt: skip
    return rows


def _has_libyaml() -> bool:
    try:
        from yaml import _yaml  # noqa: F401, PLC0415 - the compiled part
    except ImportError:
        return False
    return True


class _Tool(NamedTuple):
    version: tuple[str, ...]
    use: str
    consequence: str
    remedy: str
    instead: tuple[str, ...] = ()
    """Programs that do as well."""


_TOOLS: Mapping[str, _Tool] = {
    "git": _Tool(
        ("--version",), "--since, and --watch with it",
        "what a change brought cannot be told: --since does not work", "install git 2.20 or newer",
    ),
    "helm": _Tool(
        ("version", "--short"), "rendering charts, with --render",
        "Helm charts are not covered", f"install helm 3.10 or newer; {_CHART}",
    ),
    "kustomize": _Tool(
        ("version",), "building kustomizations, which this version leaves to you",
        "kustomizations are not covered", f"install kustomize or kubectl; {_KUSTOMIZE}",
        ("kubectl",),
    ),
    "kubectl": _Tool(
        ("version", "--client"), "kubectl kustomize, and scanning what runs in a cluster",
        "what runs in a cluster is not covered",
        "install kubectl; then: kubectl get all -A -o yaml | seawall scan -",
    ),
    "bwrap": _Tool(
        ("--version",), "running hardened images in a sandbox: --verify and --observe",
        "images run by runc or the kernel alone, or not at all, which --verify says",
        "install bubblewrap", ("runc",),
    ),
    "runc": _Tool(
        ("--version",), "the same, where bubblewrap may not run",
        "images run by bubblewrap or the kernel alone, or not at all, which --verify says",
        "install runc", ("bwrap",),
    ),
    "gpgv": _Tool(
        ("--version",), "signatures of Debian's and Ubuntu's archives, with harden image --patch",
        "packages of Debian and Ubuntu are not taken from archives", "install gpgv",
    ),
}  # fmt: skip
"""Programs that seawall calls or that its users put before it."""


def _tools(gaps: list[Gap]) -> list[Facts]:
    found = {name: program(name, tool.version, os.environ) for name, tool in _TOOLS.items()}
    for name, tool in _TOOLS.items():
        if not any(found[other].path for other in (name, *tool.instead)):
            gaps.append(Gap(name, tool.consequence, tool.remedy, needed=False))
    return [{**item._asdict(), "use": _TOOLS[name].use} for name, item in found.items()]


def _rules(gaps: list[Gap]) -> Facts:
    try:
        from seawall import catalogue  # noqa: PLC0415 - may be what is broken
        from seawall.core.rule import RULESETS  # noqa: PLC0415
        from seawall.engine import NEWEST_KUBERNETES  # noqa: PLC0415

        count = len(catalogue.all_rules())
    except (ImportError, OSError, SyntaxError) as error:
        gaps.append(
            Gap("the rules", f"they cannot be loaded: {error}", "install seawall anew", needed=True)
        )
        return {"set": "", "count": 0, "kubernetes": ""}
    return {"set": RULESETS[-1], "count": count, "kubernetes": NEWEST_KUBERNETES}


def _advisories(gaps: list[Gap]) -> Facts:
    """The database in force; its sources, one by one, shows ``seawall db status``."""
    try:
        from seawall.advisories import database  # noqa: PLC0415 - sqlite3
        from seawall.advisories.store import Store  # noqa: PLC0415

        located = database.locate(None, os.environ)
        with Store.open(located.path) as store:
            whole = [source for source in store.sources() if source.whole]
            return {
                "path": located.path, "origin": located.origin,
                "until": max((source.until[:10] for source in whole), default=""),
                "records": sum(source.records for source in store.sources()), "problem": "",
            }  # fmt: skip
    except (SeawallError, ImportError) as error:
        gaps.append(
            Gap(
                "the advisories", f"{error}: vulnerabilities of packages are not covered",
                "run seawall db update, or install seawall anew", needed=False,
            )
        )  # fmt: skip
        return {"path": "", "origin": "", "until": "", "records": 0, "problem": str(error)}


def _cache(gaps: list[Gap]) -> Facts:
    from seawall import cache  # noqa: PLC0415 - sqlite3

    directory = cache.directory(os.environ)
    state = cache.state(directory)
    if state.problem:
        gaps.append(
            Gap(
                "the cache", f"{state.problem}: each scan does all of its work again",
                f"make the directory writable for you alone, or name another with "
                f"{cache.ENVIRONMENT}; what is damaged is built anew by the next scan",
                needed=False,
            )
        )  # fmt: skip
    return {
        "directory": directory, "bytes": state.size, "limit": cache.DEFAULT_LIMIT,
        "entries": state.entries, "problem": state.problem,
    }  # fmt: skip


def _configuration(gaps: list[Gap]) -> Facts:
    from seawall.configuration.files import locate  # noqa: PLC0415 - may be what is broken

    path = ""
    try:
        file = locate((os.curdir,))
        path = file.path if file else ""
        from seawall import configuration  # noqa: PLC0415

        configuration.load(None, (os.curdir,))
    except SeawallError as error:
        gaps.append(
            Gap("the configuration", str(error), "mend it: each scan here ends so", needed=True)
        )
        return {"path": path, "problem": str(error)}
    except ImportError as error:
        return {"path": path, "problem": str(error)}
    return {"path": path, "problem": ""}


# How it is told -------------------------------------------------------------------------------


def _json(facts: Facts) -> Iterator[str]:
    import json  # noqa: PLC0415 - only for this format

    yield json.dumps(facts, indent=2) + "\n"


def _table(facts: Facts, gaps: list[Gap]) -> Iterator[str]:
    yield "\n".join((*_lines(facts), "", *_told(gaps))) + "\n"


def _lines(facts: Facts) -> Iterator[str]:
    own, rules, cache = facts["program"], facts["rules"], facts["cache"]
    yield f"seawall        {own['version']}, in {own['location']}"
    yield f"Python         {own['python']}, {own['interpreter']}"
    yield f"platform       {own['platform']}"
    yield f"rules          {rules['count']} of rule set {rules['set']}"
    yield f"data           schema of Kubernetes {rules['kubernetes']}"
    known = facts["advisories"]
    told = f"{known['records']} records until {known['until']}, {known['origin']}"
    yield f"advisories     {known['problem'] or told}"
    for item in facts["dependencies"]:
        extra = f", extra {item['extra']}" if item["extra"] else ""
        state = item["problem"] or item["version"]
        yield f"dependency     {item['name']} {state} (needs {item['needs'] or 'any'}{extra})"
    for item in facts["tools"]:
        state = item["version"] or ("of unknown version" if item["path"] else "is not installed")
        where = f", {item['path']}" if item["path"] else ""
        yield f"tool           {item['name']} {state}{where}: for {item['use']}"
    size = (
        f"{cache['bytes'] / 1048576:.1f} of {cache['limit'] >> 20} MiB, {cache['entries']} entries"
    )
    yield f"cache          {cache['directory'] or 'none'}: {cache['problem'] or size}"
    config = facts["configuration"]
    yield f"configuration  {config['problem'] or config['path'] or 'none; the defaults hold'}"


def _told(gaps: list[Gap]) -> Iterator[str]:
    if not gaps:
        yield "Everything is there."
        return
    yield "Missing:"
    for gap in gaps:
        yield f"  {gap.what}: {gap.consequence}{' (needed)' if gap.needed else ''}"
        yield f"    remedy: {gap.remedy}"
