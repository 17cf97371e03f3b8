"""How Kubernetes is told of a seccomp profile.

Source: Kubernetes documentation, "Restrict a Container's Syscalls with seccomp"; kubelet's
``--root-dir``. A pod says ``type: Localhost``, and the file must be on the node that runs it.
"""

import json
import re

DIRECTORY = "/var/lib/kubelet/seccomp"
"""Where the kubelet looks, unless its ``--root-dir`` is another."""
_FOLDER = "seawall"
_NOT_OF_NAMES = r"[^a-z0-9]+"
_LONGEST = 50
"""A name is a DNS label, of 63 characters at most; what is made of it needs some."""


def name_for(place: str) -> str:
    """A name that Kubernetes takes, of an image or a file: ``app-1-2`` of ``shop/app:1.2``."""
    last = place.rstrip("/").rpartition("/")[2].partition("@")[0].lower()
    name = re.sub(_NOT_OF_NAMES, "-", last).strip("-")[:_LONGEST].strip("-")
    return name or "image"


def manifest(name: str, image: str, user: tuple[int, int] | None) -> str:
    """A pod whose container runs with the profile, and where the profile goes.

    Args:
        name: that of the profile, the pod and the container.
        image: what it runs.
        user: user and group that the image is set to; ``None`` where that is not a number.
    """
    profile = f"{_FOLDER}/{name}.json"
    lines = [
        f"# The profile must be on each node that may run this, as {DIRECTORY}/{profile}",
        "# (below the kubelet's --root-dir): in the image of the nodes, or put there by a",
        "# DaemonSet. Where it is missing the container is not created. With",
        "# allowPrivilegeEscalation: false the runtime loads it last, so that it counts for the",
        "# program alone. Take over securityContext for your own container.",
        "apiVersion: v1",
        "kind: Pod",
        "metadata:",
        f"  name: {name}",
        "spec:",
        "  containers:",
        f"    - name: {name}",
        f"      image: {json.dumps(image)}",
        "      securityContext:",
        "        seccompProfile:",
        "          type: Localhost",
        f"          localhostProfile: {profile}",
        "        allowPrivilegeEscalation: false",
        "        capabilities:",
        "          drop: [ALL]",
        "        readOnlyRootFilesystem: true",
        "        runAsNonRoot: true",
    ]
    if user is not None:
        lines += [f"        runAsUser: {user[0]}", f"        runAsGroup: {user[1]}"]
    return "\n".join(lines) + "\n"
