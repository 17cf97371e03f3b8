"""Who signs the intermediate of a mesh: ``certificates.issuer`` of its description.

::

    issuer: offline
    issuer: {type: files, directory: /var/lib/issuer}
    issuer: {type: http, url: "https://issuer.example.org/sign", caFile: ca.pem, tokenFile: token}
    issuer: {type: cert-manager, namespace: mesh, name: company, kind: ClusterIssuer}
"""

import os
from collections.abc import Mapping

from seawall.mesh.plan.document import Node

_KEYS = {
    "offline": ((), ()),
    "files": (("directory",), ()),
    "http": (("url",), ("caFile", "tokenFile")),
    "cert-manager": (("namespace", "name"), ("kind", "group", "url", "caFile", "tokenFile")),
}
"""By kind, what must be said and what may be."""
_PATHS = {"directory": "directory", "caFile": "ca_file", "tokenFile": "token_file"}
"""What is a path, by the name of the setting."""


def issuer_in(root: Node, base: str) -> Mapping[str, str]:
    """The settings of the issuer, by name; empty where the mesh has a root of its own.

    Paths are relative to ``base``.
    """
    if "certificates" not in root or "issuer" not in root.of("certificates"):
        return {}
    node = root.of("certificates").of("issuer")
    if node.is_text:
        return {"type": node.choice("offline")}
    kind = node.of("type").choice(*_KEYS)
    needed, possible = _KEYS[kind]
    node.only("type", *needed, *possible)
    settings = {"type": kind}
    for key in needed:
        node.of(key)
    for key, own in node.items():
        text = own.text()
        if key in _PATHS:
            settings[_PATHS[key]] = os.path.normpath(os.path.join(base, text))
        else:
            settings[key] = text
        if key == "url" and not text.startswith(("https://", "http://")):
            own.fail(f"{text!r} is no URL: begin with https://")
    return settings
