"""What a host lacks to have a mesh, found before anything is made."""

import os
import shutil

from seawall.mesh.hosting.errors import HostError

PROGRAMS = {"ip": "iproute2", "nft": "nftables", "setpriv": "util-linux", "unshare": "util-linux"}
"""By program, the package that brings it."""
IPV6 = "/proc/net/if_inet6"
"""It is there where the kernel has IPv6 (proc_net(5))."""
_ELSEWHERE = "/usr/sbin:/sbin:/usr/bin:/bin"
"""Where those programs are, though not everybody's PATH leads there."""


def check() -> None:
    """Refuse a host that lacks something; raises :class:`HostError` that names all of it."""
    missing = [
        f"{name} (package {package})"
        for name, package in PROGRAMS.items()
        if shutil.which(name) is None and shutil.which(name, path=_ELSEWHERE) is None
    ]
    if missing:
        raise HostError(f"not installed here: {', '.join(missing)}; install them")
    if not os.path.exists(IPV6):
        raise HostError(
            "this kernel has no IPv6, and the rules and proxies of a mesh need both families: "
            "boot without ipv6.disable=1, or load the module ipv6"
        )
