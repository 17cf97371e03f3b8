"""What a policy comes to: whether somebody may reach a port, told before anything runs.

The filters that Envoy would get are made and read as Envoy reads them, so that what is told and
what is done come from one compiler. The tests hold both against an evaluator that knows rules only.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from seawall.core.lazy import pattern
from seawall.mesh.identity.spiffe_id import SpiffeId
from seawall.mesh.plan.model import Port, Protocol, Rule
from seawall.mesh.proxies.access import configurations_of
from seawall.mesh.proxies.names import Json

if TYPE_CHECKING:
    import re


class Request(NamedTuple):
    """Somebody who wants something; method and path are empty where the port is not HTTP."""

    caller: SpiffeId
    method: str = ""
    path: str = ""


class Decision(NamedTuple):
    """Whether it is let in, and which rule says so."""

    is_allowed: bool
    because: str
    """The name of a rule, or words."""


NOBODY = "no rule allows it"
NO_PATH = "the path is refused before any rule"
_AUTHORITY = pattern(r"^(?i:https?)://[^/?#@]+")
_REFUSED = pattern(r"%(?:2[fF]|5[cC])")
_NUL = "%00"
_NO_TEXT = pattern(r"[^!-~]|#")
_DOTS = pattern(r"(?:\.|%2[eE]){1,2}\Z")
_DOTS_WITH_PARAMETERS = pattern(r"(\.{1,2});")
_ESCAPED = pattern(r"%([0-9a-fA-F]{2})")
_TO_ESCAPE = pattern(r'["<>^`{|}]')
_SLASHES = pattern(r"//+")


def decide(rules: Sequence[Rule], port: Port, request: Request) -> Decision:
    """What the proxy of a workload does; ``rules`` are those about it."""
    if port.protocol is Protocol.HTTP:
        path = normalized(request.path)
        if not path:
            return Decision(is_allowed=False, because=NO_PATH)
        request = request._replace(path=path)
    for filter_ in configurations_of(rules, port):
        configured = filter_["typed_config"]["rules"]
        matching = [
            name for name, policy in configured["policies"].items() if _matches(policy, request)
        ]
        if configured["action"] == "DENY" and matching:
            return Decision(is_allowed=False, because=matching[0])
        if configured["action"] == "ALLOW":
            return Decision(bool(matching), matching[0] if matching else NOBODY)
    return Decision(is_allowed=False, because=NOBODY)


def normalized(path: str) -> str:
    """A path as rules see it: without query, dotted segments and doubled slashes.

    So the proxy hands them on, too: letters are not escaped, and backslashes are slashes. Empty
    where the proxy refuses it: it has an escaped slash, a fragment, or what no path has.
    """
    path = _AUTHORITY.sub("", path) or "/"
    before = path.partition("?")[0]
    if not path.startswith("/") or _REFUSED.search(before) or _NO_TEXT.search(path):
        return ""
    kept: list[str] = []
    segments = list(_segments(before))
    for number, segment in enumerate(segments):
        dots = _DOTS.match(segment)
        if _NUL in segment:
            return ""
        if dots is None:
            kept.append(_ESCAPED.sub(_unescaped, _TO_ESCAPE.sub(_escaped, segment)))
            continue
        if kept and dots[0].lower().replace("%2e", ".") == "..":
            kept.pop()
        if number == len(segments) - 1:
            kept.append("")
    plain = "/" + "/".join(kept)
    return _SLASHES.sub("/" if plain.strip("/") else "//", plain)


def _segments(path: str) -> Iterator[str]:
    """The segments of a path; dots with parameters are dots, but not behind a backslash."""
    for segment in path.split("/")[1:]:
        found = _DOTS_WITH_PARAMETERS.match(segment)
        if found:
            yield found[1]
        else:
            yield from segment.split("\\")


def _unescaped(found: "re.Match[str]") -> str:
    letter = chr(int(found[1], 16))
    return letter if letter.isascii() and (letter.isalnum() or letter in "-._~") else found[0]


def _escaped(found: "re.Match[str]") -> str:
    return f"%{ord(found[0]):02X}"


def _matches(policy: Json, request: Request) -> bool:
    """Any of the permissions and any of the principals (Envoy's RBAC: Policy)."""
    return any(_permits(own, request) for own in policy["permissions"]) and any(
        _is_meant(own, request.caller) for own in policy["principals"]
    )


def _permits(permission: Json, request: Request) -> bool:
    if "and_rules" in permission:
        return all(_permits(own, request) for own in permission["and_rules"]["rules"])
    if "or_rules" in permission:
        return any(_permits(own, request) for own in permission["or_rules"]["rules"])
    if "header" in permission:
        return bool(permission["header"]["string_match"]["exact"] == request.method)
    if "url_path" in permission:
        return _text_matches(permission["url_path"]["path"], request.path)
    return bool(permission["any"])


def _is_meant(principal: Json, caller: SpiffeId) -> bool:
    if "or_ids" in principal:
        return any(_is_meant(own, caller) for own in principal["or_ids"]["ids"])
    if "authenticated" in principal:
        return _text_matches(principal["authenticated"]["principal_name"], str(caller))
    return bool(principal["any"])


def _text_matches(matcher: Json, text: str) -> bool:
    if "safe_regex" in matcher:
        return pattern(matcher["safe_regex"]["regex"]).fullmatch(text) is not None
    return text.startswith(matcher["prefix"]) if "prefix" in matcher else text == matcher["exact"]


def about_requests(rules: Sequence[Rule], port: Port) -> bool:
    """Whether the answer for a port hangs on the request, and not on the caller alone."""
    return port.protocol is Protocol.HTTP and any(
        rule.asks_for_http and (not rule.ports or port.number in rule.ports) for rule in rules
    )
