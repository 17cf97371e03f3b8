"""With what the agent of this host joins the controller, at each of its starts."""

from seawall.mesh.control.operating import insist
from seawall.mesh.control.process import JOIN, MAIN
from seawall.mesh.hosting.invitation import Invitation
from seawall.mesh.hosting.later import Later
from seawall.mesh.hosting.layout import Layout
from seawall.mesh.hosting.state import Part
from seawall.mesh.plan.hosts import Host


class Joining:
    """Tokens, and the way to the controller."""

    def __init__(self, layout: Layout, part: Part, leader: Host | None, *, is_here: bool) -> None:
        self._layout = layout
        self._part = part
        self._leader = leader
        """The host of the controller; ``None`` where there is one host only."""
        self._is_here = is_here
        self._token = Later(self._token_now)

    def invitation(self, ended: int | None) -> Invitation:
        """On the controller's host a token where it is needed; elsewhere what was carried here.

        ``ended`` is how the agent has ended before (``Recipe.stdin``). One that was killed comes
        back with the key that it has left: the controller is not asked, which may be away, too, or
        hang. One that has ended by itself could not. Raises :class:`HostError` until there is one.
        """
        nothing = Invitation(self._part.host, "", "")
        if not self._is_here:
            return self._part.invitation or nothing
        if ended is None:
            return self._token_now()
        return nothing if ended < 0 else self._token.take()

    def way(self) -> tuple[str, str]:
        """The addresses of the controller's two doors."""
        if self._is_here or self._leader is None:
            doors = f"unix:{self._layout.doors}"
            return f"{doors}/{JOIN}", f"{doors}/{MAIN}"
        return self._leader.door(self._leader.join), self._leader.door(self._leader.main)

    def _token_now(self) -> Invitation:
        given = insist(self._layout.operator, "Token", host=self._part.host)
        return Invitation(self._part.host, given["token"], given["bundle"])
