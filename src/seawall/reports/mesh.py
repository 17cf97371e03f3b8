"""How a mesh stands, for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from seawall.mesh.plan.changes import ADDED, CHANGED, REMOVED, Change
from seawall.mesh.watching.counts import PLAINTEXT, sum_of

Plain = Mapping[str, Any]


def status_table(status: Plain) -> str:
    """Workloads with their identities, then issuers, then what is under way."""
    now = status["now"]
    rows = [("WORKLOAD", "IDENTITY", "CERTIFICATE", "PROXY", "GENERATION", "DROPPED")]
    for name, own in sorted(status["workloads"].items()):
        dropped = status.get("dropped", {}).get(name)
        count = "-" if dropped is None else str(sum(dropped.values()))
        rows.append((name, own["id"], *_standing(own["standing"], now), count))
    head = f"trust domain {status['trust_domain']}, generation {status['generation']}"
    lines = [head, "", *lines_of(rows), "", issuers_table(status).rstrip("\n")]
    for name, own in sorted(status["workloads"].items()):
        lines += [
            f"refused by {name}: {text}" for text in (own["standing"] or {}).get("refusals", ())
        ]
    if status["waits_for"]:
        lines.append(f"waits for {', '.join(status['waits_for'])}")
    push = status.get("push")
    if push and not push["fault"]:
        by = ", ".join(push["tries"]) or "nobody yet"
        lines.append(f"what is declared now is tried by {by}, and goes to the others after that")
    lines += [f"revoked: {name}" for name in status["revoked"]]
    lines += [*_lenient(status), *_ended(status)]
    lines += [f"warning: {text}" for text in status.get("warnings", ())]
    return "\n".join([*lines, ""])


def changes_text(changes: Sequence[Change]) -> str:
    """What another description changes, a line for each."""
    if not changes:
        return "nothing changes\n"
    signs = {ADDED: "+", REMOVED: "-", CHANGED: "~"}
    lines = []
    for own in changes:
        what = f": {', '.join(own.what).replace('_', ' ')}" if own.what else ""
        lines.append(f"{signs[own.how]} {own.kind} {own.name}{what}\n")
    return "".join(lines)


def agent_table(told: Plain) -> str:
    """How the agent of a host stands whose controller is on another one."""
    now = told["at"]
    rows = [("WORKLOAD", "CERTIFICATE", "PROXY", "GENERATION", "DROPPED")]
    for name, own in sorted(told["workloads"].items()):
        dropped = told.get("dropped", {}).get(name)
        count = "-" if dropped is None else str(sum(dropped.values()))
        rows.append((name, *_standing(own["standing"], now), count))
    head = f"host {told['host']}, its agent's own certificate: {_left(told['ends'] - now)}"
    lines = [head, "", *lines_of(rows)]
    if told["fault"]:
        lines.append(f"away from the controller: {told['fault']}")
    lines += [
        f"refused to {name}: {own['refused']}"
        for name, own in sorted(told["workloads"].items())
        if own["refused"]
    ]
    lines += _ended(told)
    return "\n".join([*lines, ""])


def _lenient(status: Plain) -> list[str]:
    """Who takes plaintext, how much came, and who is no part of the mesh at all."""
    lines = []
    for name, own in sorted(status["workloads"].items()):
        until = own.get("plaintext_until", 0)
        counts = (own["standing"] or {}).get("counts", {})
        came = sum_of(counts, PLAINTEXT)
        if until > status["now"]:
            lines.append(f"permissive: {name} takes plaintext for {until - status['now']} s more; "
                         f"{came} connections came so")  # fmt: skip
        elif until:
            lines.append(f"permissive: {name} has taken no plaintext for {status['now'] - until} s")
    lines += [f"off: {name}: {reason}" for name, reason in sorted(status.get("off", {}).items())]
    return lines


def _ended(status: Plain) -> list[str]:
    """Whose programs have ended of themselves, and how."""
    lines = []
    for name, own in sorted(status.get("ended", {}).items()):
        code = own["code"]
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        now = f"runs again, start {own['starts']}" if own["runs"] else "does not run"
        lines.append(f"program of {name} ended ({how}) and {now}: see {own['log']}")
    return lines


def issuers_table(status: Plain) -> str:
    """The certificates that sign others, or are still trusted."""
    rows = [("ISSUER", "STATE", "ENDS IN")]
    for slot in status["issuers"]:
        state = f"{slot['state']}, tainted" if slot["tainted"] else slot["state"]
        left = _left(slot["ends"] - status["now"]) if slot["ends"] else "-"
        rows.append((f"{slot['kind']} {slot['number']}", state, left))
    return "\n".join([*lines_of(rows), ""])


def _standing(own: Plain | None, now: int) -> tuple[str, str, str]:
    if own is None:
        return "none", "not reported", "-"
    left = _left(own["ends"] - now) if own["ends"] else "none"
    proxy = "connected" if own["is_connected"] else "gone"
    return left, proxy, str(own["generation"]) if own["generation"] >= 0 else "-"


def _left(seconds: int) -> str:
    """Seconds, always: a number of days would hide that a certificate is about to end."""
    return f"{seconds} s" if seconds >= 0 else f"ended {-seconds} s ago"


def lines_of(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table: columns as wide as their widest text."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
