"""Paths that programs read in another way than rules do: refused where a rule asks about paths.

What is left of a path when the proxy has made it plain, and still may mean another one:

- a segment of dots with parameters, ``/orders/..;/admin``: servlet containers drop what stands
  behind the semicolon and then go up (the proxy does so for plain dots, not for escaped ones);
- two slashes, where the whole path is nothing else;
- where a rule denies paths, any parameter: ``/admin;x/1`` is no ``/admin/*``, and is one for them.
"""

from collections.abc import Sequence

from seawall.mesh.plan.model import Port, Protocol, Rule
from seawall.mesh.proxies.names import Json

NAME = "a path that may mean another one"
_DOTS = r".*/\.{1,2}(?:;|%3[bB]).*"
_SLASHES = r".*//.*"
_PARAMETERS = r".*(?:;|%3[bB]).*"


def refusals(rules: Sequence[Rule], port: Port) -> dict[str, Json]:
    """What is denied on a port besides what its rules deny, by a name that no rule has."""
    asking = [rule for rule in rules if rule.paths]
    if port.protocol is not Protocol.HTTP or not asking:
        return {}
    odd = [_DOTS, _SLASHES]
    if any(not rule.allows for rule in asking):
        odd.append(_PARAMETERS)
    permissions = [{"url_path": {"path": {"safe_regex": {"regex": own}}}} for own in odd]
    return {NAME: {"permissions": permissions, "principals": [{"any": True}]}}
