"""What root asks of the supervisor of a mesh that is up."""

import json
from typing import TYPE_CHECKING, Any

from seawall.core.errors import SeawallError
from seawall.mesh.hosting import applying

if TYPE_CHECKING:
    from seawall.mesh.hosting.supervisor import Supervisor


def answer(site: "Supervisor", line: bytes) -> dict[str, Any]:
    """What comes of a request.

    ``{"what": "replace", "envoy": PATH, "within": SECONDS}``, ``{"what": "apply", "file": PATH,
    "dry": IS_DRY}``, or ``stop`` and ``start`` with ``"workload": NAME``.
    """
    try:
        return _answer(site, json.loads(line))
    except SeawallError as error:
        return {"refused": str(error)}
    except OSError as error:
        return {"refused": f"{error.filename}: {error.strerror}; see that root may do that"}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return {"refused": f"no request ({error}): update seawall on this host"}


def _answer(site: "Supervisor", asked: dict[str, Any]) -> dict[str, Any]:
    what = asked["what"]
    if what == "replace":
        done = site.replace(str(asked["envoy"]), float(asked["within"]))
        return {"replaced": [own._asdict() for own in done]}
    if what == "apply":
        return applying.apply(site, str(asked["file"]), is_dry=bool(asked["dry"]))
    name = asked["workload"]
    own = next((own for own in site.state.meshed if own.member.name == name), None)
    if own is None:
        return {"refused": f"there is no workload {name!r} here: name one"}
    if what == "stop":
        return {"left": site.stop(own)}
    site.start_again(own)
    return {"left": 0}
