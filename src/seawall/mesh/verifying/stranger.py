"""A stranger on the network of the mesh: a namespace with a cable to the bridge, and no proxy."""

import contextlib
from types import TracebackType
from typing import Self

from seawall.mesh.hosting import network
from seawall.mesh.hosting.commands import batch, run, tried

_CABLE = "verify0"
_LAST_4, _LAST_6 = -2, 0xFFFF
"""Places in the ranges that no workload gets: those begin at the front."""


class Stranger:
    """There as long as the ``with`` block lasts; ``mesh down`` removes one that was left."""

    def __init__(self, mesh: str) -> None:
        self.namespace = f"{network.prefix_of(mesh)}.verify"
        self.addresses = (str(network.RANGE_4[_LAST_4]), str(network.RANGE_6[_LAST_6]))
        self._switch = network.switch_of(mesh)

    def __enter__(self) -> Self:
        self._remove()  # of a run that was killed
        cable = f"link add {_CABLE} netns {self._switch} type veth peer name {network.PORT}"
        batch([f"netns add {self.namespace}", f"{cable} netns {self.namespace}"])
        run("ip", "-netns", self._switch, "-batch", "-", stdin="\n".join((
            f"link set {_CABLE} master {network.BRIDGE}", f"link set {_CABLE} up", "",
        )))  # fmt: skip
        ipv4, ipv6 = self.addresses
        run("ip", "-netns", self.namespace, "-batch", "-", stdin="\n".join((
            "link set lo up",
            f"addr add {ipv4}/{network.RANGE_4.prefixlen} dev {network.PORT}",
            f"addr add {ipv6}/{network.RANGE_6.prefixlen} dev {network.PORT} nodad",
            f"link set {network.PORT} up", "",
        )))  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._remove()

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            tried("ip", "netns", "delete", self.namespace)
            tried("ip", "-netns", self._switch, "link", "delete", _CABLE)
