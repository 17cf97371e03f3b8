"""Fixes of what lets requests in from outside."""

import re

from seawall.core.edit import Safety
from seawall.core.lazy import pattern
from seawall.core.rule import Hit
from seawall.kubernetes.fix import Repairs, mends, remove_at, repair
from seawall.kubernetes.objects import KubernetesObject
from seawall.kubernetes.rule import Context
from seawall.text.values import text

_HEADERS = frozenset(("add_header", "more_clear_headers", "more_set_headers"))
"""Directives that change headers of responses, and nothing of who gets one."""
_DIRECTIVE = pattern(r"""\s*(?:#[^\n]*\n\s*)*([a-z_]+)((?:[^;"'{}]|"[^"]*"|'[^']*')*);""")


@mends("ingress-nginx-snippet")
def remove_snippet(object_: KubernetesObject, hit: Hit, context: Context) -> Repairs:
    """Only what sets headers: another snippet may be what keeps people out."""
    snippet = text(object_.value, *hit.at)
    place, names = 0, []
    while (found := _DIRECTIVE.match(snippet, place)) is not None:
        names.append(found[1])
        place = found.end()
    rest = re.sub(r"#[^\n]*", "", snippet[place:]).strip()
    if names and not rest and _HEADERS.issuperset(names):
        yield repair(
            object_,
            f"Take out the snippet, which sets headers ({', '.join(dict.fromkeys(names))})",
            remove_at(object_, hit),
            safety=Safety.UNSAFE,
            effect="responses come without what it set; see the annotations for CORS, and the "
            "custom headers of the controller's ConfigMap",
        )
